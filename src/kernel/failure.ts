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
/** Errors in one failure, all branches together: AggregateErrors that hold each other would otherwise fill the journal. */
const maxInAll = 32;
const defaultMaxBytes = 16 * 1024;

/**
 * Any thrown value as a failure. At most eight errors deep; `message`, `stack` and `details` are cut at `maxBytes` each.
 * Never throws, whatever was thrown.
 */
export function toFailure(error: unknown, maxBytes: number = defaultMaxBytes): Failure {
  return describe(error, [], { maxBytes, left: maxInAll });
}

interface Budget {
  readonly maxBytes: number;
  /** How many more errors may be described. */
  left: number;
}

function describe(error: unknown, above: readonly unknown[], budget: Budget): Failure {
  budget.left -= 1;
  const short = (value: string): string => cut(value, budget.maxBytes);
  if (!isError(error)) return { name: 'Error', message: short(describeValue(error)) };
  const code = text(error, 'code');
  const stack = text(error, 'stack');
  const details = error instanceof SquadraError ? plainDetails(error.details, budget.maxBytes) : undefined;
  return {
    name: short(text(error, 'name') ?? 'Error'),
    message: short(text(error, 'message') ?? ''),
    ...(code === undefined ? {} : { code: short(code) }),
    ...(stack === undefined ? {} : { stack: short(stack) }),
    ...(details === undefined ? {} : { details }),
    ...describeBelow(error, [...above, error], budget),
    ...(error instanceof NonRetryableError ? { nonRetryable: true } : {}),
  };
}

function describeBelow(error: Error, chain: readonly unknown[], budget: Budget): Pick<Failure, 'cause' | 'errors'> {
  if (chain.length === maxDepth) return {};
  const cause = read(error, 'cause');
  const errors = read(error, 'errors');
  const below: Pick<Failure, 'cause' | 'errors'> = {};
  if (cause !== undefined && !chain.includes(cause) && budget.left > 0) below.cause = describe(cause, chain, budget);
  if (Array.isArray(errors)) {
    below.errors = [];
    for (const each of errors.slice(0, maxErrors)) {
      if (!chain.includes(each) && budget.left > 0) below.errors.push(describe(each, chain, budget));
    }
  }
  return below;
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
