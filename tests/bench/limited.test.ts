import { describe, expect, it } from 'vitest';
import { answeredPerSecond, recoverySeconds, refusedPerSecond, refusedShare } from '../../bench/measure/limited.ts';

/** A sample each half second: ten calls a second are answered, twenty from the sixth second on, and one in ten is turned away. */
const samples = Array.from({ length: 25 }, (_, place) => {
  const atSeconds = place / 2;
  const answered = 10 * atSeconds + 10 * Math.max(0, atSeconds - 6);
  return { atSeconds, answered, refused: answered / 9 };
});

describe('what is counted of a provider with limits', () => {
  it('gives rates between two times, and the share that was turned away', () => {
    expect(answeredPerSecond(samples, 2, 5)).toBe(10);
    expect(answeredPerSecond(samples, 8, 10.3)).toBe(20);
    expect(refusedPerSecond(samples, 0, 4.5)).toBeCloseTo(10 / 9);
    expect(refusedShare(samples, 3, 9)).toBeCloseTo(0.1);
  });

  it('finds when a rate is reached over three seconds, and says the whole time where it is not', () => {
    expect(recoverySeconds(samples, { from: 2, to: 12, perSecond: 10 })).toBe(0);
    expect(recoverySeconds(samples, { from: 2, to: 12, perSecond: 20 })).toBe(4);
    expect(recoverySeconds(samples, { from: 2, to: 12, perSecond: 21 })).toBe(10);
  });

  it('knows nothing of nothing', () => {
    expect(() => answeredPerSecond([], 0, 1)).toThrow('Nothing was sampled.');
  });
});
