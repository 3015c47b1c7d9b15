import { describe, expect, it } from 'vitest';
import { readPrices } from '../../src/config/prices.ts';
import type { PriceOptions } from '../../src/config/prices.ts';

describe('own prices', () => {
  it('are dollars per million tokens outside and whole micro-dollars inside', () => {
    expect(
      readPrices({
        'openai/gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 },
        'my-server': { input: 0, output: 0.1 },
      }),
    ).toEqual({
      'openai/gpt-5-mini': { inputMicroUsd: 250_000, cachedMicroUsd: 25_000, outputMicroUsd: 2_000_000 },
      'my-server': { inputMicroUsd: 0, cachedMicroUsd: 0, outputMicroUsd: 100_000 },
    });
    expect(readPrices()).toEqual({});
  });

  it('cost cached input like other input where nothing else is said', () => {
    expect(readPrices({ a: { input: 3, output: 4 } })).toEqual({
      a: { inputMicroUsd: 3_000_000, cachedMicroUsd: 3_000_000, outputMicroUsd: 4_000_000 },
    });
  });

  it('are refused with every problem at once', () => {
    const wrong = {
      'open ai/x': { input: 1, output: 1 },
      'a/b': { input: -1, output: 2_000_000 },
      c: { input: 1, output: 1, per: 'token' },
    } as PriceOptions;
    expect(() => readPrices(wrong)).toThrow(
      expect.objectContaining({
        code: 'INVALID_SETTING',
        details: {
          problems: [
            expect.stringMatching(/^prices.a\/b.input: /),
            expect.stringMatching(/^prices.a\/b.output: /),
            expect.stringMatching(/^prices.c: .*per/),
            expect.stringMatching(/^prices.open ai\/x: .*provider\/model/),
          ],
        },
      }),
    );
  });
});
