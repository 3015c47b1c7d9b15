import type { TraceContext } from './trace-context.ts';

/** What a span says of what it is about; times are told by the span itself. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Something that has come to its end. Times are epoch milliseconds. */
export interface FinishedSpan {
  readonly name: string;
  /** `server`: a request that came in. `client`: a call that went out. `internal`: everything else. */
  readonly kind: 'server' | 'client' | 'internal';
  /** The span itself. Only what is sampled is given to `record`. */
  readonly context: TraceContext;
  /** Of the same trace; null for the first span of a trace. */
  readonly parent: TraceContext | null;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: SpanAttributes;
  /** Why it failed; null for what did not. `message` may hold what users or models said, and is there only where that is asked for. */
  readonly failure: { readonly type: string; readonly message: string | null } | null;
}

/** What became of the spans since the start. */
export interface TracingStatistics {
  readonly exported: number;
  /** Not sent: there were too many, or the collector did not take them. */
  readonly dropped: number;
  readonly waiting: number;
}

/**
 * The port through which spans leave. A span is given once, when it has ended: what runs for days is held by nobody, and what a
 * crash cuts off is told by who goes on. `record` never throws and never waits.
 */
export interface Tracing extends AsyncDisposable {
  /** False: spans go nowhere, and nobody should make any. */
  readonly isOn: boolean;
  /** Whether spans may hold what users and models say. */
  readonly takesContent: boolean;
  record(span: FinishedSpan): void;
  /** Where the caller stands, if its program traces itself with OpenTelemetry. */
  current(): TraceContext | null;
  /** Calls it as a part of a span, so that what the caller's program traces in it comes below that. */
  within<T>(context: TraceContext, call: () => T): T;
  statistics(): TracingStatistics;
}

/** Nothing is traced. */
export const noTracing: Tracing = {
  isOn: false,
  takesContent: false,
  record: () => {},
  current: () => null,
  within: (_context, call) => call(),
  statistics: () => ({ exported: 0, dropped: 0, waiting: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
