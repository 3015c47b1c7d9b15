import { describe, expect, it } from 'vitest';
import { ModelAdmission } from '../../src/flow/model-admission.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { SimulatedProvider } from './simulated-provider.ts';
import type { HiddenLimits } from './simulated-provider.ts';

const settings = {
  maxConcurrentModelCalls: 2000,
  agentRateLimitPerMinute: 0,
  agentRateLimitBurst: 0,
  modelRequestsPerMinute: 0,
  modelTokensPerMinute: 0,
};

function open(limits: Partial<HiddenLimits>, processes = 1) {
  const clock = new TestClock();
  const admissions = Array.from({ length: processes }, () => new ModelAdmission(settings, clock, null));
  const provider = new SimulatedProvider(limits, clock, ...admissions);
  provider.demand(300);
  return { clock, provider };
}

describe('a provider with a limit that nobody tells', () => {
  it.each([3, 8, 20, 50, 130])('of %d calls at once is used to nine tenths, and turns away few', async (atOnce) => {
    const { provider } = open({ atOnce });
    await provider.during(10_000);
    const { completed, refused } = await provider.during(20_000);
    provider.stop();
    expect(completed).toBeGreaterThanOrEqual(0.9 * 20 * 5 * atOnce);
    expect(refused / (completed + refused)).toBeLessThan(0.01);
  });

  it('is used to nine tenths ten seconds after it halved, and after it doubled', async () => {
    const { provider } = open({ atOnce: 40 });
    await provider.during(10_000);
    provider.limits.atOnce = 20;
    await provider.during(10_000);
    expect((await provider.during(10_000)).completed).toBeGreaterThanOrEqual(0.9 * 10 * 5 * 20);
    provider.limits.atOnce = 40;
    await provider.during(10_000);
    expect((await provider.during(10_000)).completed).toBeGreaterThanOrEqual(0.9 * 10 * 5 * 40);
    provider.stop();
  });

  it.each([10, 20, 60])('that slows down beyond %d calls at once is kept near them', async (knee) => {
    const { provider } = open({ knee });
    await provider.during(20_000);
    const { completed } = await provider.during(20_000);
    provider.stop();
    expect(completed).toBeGreaterThanOrEqual(0.9 * 20 * 5 * knee);
  });
});

describe('processes that learn what a provider bears, each by itself', () => {
  it.each([
    [2, 8],
    [4, 8],
    [4, 50],
    [10, 130],
  ])('%d of them use %d calls at once to nine tenths together, and few are turned away', async (processes, atOnce) => {
    const { provider } = open({ atOnce }, processes);
    await provider.during(10_000);
    const { completed, refused } = await provider.during(20_000);
    provider.stop();
    expect(completed).toBeGreaterThanOrEqual(0.9 * 20 * 5 * atOnce);
    expect(refused / (completed + refused)).toBeLessThan(0.01);
  });

  it.each([2, 4])('%d of them stay near the number of calls beyond which it slows down', async (processes) => {
    const { provider } = open({ knee: 40 }, processes);
    await provider.during(30_000);
    const { completed } = await provider.during(20_000);
    provider.stop();
    expect(completed).toBeGreaterThanOrEqual(0.9 * 20 * 5 * 40);
  });
});
