import { createHash } from 'node:crypto';

/** A place in a trace, as W3C Trace Context has it: 32 and 16 hexadecimal digits in lower case. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether who began the trace wants it recorded. */
  readonly isSampled: boolean;
}

const traceparent =
  /^(?!ff)[\da-f]{2}-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<more>-.*)?$/;

/** Reads a `traceparent`; null for none, and for one that is not valid, which is to be treated as none. */
export function readTraceparent(text: string | undefined | null): TraceContext | null {
  const found = text == null ? undefined : traceparent.exec(text.trim())?.groups;
  const { traceId = '', spanId = '', flags = '', more } = found ?? {};
  if (found === undefined || isZero(traceId) || isZero(spanId)) return null;
  // Only later versions may have more fields.
  if (more !== undefined && text?.trim().startsWith('00') === true) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A place as a `traceparent`. */
export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The trace of what nobody outside began a trace for: its own id, a UUID, has just as many digits. */
export function traceIdOf(id: string): string {
  return id.replaceAll('-', '');
}

/**
 * The id of a span that more than one process may have to name: it follows from what the span is about, so who goes on after a
 * crash names the same parent.
 */
export function derivedSpanId(...about: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(about.join('\0')).digest('hex').slice(0, 16);
  return isZero(digest) ? '0000000000000001' : digest;
}

function isZero(digits: string): boolean {
  return /^0*$/.test(digits);
}
