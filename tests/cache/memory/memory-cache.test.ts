import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryCache } from '../../../src/cache/memory/memory-cache.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import { cacheContract } from '../../contracts/cache-contract.ts';

cacheContract(async (clock, cacheEntries) => new MemoryCache({ cacheEntries }, clock));

/** A step of a history: somebody reads, a read comes back, or the truth changes and is told by key or by tag. */
const step = fc.constantFrom<'read' | 'arrive' | 'change by key' | 'change by tag'>(
  'read',
  'arrive',
  'change by key',
  'change by tag',
);

it('never gives to who asks after a change what was true before it, in whatever order reads and changes come', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const cache = new MemoryCache({ cacheEntries: 10 }, new TestClock());
      let truth = 0;
      const arrivals: (() => void)[] = [];
      const checks: Promise<void>[] = [];
      const read = async (): Promise<void> => {
        const atLeast = truth;
        const seen = await cache.get('squad', 'a', ['tag'], () => {
          const found = truth;
          return new Promise<number>((resolve) => arrivals.push(() => resolve(found)));
        });
        expect(seen).toBeGreaterThanOrEqual(atLeast);
      };
      for (const kind of steps) {
        if (kind === 'read') checks.push(read());
        else if (kind === 'arrive') arrivals.shift()?.();
        else {
          truth++;
          await (kind === 'change by key' ? cache.forget('squad', 'a') : cache.forgetTag('tag'));
        }
        await settle(1);
      }
      for (const arrive of arrivals) arrive();
      await Promise.all(checks);
    }),
    { numRuns: 200 },
  );
});
