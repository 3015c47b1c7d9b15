import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DueTimes } from '../../src/flow/due-times.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

it('calls back at each time, earliest first, however they were added', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 30 }), async (delays) => {
      const clock = new TestClock();
      const start = clock.now();
      const fired: { id: string; at: number; now: number }[] = [];
      const times = new DueTimes(
        clock,
        (id, at) => fired.push({ id, at, now: clock.now() }),
        () => true,
      );
      for (const [place, delay] of delays.entries()) times.add(`entry-${place}`, start + delay);
      await clock.advance(5_000);
      expect(fired.map(({ at }) => at - start)).toEqual(delays.toSorted((a, b) => a - b));
      expect(fired.filter(({ at, now }) => at !== now)).toEqual([]);
      expect(clock.timers).toBe(0);
    }),
    { numRuns: 30 },
  );
});

it('keeps no more than twice what counts, however often an entry is replaced', () => {
  const clock = new TestClock();
  let current = 0;
  const times = new DueTimes(
    clock,
    () => {},
    (_, at) => at === current,
  );
  for (let round = 1; round <= 10_000; round++) {
    current = clock.now() + 86_400_000 + round;
    times.add('a', current);
  }
  expect(times.size).toBeLessThanOrEqual(1_001);
});

it('sets no timer any more once it is stopped', () => {
  const clock = new TestClock();
  const times = new DueTimes(
    clock,
    () => {},
    () => true,
  );
  times.add('a', clock.now() + 10);
  times.stop();
  expect(clock.timers).toBe(0);
});
