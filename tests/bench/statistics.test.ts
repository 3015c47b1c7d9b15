import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interval, percentiles, quantile, spread, trend } from '../../bench/measure/statistics.ts';

describe('the statistics of the benchmarks', () => {
  it('take a quantile as the smallest value that the share does not exceed', () => {
    const values = [50, 10, 40, 20, 30];
    expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([10, 10, 20, 30, 50, 50]);
    expect(percentiles(Array.from({ length: 200 }, (_, n) => n + 1))).toEqual({ p50: 100, p99: 198, max: 200 });
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('take the middle of several rounds, and the extremes', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, count: 3 });
    expect(spread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4, count: 4 });
  });

  it('hold the mean in an interval that narrows with the number of values', () => {
    const noise = (n: number): number => ((n * 7_919) % 101) / 10 - 5;
    const few = interval(Array.from({ length: 20 }, (_, n) => 3 + noise(n)));
    const many = interval(Array.from({ length: 500 }, (_, n) => 3 + noise(n)));
    for (const { low, high } of [few, many]) expect([low < 3, high > 3]).toEqual([true, true]);
    expect(many.high - many.low).toBeLessThan((few.high - few.low) / 3);
    // Of 1, 2 and 3: the deviation is 1, Student's t of two degrees of freedom 4.3.
    expect(interval([1, 2, 3]).high).toBeCloseTo(2 + 4.3 / Math.sqrt(3));
    expect(interval([7])).toMatchObject({ mean: 7, low: NaN, count: 1 });
  });

  it('find the slope of any straight line exactly, with an interval of no width', () => {
    const numbers = { min: -1_000, max: 1_000, noNaN: true };
    fc.assert(
      fc.property(fc.double(numbers), fc.double(numbers), fc.integer({ min: 3, max: 50 }), (slope, start, count) => {
        const line = trend(Array.from({ length: count }, (_, x) => [x, start + slope * x] as const));
        expect(line.slope).toBeCloseTo(slope, 6);
        expect(line.high - line.low).toBeLessThan(1e-6);
      }),
    );
  });

  it('hold the true slope in the interval for noise, and say no to growth that is there', () => {
    const noise = (n: number): number => ((n * 7_919) % 101) / 10 - 5;
    const level = trend(Array.from({ length: 200 }, (_, n) => [n, 100 + noise(n)] as const));
    expect(level.low).toBeLessThan(0);
    expect(level.high).toBeGreaterThan(0);
    const growing = trend(Array.from({ length: 200 }, (_, n) => [n, 100 + n / 5 + noise(n)] as const));
    expect(growing.low).toBeGreaterThan(0);
    expect(growing.low).toBeLessThan(0.2);
    expect(growing.high).toBeGreaterThan(0.2);
  });

  it('widen the interval when neighbours resemble each other', () => {
    const wave = (n: number): number => Math.sin(n / 10);
    const shuffled = Array.from({ length: 200 }, (_, n) => wave((n * 83) % 200));
    const width = (values: readonly number[]): number => {
      const { low, high } = trend(values.map((value, n) => [n, value] as const));
      return high - low;
    };
    expect(width(Array.from({ length: 200 }, (_, n) => wave(n)))).toBeGreaterThan(3 * width(shuffled));
  });
});
