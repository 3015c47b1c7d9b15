import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/kernel/errors.ts';
import { errorCatalogue, isRetryable, NonRetryableError, SquadraError } from '../../src/kernel/errors.ts';
import type { Failure } from '../../src/kernel/failure.ts';
import { toError, toFailure } from '../../src/kernel/failure.ts';

/** Through text, as the journal does it. */
function throughStore(error: unknown): Error {
  const stored = JSON.parse(JSON.stringify(toFailure(error))) as Failure;
  return toError(stored);
}

const builtIns = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
const codes = Object.keys(errorCatalogue) as ErrorCode[];

/** Errors of every kind we rebuild, with up to seven causes below. */
function errors(depth = 7): fc.Arbitrary<Error> {
  const options =
    depth === 0 ? fc.constant({}) : fc.option(errors(depth - 1)).map((cause) => (cause === null ? {} : { cause }));
  const message = fc.string({ unit: 'binary' });
  return fc.oneof(
    { depthSize: 'max' },
    fc.tuple(fc.constantFrom(...builtIns), message, options).map(([kind, text, cause]) => new kind(text, cause)),
    fc.tuple(message, options).map(([text, cause]) => new NonRetryableError(text, cause)),
    fc
      .tuple(
        fc.constantFrom(...codes),
        message,
        options,
        fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })),
      )
      .map(([code, text, cause, details]) => new SquadraError(code, text, { ...cause, details })),
  );
}

/** What has to survive, as plain data. */
function portrait(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const coded = error instanceof SquadraError ? { code: error.code, details: throughText(error.details) } : {};
  return {
    kind: error.constructor,
    name,
    message,
    stack,
    retryable: isRetryable(error),
    ...coded,
    cause: portrait(cause),
  };
}

/** -0 is the one number that JSON does not keep. */
function throughText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('an error that went through the store', () => {
  it('keeps class, name, message, stack, code, details and causes', () => {
    fc.assert(
      fc.property(errors(), (original) => {
        expect(portrait(throughStore(original))).toEqual(portrait(original));
      }),
    );
  });

  it('keeps its properties as hidden as they were', () => {
    const original = new TypeError('x', { cause: new Error('y') });
    expect(Object.keys(throughStore(original))).toEqual(Object.keys(original));
  });

  it('keeps the name and the code of errors we do not know', () => {
    const original = Object.assign(new Error('refused'), { name: 'FetchError', code: 'ECONNREFUSED' });
    expect(throughStore(original)).toMatchObject({ name: 'FetchError', code: 'ECONNREFUSED', message: 'refused' });
  });

  it('is no SquadraError because somebody else uses one of our codes', () => {
    const copy = throughStore(Object.assign(new Error('gone'), { code: 'NOT_FOUND' }));
    expect(copy).not.toBeInstanceOf(SquadraError);
    expect(copy).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps a code that this version does not know', () => {
    const copy = toError({ name: 'SquadraError', message: 'x', code: 'FROM_THE_FUTURE' });
    expect(copy).toMatchObject({ name: 'SquadraError', code: 'FROM_THE_FUTURE', message: 'x' });
  });

  it('stays non-retryable under the name of its own class', () => {
    class CardExpired extends NonRetryableError {
      override name = 'CardExpired';
    }
    const copy = throughStore(new CardExpired('no'));
    expect(copy.name).toBe('CardExpired');
    expect(isRetryable(copy)).toBe(false);
  });

  it('keeps the errors of an AggregateError', () => {
    const copy = throughStore(new AggregateError([new TypeError('one'), 'two'], 'all failed'));
    expect(copy).toBeInstanceOf(AggregateError);
    expect(copy).toMatchObject({
      name: 'AggregateError',
      message: 'all failed',
      errors: [{ name: 'TypeError', message: 'one' }, { message: 'two' }],
    });
  });

  it('from another realm is an error like any other', () => {
    const foreign: unknown = runInNewContext("new RangeError('too far')");
    expect(throughStore(foreign)).toBeInstanceOf(RangeError);
  });

  it('shows no stack of ours when it had none', () => {
    const original = new Error('x');
    delete original.stack;
    expect(throughStore(original).stack).toBe('Error: x');
  });
});

describe('toFailure', () => {
  it.each([
    ['text', 'text'],
    [42, '42'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{ message: 'from an object' }, 'from an object'],
    [{ reason: 'x' }, "{ reason: 'x' }"],
  ])('describes %j, which is no error', (thrown, message) => {
    expect(toFailure(thrown)).toEqual({ name: 'Error', message });
  });

  it('ends a circle of causes', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    const failure = toFailure(error);
    expect(failure.cause?.message).toBe('b');
    expect(failure.cause?.cause).toBeUndefined();
  });

  it('follows causes eight deep and no deeper', () => {
    let error = new Error('0');
    for (let depth = 1; depth < 100; depth++) error = new Error(String(depth), { cause: error });
    let depth = 0;
    for (let failure: Failure | undefined = toFailure(error); failure !== undefined; failure = failure.cause) depth++;
    expect(depth).toBe(8);
  });

  it('stays small for errors that hold each other in every way', () => {
    const all = Array.from({ length: 20 }, (_, index) => new AggregateError([], String(index)));
    for (const error of all) error.errors.push(...all);
    expect(JSON.stringify(toFailure(all[0], 64)).length).toBeLessThan(1_000_000);
  });

  it('cuts long texts between characters', () => {
    const failure = toFailure(new Error('€'.repeat(10_000)), 1000);
    expect(failure.message).toBe(`${'€'.repeat(333)}…`);
    expect(Buffer.byteLength(failure.stack ?? '')).toBeLessThanOrEqual(1003);
  });

  it('cuts at 16 KiB unless told otherwise, and leaves out details beyond it', () => {
    const failure = toFailure(
      new SquadraError('INTERNAL', 'x'.repeat(20_000), { details: { text: 'x'.repeat(20_000) } }),
    );
    expect(failure.message).toHaveLength(16 * 1024 + 1);
    expect(failure.details).toEqual({ truncated: true });
  });

  it('survives errors whose properties throw', () => {
    const trap = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap');
      },
    });
    expect(toFailure(trap)).toEqual({ name: 'Error', message: '' });
  });

  it('survives details that are not JSON', () => {
    expect(toFailure(new SquadraError('INTERNAL', 'x', { details: { big: 1n } })).details).toEqual({
      unreadable: true,
    });
  });
});
