import { hash } from 'node:crypto';
import { SquadraError } from './errors.ts';
import type { ErrorCode } from './errors.ts';

/** A value as JSON knows it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How large an encoded value may be, and what it is called in an error. */
export interface JsonLimits {
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
  /** What is being encoded, for the message: `the result of step 'plan'`. */
  readonly what: string;
  /** The code when it is too large: `RESULT_TOO_LARGE` unless it came from outside. */
  readonly refusal?: 'RESULT_TOO_LARGE' | 'PAYLOAD_TOO_LARGE';
}

/**
 * The value as JSON text; `undefined` becomes `null`.
 *
 * Values that JSON would drop or empty without a word (functions, symbols, Map, Set) are refused, because the code
 * after a replay would see something else than the code before it.
 *
 * @throws SquadraError `NOT_SERIALIZABLE`, or `RESULT_TOO_LARGE` or the `refusal` given (`details: { bytes, maxBytes }`).
 */
export function encodeJson(value: unknown, limits: JsonLimits): string {
  if (value === undefined) return 'null';
  const text = stringify(value, limits.what);
  // A UTF-16 unit is at most three bytes of UTF-8: most values are known to fit without counting.
  if (text.length * 3 > limits.maxBytes) {
    const bytes = Buffer.byteLength(text);
    if (bytes > limits.maxBytes) {
      throw new SquadraError(
        limits.refusal ?? 'RESULT_TOO_LARGE',
        `${limits.what} takes ${bytes} bytes and at most ${limits.maxBytes} are allowed; keep the content in a file and return its name, or raise the limit.`,
        { details: { bytes, maxBytes: limits.maxBytes } },
      );
    }
  }
  // After JSON.stringify, which has proved that there is no cycle.
  if (typeof value === 'object') refuseLoss(value, limits.what, '');
  return text;
}

function stringify(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error);
    throw notSerializable(what, `cannot be stored as JSON (${why})`, error);
  }
  if (text === undefined) throw notSerializable(what, `is a ${typeof value}`);
  return text;
}

function refuseLoss(value: unknown, what: string, path: string): void {
  switch (typeof value) {
    case 'object':
      break;
    case 'function':
    case 'symbol':
      throw notSerializable(what, `holds a ${typeof value} at ${path}`);
    default:
      return;
  }
  if (value === null) return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (isSuspect(element)) refuseLoss(element, what, `${path}[${index}]`);
    }
    return;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return;
  if (value instanceof Map || value instanceof Set) {
    throw notSerializable(what, `is or holds a ${value.constructor.name}${path === '' ? '' : ` at ${path}`}`);
  }
  for (const [key, element] of Object.entries(value)) {
    if (isSuspect(element)) refuseLoss(element, what, path === '' ? key : `${path}.${key}`);
  }
}

/** Only what can hide a loss is looked into: paths are not built for the many plain values. */
function isSuspect(value: unknown): boolean {
  return typeof value === 'object' ? value !== null : typeof value === 'function' || typeof value === 'symbol';
}

function notSerializable(what: string, why: string, cause?: unknown): SquadraError {
  const message = `${what} ${why}; use plain JSON values only: text, numbers, booleans, null, lists and plain objects.`;
  return new SquadraError('NOT_SERIALIZABLE', message, cause === undefined ? {} : { cause });
}

/**
 * The value of JSON text. `refusal` is the code of the error when the text is not JSON: what the store holds was
 * written by `encodeJson`, so anything else there is damage.
 */
export function decodeJson(text: string, refusal: ErrorCode = 'STORE_CORRUPT'): Json {
  try {
    // JSON.parse is typed `any`; what it gives is Json by definition.
    return JSON.parse(text) as Json;
  } catch (cause) {
    const start = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new SquadraError(refusal, `The text '${start}' is not JSON; check where it comes from.`, { cause });
  }
}

/**
 * JSON text in which equal values have equal text: keys are sorted, `undefined` is left out as JSON leaves it out.
 *
 * @throws SquadraError `NOT_SERIALIZABLE` for a BigInt and for values that contain themselves.
 */
export function canonicalJson(value: unknown): string {
  try {
    return canonical(value, '') ?? 'null';
  } catch (error) {
    if (error instanceof SquadraError) throw error;
    throw notSerializable('The value', 'contains itself, is nested too deeply, or fails to be read', error);
  }
}

function canonical(given: unknown, key: string): string | undefined {
  const value = hasToJson(given) ? given.toJSON(key) : given;
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'bigint':
      throw notSerializable('The value', `holds a bigint${key === '' ? '' : ` at '${key}'`}`);
    case 'object':
      return value === null ? 'null' : canonicalObject(value);
    default:
      return undefined;
  }
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) {
    return `[${value.map((element: unknown, index) => canonical(element, String(index)) ?? 'null').join(',')}]`;
  }
  let text = '';
  const entries: Record<string, unknown> = { ...value };
  for (const key of Object.keys(entries).sort()) {
    const element = canonical(entries[key], key);
    if (element !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${element}`;
  }
  return `{${text}}`;
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}

/** A short fingerprint: 32 hexadecimal digits (the first 16 bytes of SHA-256) of the canonical text. */
export function hashJson(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'hex').slice(0, 32);
}
