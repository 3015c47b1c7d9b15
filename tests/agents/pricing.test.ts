import { describe, expect, it } from 'vitest';
import { reserveUsage, settleUsage } from '../../src/agents/model-usage.ts';
import { createPrices, type PricedModel } from '../../src/agents/pricing.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const clock = new TestClock();
const model: PricedModel = { provider: 'openai', model: 'gpt-5-mini', apiUrl: null };
const tokens = { inputTokens: 1_000, outputTokens: 1_000, cachedTokens: 0, reasoningTokens: 0 };

describe('prices', () => {
  it('come from the public list, cached input at its own price', () => {
    const prices = createPrices(clock);
    // $0.25, $0.025 cached and $2.00 for a million tokens.
    expect(prices.costMicroUsd(model, tokens)).toBe(2_250);
    expect(prices.costMicroUsd(model, { ...tokens, cachedTokens: 1_000 })).toBe(2_025);
    expect(prices.costMicroUsd(model, { ...tokens, reasoningTokens: 900 })).toBe(2_250);
  });

  it('round half a micro-dollar up', () => {
    const prices = createPrices(clock);
    const cost = (inputTokens: number) => prices.costMicroUsd(model, { ...tokens, inputTokens, outputTokens: 0 });
    expect([1, 2, 3, 4, 5, 6].map(cost)).toEqual([0, 1, 1, 1, 1, 2]);
  });

  it('tell servers behind the same adapter apart', () => {
    const prices = createPrices(clock);
    const groq = { provider: 'openai', model: 'llama-3.3-70b-versatile', apiUrl: 'https://api.groq.com/openai/v1' };
    expect(prices.costMicroUsd(groq, tokens)).toBe(1_380);
    expect(prices.costMicroUsd({ ...groq, apiUrl: null }, tokens)).toBeNull();
  });

  it('are unknown for an unknown model, and zero only where that was said', () => {
    const prices = createPrices(clock);
    expect(prices.costMicroUsd({ ...model, model: 'home-made' }, tokens)).toBeNull();
    expect(prices.costMicroUsd({ provider: 'nobody', model: 'home-made', apiUrl: null }, tokens)).toBeNull();
    expect(prices.costMicroUsd({ provider: 'offline', model: 'script', apiUrl: null }, tokens)).toBe(0);
  });

  it('can be given, for a model or a whole provider', () => {
    const prices = createPrices(clock, {
      'openai/gpt-5-mini': { inputMicroUsd: 1_000_000, cachedMicroUsd: 500_000, outputMicroUsd: 3_000_000 },
      local: { inputMicroUsd: 0, outputMicroUsd: 0 },
    });
    expect(prices.costMicroUsd(model, { ...tokens, cachedTokens: 500 })).toBe(3_750);
    expect(prices.costMicroUsd({ provider: 'local', model: 'anything', apiUrl: null }, tokens)).toBe(0);
  });
});

describe('usage', () => {
  const prices = createPrices(clock);
  const reported = (input: number | undefined, output: number | undefined, cached = 0, reasoning = 0) => ({
    inputTokens: { total: input, noCache: undefined, cacheRead: cached, cacheWrite: undefined },
    outputTokens: { total: output, text: undefined, reasoning },
  });

  it('is what the provider counted', () => {
    const usage = settleUsage({ model, inputBytes: 40, outputBytes: 40, reported: reported(11, 12, 5, 6) }, prices);
    expect(usage).toMatchObject({
      inputTokens: 11,
      outputTokens: 12,
      cachedTokens: 5,
      reasoningTokens: 6,
      estimatedCalls: 0,
    });
  });

  it.each([
    ['nothing', null],
    ['no numbers', reported(undefined, undefined)],
    ['no tokens for some text', reported(0, 0)],
    ['numbers that cannot be', reported(Number.NaN, -1)],
  ])('is computed from the text when the provider sends %s', (_, given) => {
    const usage = settleUsage({ model, inputBytes: 41, outputBytes: 7, reported: given }, prices);
    expect(usage).toMatchObject({ inputTokens: 11, outputTokens: 2, estimatedCalls: 1, modelCalls: 1 });
  });

  it('costs more for what was written into the cache, where the provider charges for it', () => {
    const claude: PricedModel = { provider: 'anthropic', model: 'claude-haiku-4-5', apiUrl: null };
    const settle = (cacheWrite: number) => {
      const { outputTokens } = reported(0, 0);
      const inputTokens = { total: 1_000_000, noCache: undefined, cacheRead: 0, cacheWrite };
      return settleUsage(
        { model: claude, inputBytes: 1, outputBytes: 0, reported: { inputTokens, outputTokens } },
        prices,
      );
    };
    expect(settle(0).costMicroUsd).toBe(1_000_000);
    expect(settle(1_000_000).costMicroUsd).toBe(1_250_000);
    expect(settle(1_000_000)).not.toHaveProperty('cacheWriteTokens');
  });

  it('keeps a part within its whole', () => {
    const usage = settleUsage({ model, inputBytes: 1, outputBytes: 1, reported: reported(10, 10, 99, 99) }, prices);
    expect(usage).toMatchObject({ cachedTokens: 10, reasoningTokens: 10 });
  });

  it('reserves the most a call can cost', () => {
    const usage = reserveUsage(model, 1_000, 8_192, prices);
    expect(usage).toMatchObject({
      inputTokens: 1_000,
      outputTokens: 8_192,
      costMicroUsd: 250 + 16_384,
      estimatedCalls: 1,
    });
    expect(reserveUsage({ ...model, model: 'home-made' }, 1_000, 8_192, prices)).toMatchObject({
      unpricedCalls: 1,
      costMicroUsd: 0,
    });
  });
});
