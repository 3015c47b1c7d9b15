import { inspect, types } from 'node:util';
import { isErrorCode, NonRetryableError, SquadraError } from './errors.ts';

/** An error as plain JSON, for the journal and for answers. */
export interface Failure {
  name: string;
  message: string;
  /** A code of the catalogue when `name` is `SquadraError`; otherwise whatever the error carried (`ECONNREFUSED`). */
  code?: string;
  stack?: string;
  details?: Record<string, unknown>;
  cause?: Failure;
  /** The errors of an `AggregateError`. */
  errors?: Failure[];
  /** Set when the error was a `NonRetryableError` or a class made from it. */
  nonRetryable?: true;
}

const maxDepth = 8;
/** The errors of an AggregateError that are kept: enough to see the pattern. */
const maxErrors = 8;
const defaultMaxBytes = 16 * 1024;

/**
 * Any thrown value as a failure. At most eight errors deep; `message`, `stack` and `details` are cut at `maxBytes` each.
 * Never throws, whatever was thrown.
 */
export function toFailure(error: unknown, maxBytes: number = defaultMaxBytes): Failure {
  return describe(error, maxBytes, []);
}

function describe(error: unknown, maxBytes: number, above: readonly unknown[]): Failure {
  if (!isError(error)) return { name: 'Error', message: cut(describeValue(error), maxBytes) };
  const name = text(error, 'name') ?? 'Error';
  const code = text(error, 'code');
  const stack = text(error, 'stack');
  const details = error instanceof SquadraError ? plainDetails(error.details, maxBytes) : undefined;
  const cause = read(error, 'cause');
  const errors = read(error, 'errors');
  const chain = [...above, error];
  const deeper = chain.length < maxDepth;
  return {
    name: cut(name, maxBytes),
    message: cut(text(error, 'message') ?? '', maxBytes),
    ...(code === undefined ? {} : { code: cut(code, maxBytes) }),
    ...(stack === undefined ? {} : { stack: cut(stack, maxBytes) }),
    ...(details === undefined ? {} : { details }),
    ...(deeper && cause !== undefined && !chain.includes(cause) ? { cause: describe(cause, maxBytes, chain) } : {}),
    ...(deeper && Array.isArray(errors) ? { errors: describeAll(errors, maxBytes, chain) } : {}),
    ...(error instanceof NonRetryableError ? { nonRetryable: true } : {}),
  };
}

function describeAll(errors: readonly unknown[], maxBytes: number, chain: readonly unknown[]): Failure[] {
  return errors
    .slice(0, maxErrors)
    .filter((error) => !chain.includes(error))
    .map((error) => describe(error, maxBytes, chain));
}

/** Errors of other realms (a vm, a test runner) are errors too, though no instances of this realm's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** A property of a foreign error may be a getter that throws. */
function read(error: object, key: string): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined;
  }
}

function text(error: object, key: string): string | undefined {
  const value = read(error, key);
  return typeof value === 'string' ? value : undefined;
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) {
    const message = text(value, 'message');
    if (message !== undefined) return message;
  }
  try {
    return inspect(value, { depth: 2, breakLength: Infinity });
  } catch {
    return `A value of type ${typeof value} that cannot be shown`;
  }
}

function plainDetails(details: object, maxBytes: number): Record<string, unknown> | undefined {
  try {
    const encoded = JSON.stringify(details);
    if (encoded === '{}') return undefined;
    if (Buffer.byteLength(encoded) > maxBytes) return { truncated: true };
    return Object.fromEntries(Object.entries(JSON.parse(encoded)));
  } catch {
    return { unreadable: true };
  }
}

function cut(value: string, maxBytes: number): string {
  if (value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes) return value;
  // Bytes cut inside a character decode to U+FFFD, which is dropped.
  return `${Buffer.from(value)
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

const builtInErrors: ReadonlyMap<string, new (message: string) => Error> = new Map([
  ['EvalError', EvalError],
  ['RangeError', RangeError],
  ['ReferenceError', ReferenceError],
  ['SyntaxError', SyntaxError],
  ['TypeError', TypeError],
  ['URIError', URIError],
]);

/**
 * The error of a failure: a `SquadraError`, `NonRetryableError` or built-in class where it was one, otherwise an `Error` of
 * the same name. Message, stack, code and cause are those of the original.
 */
export function toError(failure: Failure): Error {
  const error = construct(failure);
  if (error.name !== failure.name) setHidden(error, 'name', failure.name);
  // Without the original stack the frames of this function would be shown, and they say nothing.
  setHidden(error, 'stack', failure.stack ?? `${failure.name}: ${failure.message}`);
  if (failure.cause !== undefined) setHidden(error, 'cause', toError(failure.cause));
  if (failure.code !== undefined && !(error instanceof SquadraError)) Object.assign(error, { code: failure.code });
  return error;
}

function construct(failure: Failure): Error {
  const { name, message, code } = failure;
  if (name === 'SquadraError' && isErrorCode(code))
    return new SquadraError(code, message, { details: failure.details ?? {} });
  if (failure.nonRetryable) return new NonRetryableError(message);
  if (failure.errors !== undefined) return new AggregateError(failure.errors.map(toError), message);
  return new (builtInErrors.get(name) ?? Error)(message);
}

/** Like the engine's own properties of an error: there, but not among the enumerable ones. */
function setHidden(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
