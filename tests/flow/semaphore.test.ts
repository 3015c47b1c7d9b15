import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Release, Semaphore } from '../../src/flow/semaphore.ts';
import { settle } from '../../src/testing/test-clock.ts';

const never = new AbortController().signal;

describe('a semaphore', () => {
  it('gives places in the order in which they were asked for', async () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    const first = await semaphore.acquire(never);
    const others = [1, 2, 3].map(async (n) => {
      const release = await semaphore.acquire(never);
      order.push(n);
      release();
    });
    expect(semaphore.stats()).toEqual({ places: 1, taken: 1, waiting: 3 });
    first();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
    expect(semaphore.stats()).toEqual({ places: 1, taken: 0, waiting: 0 });
  });

  it('takes a place back once, however often it is released', async () => {
    const semaphore = new Semaphore(2);
    const release = await semaphore.acquire(never);
    await semaphore.acquire(never);
    release();
    release();
    expect(semaphore.stats().taken).toBe(1);
  });

  it('refuses who is not wanted any more, and gives the place to the next', async () => {
    const semaphore = new Semaphore(1);
    const release = await semaphore.acquire(never);
    const controller = new AbortController();
    const impatient = semaphore.acquire(controller.signal);
    const patient = semaphore.acquire(never);
    controller.abort(new Error('Enough.'));
    await expect(impatient).rejects.toThrow('Enough.');
    await expect(semaphore.acquire(controller.signal)).rejects.toThrow('Enough.');
    release();
    (await patient)();
    expect(semaphore.stats()).toEqual({ places: 1, taken: 0, waiting: 0 });
  });

  it.each([0, -1, 1.5, Number.NaN])('needs at least one whole place, not %s', (places) => {
    expect(() => new Semaphore(places)).toThrow(RangeError);
  });

  it('never gives more places than it has, whatever happens in between', async () => {
    const action = fc.constantFrom('acquire', 'release', 'abort');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), async (places, actions) => {
        const semaphore = new Semaphore(places);
        const held: Release[] = [];
        const waiting: AbortController[] = [];
        for (const next of actions) {
          if (next === 'acquire') {
            const controller = new AbortController();
            waiting.push(controller);
            semaphore.acquire(controller.signal).then(
              (release) => {
                waiting.splice(waiting.indexOf(controller), 1);
                held.push(release);
              },
              () => {},
            );
          } else if (next === 'release') held.shift()?.();
          else waiting.pop()?.abort(new Error('Enough.'));
          await settle(1);
          const stats = semaphore.stats();
          expect(stats.taken).toBe(held.length);
          expect(stats.taken).toBeLessThanOrEqual(places);
          expect(stats.waiting === 0 || stats.taken === places).toBe(true);
        }
        for (const controller of waiting) controller.abort(new Error('Enough.'));
        while (held.length > 0) {
          held.shift()?.();
          await settle(1);
        }
        expect(semaphore.stats()).toEqual({ places, taken: 0, waiting: 0 });
      }),
    );
  });
});
