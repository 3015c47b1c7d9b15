import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DurationHistogram, quantileMs } from '../../src/telemetry/histogram.ts';

it('counts what it is told in buckets that hold all below them', () => {
  const histogram = new DurationHistogram([1, 10]);
  for (const ms of [0.5, 1, 2, 100]) histogram.observe(ms);
  expect(histogram.distribution()).toEqual({
    count: 4,
    sumMs: 103.5,
    buckets: [
      { atMostMs: 1, count: 2 },
      { atMostMs: 10, count: 3 },
      { atMostMs: Infinity, count: 4 },
    ],
  });
});

it('tells quantiles as near as its buckets do', () => {
  const histogram = new DurationHistogram([1, 10, 100]);
  expect(quantileMs(histogram.distribution(), 0.99)).toBe(0);
  for (let turn = 0; turn < 99; turn++) histogram.observe(0.5);
  histogram.observe(50);
  expect(quantileMs(histogram.distribution(), 0.5)).toBe(1);
  expect(quantileMs(histogram.distribution(), 0.99)).toBe(1);
  expect(quantileMs(histogram.distribution(), 1)).toBe(100);
});

it('tells a quantile that no more than the rest exceed', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1 }), (durations) => {
      const histogram = new DurationHistogram();
      for (const ms of durations) histogram.observe(ms);
      for (const share of [0.5, 0.9, 0.99, 1]) {
        const bound = quantileMs(histogram.distribution(), share);
        expect(durations.filter((ms) => ms <= bound).length).toBeGreaterThanOrEqual(share * durations.length);
      }
    }),
  );
});
