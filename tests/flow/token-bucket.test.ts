import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../src/flow/token-bucket.ts';

/** A clock whose hands are moved, backwards too. */
function handClock(now = 1_000_000) {
  return { now: () => now, setTimer: () => ({ cancel: () => {} }), move: (ms: number) => void (now += ms) };
}

function takenOf(buckets: TokenBuckets, key: string, tries: number): number {
  let taken = 0;
  for (let attempt = 0; attempt < tries; attempt++) if (buckets.take(key).isTaken) taken++;
  return taken;
}

describe('a bucket', () => {
  it('of 5 a minute with a burst of 2 gives seven at once, then one each 12 s', () => {
    const clock = handClock();
    const buckets = new TokenBuckets({ perMinute: 5, burst: 2 }, clock);
    expect(takenOf(buckets, 'a', 20)).toBe(7);
    expect(buckets.take('a')).toEqual({ isTaken: false, remaining: 0, waitMs: 12_000, fullMs: 84_000 });
    clock.move(11_999);
    expect(buckets.take('a')).toMatchObject({ isTaken: false, waitMs: 1 });
    clock.move(1);
    expect(takenOf(buckets, 'a', 20)).toBe(1);
    clock.move(24_000);
    expect(takenOf(buckets, 'a', 20)).toBe(2);
    clock.move(10 * 60_000);
    expect(takenOf(buckets, 'a', 20)).toBe(7);
  });

  it('tells what is left, and looking takes nothing', () => {
    const buckets = new TokenBuckets({ perMinute: 5, burst: 2 }, handClock());
    expect(buckets.take('a')).toEqual({ isTaken: true, remaining: 6, waitMs: 0, fullMs: 12_000 });
    expect(buckets.look('a')).toEqual({ isTaken: true, remaining: 6, waitMs: 0, fullMs: 12_000 });
    takenOf(buckets, 'a', 6);
    expect(buckets.look('a')).toEqual({ isTaken: false, remaining: 0, waitMs: 12_000, fullMs: 84_000 });
    expect({ capacity: buckets.capacity, refillMs: buckets.refillMs }).toEqual({ capacity: 7, refillMs: 84_000 });
  });

  it('is of its key alone', () => {
    const buckets = new TokenBuckets({ perMinute: 1, burst: 0 }, handClock());
    expect(takenOf(buckets, 'a', 3)).toBe(1);
    expect(takenOf(buckets, 'b', 3)).toBe(1);
  });

  it('neither gains nor loses by a clock that is set back', () => {
    const clock = handClock();
    const buckets = new TokenBuckets({ perMinute: 60, burst: 0 }, clock);
    expect(takenOf(buckets, 'a', 100)).toBe(60);
    clock.move(-3_600_000);
    expect(buckets.take('a')).toMatchObject({ isTaken: false, waitMs: 1_000 });
    clock.move(1_000);
    expect(takenOf(buckets, 'a', 100)).toBe(1);
  });

  it.each([
    [0, 1],
    [-1, 0],
    [1, -1],
    [Number.NaN, 0],
    [Infinity, 0],
  ])('cannot have a rate of %d and a burst of %d', (perMinute, burst) => {
    expect(() => new TokenBuckets({ perMinute, burst }, handClock())).toThrow(RangeError);
  });
});

describe('what was given, whatever happens', () => {
  const events = fc.array(
    fc.record({ moveMs: fc.integer({ min: -5_000, max: 60_000 }), tries: fc.integer({ min: 0, max: 40 }) }),
    { maxLength: 60 },
  );
  const rates = fc.record({ perMinute: fc.integer({ min: 1, max: 600 }), burst: fc.integer({ min: 0, max: 50 }) });

  it('is exactly what a bucket that is counted in tokens gives', () => {
    fc.assert(
      fc.property(rates, events, (rate, steps) => {
        const clock = handClock();
        const buckets = new TokenBuckets(rate, clock);
        const capacity = rate.perMinute + rate.burst;
        let tokens = capacity;
        for (const { moveMs, tries } of steps) {
          clock.move(moveMs);
          tokens = Math.min(capacity, tokens + (Math.max(0, moveMs) * rate.perMinute) / 60_000);
          const given = Math.min(tries, Math.floor(tokens + 1e-6));
          expect(takenOf(buckets, 'a', tries)).toBe(given);
          tokens -= given;
          expect(buckets.look('a').remaining).toBe(Math.floor(tokens + 1e-6));
        }
      }),
    );
  });

  it('comes back after the wait that was told, and not a millisecond sooner', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 100_000 }), (rate, restMs) => {
        const clock = handClock();
        const buckets = new TokenBuckets(rate, clock);
        takenOf(buckets, 'a', rate.perMinute + rate.burst + 1);
        clock.move(restMs % Math.ceil(60_000 / rate.perMinute));
        const { waitMs, isTaken } = buckets.look('a');
        if (isTaken) return;
        clock.move(waitMs - 1);
        expect(buckets.take('a').isTaken).toBe(false);
        clock.move(1);
        expect(buckets.take('a').isTaken).toBe(true);
      }),
    );
  });
});

describe('memory', () => {
  it('holds only what is not full: a million keys that come once each leave next to nothing', () => {
    const clock = handClock();
    const buckets = new TokenBuckets({ perMinute: 6_000, burst: 1_000 }, clock, Infinity);
    let most = 0;
    for (let key = 0; key < 1_000_000; key++) {
      // A hundred keys a millisecond; a token is back after ten, so a thousand buckets are not full at a time.
      if (key % 100 === 0) clock.move(1);
      buckets.take(`key-${key}`);
      most = Math.max(most, buckets.size);
    }
    expect(most).toBeLessThan(3_000);
  });

  it('is bounded even when a million keys come at the same moment', () => {
    const buckets = new TokenBuckets({ perMinute: 60, burst: 0 }, handClock(), 1_000);
    for (let key = 0; key < 1_000_000; key++) buckets.take(`key-${key}`);
    expect(buckets.size).toBe(1_000);
  });

  it('gives up the fuller bucket first, so that who is out of tokens stays out of them', () => {
    const buckets = new TokenBuckets({ perMinute: 60, burst: 0 }, handClock(), 100);
    takenOf(buckets, 'greedy', 60);
    for (let key = 0; key < 10_000; key++) buckets.take(`key-${key}`);
    expect(buckets.take('greedy').isTaken).toBe(false);
    expect(buckets.size).toBe(100);
  });

  it('lets go of those that rest, as others come', () => {
    const clock = handClock();
    const buckets = new TokenBuckets({ perMinute: 60, burst: 0 }, clock);
    for (let key = 0; key < 1_000; key++) buckets.take(`early-${key}`);
    clock.move(60_000);
    for (let turn = 0; turn < 1_000; turn++) buckets.take('late');
    expect(buckets.size).toBe(1);
  });
});

it('takes a token back that was not needed, and never holds more than it can', () => {
  const buckets = new TokenBuckets({ perMinute: 2, burst: 0 }, handClock());
  buckets.giveBack('a');
  expect([buckets.take('a'), buckets.take('a'), buckets.take('a')].map(({ isTaken }) => isTaken)).toEqual([
    true,
    true,
    false,
  ]);
  buckets.giveBack('a');
  expect(buckets.look('a').remaining).toBe(1);
  for (let more = 0; more < 5; more++) buckets.giveBack('a');
  expect(buckets.look('a').remaining).toBe(2);
});
