import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DurationHistogram } from '../../src/telemetry/histogram.ts';

it('counts what it is told in buckets that hold all below them', () => {
  const histogram = new DurationHistogram([1, 10]);
  for (const ms of [0.5, 1, 2, 100]) histogram.observe(ms);
  expect(histogram.distribution()).toEqual({
    count: 4,
    sumMs: 103.5,
    p50Ms: 1,
    p99Ms: 10,
    buckets: [
      { atMostMs: 1, count: 2 },
      { atMostMs: 10, count: 3 },
      { atMostMs: Infinity, count: 4 },
    ],
  });
});

it('tells quantiles as near as its buckets do', () => {
  const histogram = new DurationHistogram([1, 10, 100]);
  expect(histogram.distribution()).toMatchObject({ p50Ms: 0, p99Ms: 0 });
  for (let turn = 0; turn < 99; turn++) histogram.observe(0.5);
  histogram.observe(50);
  expect(histogram.distribution()).toMatchObject({ p50Ms: 1, p99Ms: 1 });
  histogram.observe(50);
  expect(histogram.distribution()).toMatchObject({ p50Ms: 1, p99Ms: 100 });
});

it('tells a quantile that no more than the rest exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1 }), (durations) => {
      const histogram = new DurationHistogram();
      for (const ms of durations) histogram.observe(ms);
      const { p50Ms, p99Ms } = histogram.distribution();
      const within = (bound: number): number => durations.filter((ms) => ms <= bound).length;
      expect(within(p50Ms)).toBeGreaterThanOrEqual(0.5 * durations.length);
      expect(within(p99Ms)).toBeGreaterThanOrEqual(0.99 * durations.length);
    }),
  );
});
