import { describe, expect, it } from 'vitest';
import { LogHistogram } from '../../src/telemetry/log-histogram.ts';
import { seededRandom } from '../chaos/random.ts';

function histogramOf(values: readonly number[]): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

/** By nearest rank, of the values themselves. */
function exactQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? NaN;
}

describe('a histogram with growing buckets', () => {
  it.each([
    { values: [], p50: null, p95: null, p99: null },
    { values: [0], p50: 0, p95: 0, p99: 0 },
    { values: [1], p50: 1, p95: 1, p99: 1 },
    { values: [-5, 0, 100], p50: 0, p95: 100, p99: 100 },
    { values: [10, 20], p50: 10, p95: 20, p99: 20 },
    { values: Array.from({ length: 100 }, (_, place) => place + 1), p50: 50, p95: 95, p99: 99 },
    { values: [...Array.from({ length: 99 }, () => 5), 1_000_000], p50: 5, p95: 5, p99: 5 },
    { values: [...Array.from({ length: 98 }, () => 5), 1e9, 1e11], p50: 5, p95: 5, p99: 1e9 },
  ])('tells of $values.length values that p50 is $p50, p95 $p95 and p99 $p99', ({ values, p50, p95, p99 }) => {
    const found = histogramOf(values).percentiles();
    const isNear = (is: number | undefined, should: number | null): boolean =>
      should === null ? is === undefined : Math.abs((is ?? NaN) - should) <= 0.5 + 0.025 * should;
    expect([isNear(found?.p50, p50), isNear(found?.p95, p95), isNear(found?.p99, p99)]).toEqual([true, true, true]);
  });

  it('is never further than 2.5 % from the exact percentile, whatever the values are', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 200; round++) {
      const size = 1 + Math.floor(random() * 300);
      const values = Array.from({ length: size }, () => Math.floor(10 ** (random() * 10)));
      const histogram = histogramOf(values);
      for (const share of [0.01, 0.5, 0.9, 0.95, 0.99, 1]) {
        const exact = exactQuantile(values, share);
        expect(Math.abs((histogram.quantile(share) ?? NaN) - exact)).toBeLessThanOrEqual(exact * 0.025);
      }
    }
  });

  it('is the same merged, written and read again as made of all values at once', () => {
    const random = seededRandom(8);
    const values = Array.from({ length: 500 }, () => Math.floor(10 ** (random() * 8)));
    const merged = new LogHistogram();
    for (let from = 0; from < values.length;) {
      const to = from + 1 + Math.floor(random() * 60);
      const part = histogramOf(values.slice(from, to));
      if (random() < 0.5) merged.merge(part);
      else merged.addEncoded(part.encode());
      from = to;
    }
    expect(merged.encode()).toBe(histogramOf(values).encode());
    expect(merged.count).toBe(500);
  });
});
