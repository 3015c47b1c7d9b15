import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, decodeJson, encodeJson, hashJson } from '../../src/kernel/json.ts';

const limits = { maxBytes: 1_000_000, what: "the result of step 'plan'" };

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe('encodeJson', () => {
  it('gives back through decodeJson what it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(decodeJson(encodeJson(value, limits))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('writes undefined as null, and leaves it out of objects', () => {
    expect(encodeJson(undefined, limits)).toBe('null');
    expect(encodeJson({ a: undefined, b: 1 }, limits)).toBe('{"b":1}');
  });

  it('writes what knows how to write itself', () => {
    const value = { at: new Date(0), custom: { toJSON: () => ({ fine: true }), ignored: () => {} } };
    expect(encodeJson(value, limits)).toBe('{"at":"1970-01-01T00:00:00.000Z","custom":{"fine":true}}');
  });

  it('counts bytes, not characters, and allows exactly the limit', () => {
    const text = '€'.repeat(10);
    expect(encodeJson(text, { ...limits, maxBytes: 32 })).toBe(`"${text}"`);
    expect(() => encodeJson(text, { ...limits, maxBytes: 31 })).toThrow(
      expect.objectContaining({
        code: 'RESULT_TOO_LARGE',
        details: { bytes: 32, maxBytes: 31 },
        message: expect.stringContaining("the result of step 'plan'"),
      }),
    );
  });

  it('says PAYLOAD_TOO_LARGE of what came from outside', () => {
    expect(() => encodeJson('long', { maxBytes: 3, what: 'the input', refusal: 'PAYLOAD_TOO_LARGE' })).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringContaining('the input takes 6 bytes'),
      }),
    );
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;

  it.each<[string, unknown, string]>([
    ['a BigInt', 1n, 'BigInt'],
    ['a function', () => {}, 'is a function'],
    ['a symbol', Symbol('x'), 'is a symbol'],
    ['a circle', circle, 'circular'],
    ['a Map', new Map([[1, 2]]), 'is or holds a Map'],
    ['a BigInt inside', { a: [1n] }, 'BigInt'],
    ['a function inside', { list: [{ call: () => {} }] }, 'holds a function at list[0].call'],
    ['a symbol inside', { key: Symbol('x') }, 'holds a symbol at key'],
    ['a Set inside', { tags: new Set(['x']) }, 'is or holds a Set at tags'],
    ['an object that fails to be read', { toJSON: () => JSON.parse('{') as unknown }, 'cannot be stored as JSON'],
    ['what is nested too deeply', nested(200_000), 'cannot be stored as JSON'],
  ])('refuses %s and says where it is', (_, value, hint) => {
    expect(() => encodeJson(value, limits)).toThrow(
      expect.objectContaining({ code: 'NOT_SERIALIZABLE', message: expect.stringContaining(hint) }),
    );
    expect(() => encodeJson(value, limits)).toThrow("the result of step 'plan'");
  });
});

describe('decodeJson', () => {
  it('says that the store is damaged when its text is not JSON', () => {
    expect(() => decodeJson('{"half":')).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });

  it('uses another code where the text came from somewhere else', () => {
    expect(() => decodeJson('x'.repeat(100), 'INVALID_INPUT')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`'${'x'.repeat(40)}…'`) }),
    );
  });
});

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, element]) => [key, reversed(element)]),
  );
}

describe('canonicalJson', () => {
  it('sorts keys at every depth', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  it('is the same for equal values and stands for the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('leaves out and replaces what JSON leaves out and replaces', () => {
    const value = { a: undefined, b: [undefined, () => {}], c: Number.NaN, d: new Date(0), e: true, f: -0 };
    expect(canonicalJson(value)).toBe(JSON.stringify(value));
    expect(canonicalJson(undefined)).toBe('null');
  });

  it('refuses BigInt and circles', () => {
    const circle: unknown[] = [];
    circle.push({ circle });
    for (const value of [1n, { a: 1n }, circle]) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'NOT_SERIALIZABLE' }));
    }
  });
});

describe('hashJson', () => {
  it('is a stable fingerprint: stored ones must stay comparable', () => {
    // printf '{"a":1,"b":"x"}' | sha256sum | cut -c 1-32
    expect(hashJson({ b: 'x', a: 1 })).toBe('ecf9e98ec0641e23113ff3ce8bdc78d0');
  });

  it('tells different values apart', () => {
    const values = [null, 0, '0', [], {}, [[]], [{}], { a: 1 }, { a: '1' }, { a: [1] }, '', false];
    expect(new Set(values.map(hashJson)).size).toBe(values.length);
  });
});
