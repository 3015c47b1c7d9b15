import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRetryPolicy, maxRetryAfterMs, retryDelayMs } from '../../src/kernel/retry.ts';

const longest = () => 1;

describe('retryDelayMs', () => {
  it('doubles its ceiling from one second to sixty', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 5000].map((attempt) =>
      retryDelayMs(defaultRetryPolicy, attempt, longest),
    );
    expect(ceilings).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('spreads over the whole range below the ceiling', () => {
    expect(retryDelayMs(defaultRetryPolicy, 3, () => 0)).toBe(0);
    expect(retryDelayMs(defaultRetryPolicy, 3, () => 0.25)).toBe(1000);
  });

  it('obeys the other side, without chance and up to ten minutes', () => {
    expect(retryDelayMs(defaultRetryPolicy, 1, longest, 30_000)).toBe(30_000);
    expect(retryDelayMs(defaultRetryPolicy, 9, longest, 0)).toBe(0);
    expect(retryDelayMs(defaultRetryPolicy, 1, longest, 3_600_000)).toBe(maxRetryAfterMs);
    expect(maxRetryAfterMs).toBe(600_000);
  });

  it('is a whole number between zero and the maximum, for any policy', () => {
    const policies = fc.record({
      retries: fc.nat(),
      initialMs: fc.nat(),
      maxMs: fc.nat(),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
    });
    const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 10_000 }), chance, (policy, attempt, random) => {
        const delayMs = retryDelayMs(policy, attempt, () => random);
        expect(Number.isSafeInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(policy.maxMs);
      }),
    );
  });
});
