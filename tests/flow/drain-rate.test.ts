import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrainRate } from '../../src/flow/drain-rate.ts';

function handClock(now = 1_000_000) {
  return { now: () => now, setTimer: () => ({ cancel: () => {} }), move: (ms: number) => void (now += ms) };
}

/** A queue that is drained at a pace, and watched every 100 ms. */
function draining(perSecond: number, forMs: number, queued = 1_000) {
  const clock = handClock();
  const drain = new DrainRate(clock);
  let taken = 0;
  const pass = (ms: number, pace = perSecond): void => {
    for (let step = 0; step < ms; step += 100) {
      clock.move(100);
      taken += pace / 10;
      drain.observe({ queued, taken: Math.floor(taken) });
    }
  };
  drain.observe({ queued: 0, taken });
  pass(forMs);
  return { clock, drain, pass, reading: () => ({ queued, taken: Math.floor(taken) }) };
}

describe('the pace of a queue', () => {
  it.each([0.5, 2, 50, 2_000])('is measured: %d a second', (perSecond) => {
    const { drain, reading } = draining(perSecond, 60_000);
    expect(drain.perSecond(reading()) / perSecond).toBeCloseTo(1, 1);
  });

  it('follows a change within some ten seconds', () => {
    const { drain, pass, reading } = draining(1_000, 60_000);
    pass(11_000, 100);
    expect(drain.perSecond(reading())).toBeLessThan(120);
  });

  it('is not measured while nothing is queued', () => {
    const { clock, drain } = draining(10, 1_000);
    drain.observe({ queued: 0, taken: 10 });
    clock.move(600_000);
    drain.observe({ queued: 0, taken: 10 });
    clock.move(1_000);
    expect(drain.perSecond({ queued: 5, taken: 110 })).toBe(100);
  });

  it('starts anew when the clock is set back', () => {
    const { clock, drain } = draining(10, 10_000);
    clock.move(-3_600_000);
    drain.observe({ queued: 5, taken: 1_000 });
    clock.move(1_000);
    expect(drain.perSecond({ queued: 5, taken: 1_020 })).toBe(20);
  });
});

describe('those who are refused', () => {
  it('are told places one after the other, at the pace of the queue', () => {
    const { drain, reading } = draining(10, 20_000);
    const waits = Array.from({ length: 200 }, () => drain.retryAfterMs(reading(), 1));
    expect(waits[0]).toBe(1_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(19_000);
    expect(waits.at(-1)).toBeLessThanOrEqual(21_000);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  });

  it('find room when they come back as told, and nobody waits longer than the queue needs for all of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 600 }), (perSecond, refused) => {
        const { drain, reading } = draining(perSecond, 30_000);
        const waits = Array.from({ length: refused }, () => drain.retryAfterMs(reading(), 1)).filter(
          (wait) => wait < 300_000,
        );
        // Of those due by a time, no more than left the queue by then.
        for (const [place, wait] of waits.entries())
          expect(place).toBeLessThanOrEqual((perSecond * 1.1 * wait) / 1_000 + 1);
        expect(waits.at(-1) ?? 0).toBeLessThanOrEqual(Math.max(1_000, ((refused + 1) / perSecond) * 1_150));
      }),
    );
  });

  it('are told less once those before them were due', () => {
    const { drain, pass, reading } = draining(10, 20_000);
    for (let refusal = 0; refusal < 200; refusal++) drain.retryAfterMs(reading(), 1);
    pass(19_000);
    expect(drain.retryAfterMs(reading(), 1)).toBeLessThan(3_000);
  });

  it('wait 1 s at least and 300 s at most, whatever the queue does', () => {
    const step = fc.record({
      moveMs: fc.integer({ min: -10_000, max: 100_000 }),
      queued: fc.integer({ min: 0, max: 1_000_000 }),
      taken: fc.integer({ min: 0, max: 10_000 }),
      excess: fc.integer({ min: 1, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const clock = handClock();
        const drain = new DrainRate(clock);
        let total = 0;
        for (const { moveMs, queued, taken, excess } of steps) {
          clock.move(moveMs);
          total += taken;
          const wait = drain.retryAfterMs({ queued, taken: total }, excess);
          expect(Number.isInteger(wait) && wait >= 1_000 && wait <= 300_000).toBe(true);
        }
      }),
    );
  });

  it('are told to come back within seconds when nothing was measured yet', () => {
    expect(new DrainRate(handClock()).retryAfterMs({ queued: 10, taken: 0 }, 1)).toBe(1_000);
  });
});
