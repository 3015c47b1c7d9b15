import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deliveries } from '../../src/workflows/deliveries.ts';
import { settle } from '../../src/testing/test-clock.ts';

/** Deliveries of a journal, with what was delivered and when they came to rest. */
function deliveriesOf(order: readonly string[]) {
  const told: string[] = [];
  const deliveries = new Deliveries(order, () => told.push('rest'));
  return { deliveries, told, heard: () => told.filter((each) => each !== 'rest') };
}

describe('D1: one at a time', () => {
  it('everything a result sets going runs before the next one is delivered', async () => {
    const { deliveries, told } = deliveriesOf(['a', 'b']);
    const chain = async (key: string): Promise<void> => {
      told.push(key);
      for (let turn = 1; turn <= 50; turn++) await Promise.resolve();
      told.push(`${key} went on`);
    };
    deliveries.replay('a', () => void chain('a'));
    deliveries.replay('b', () => void chain('b'));
    await settle();
    expect(told).toEqual(['a', 'a went on', 'b', 'b went on', 'rest']);
  });

  it('also for results that have just been committed together', async () => {
    const { deliveries, told } = deliveriesOf([]);
    const chain = async (key: string): Promise<void> => {
      told.push(key);
      for (let turn = 1; turn <= 50; turn++) await Promise.resolve();
      told.push(`${key} went on`);
    };
    for (const key of ['a', 'b', 'c']) deliveries.fresh(() => void chain(key));
    await settle();
    expect(told.slice(0, -1)).toEqual(['a', 'a went on', 'b', 'b went on', 'c', 'c went on']);
  });

  it('a promise that settled is seen before the next one settles', async () => {
    const { deliveries } = deliveriesOf(['a', 'b']);
    const [a, b] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    // Behind several promises, as a branch is behind its scopes.
    const deep = (async () => (async () => (async () => a.promise)())())();
    const winner = Promise.race([deep, b.promise]);
    deliveries.replay('b', () => b.resolve('b'));
    deliveries.replay('a', () => a.resolve('a'));
    expect(await winner).toBe('a');
  });
});

describe('D2: in the order of the journal', () => {
  it('however the steps are reached', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 12 })
          .chain((order) => fc.tuple(fc.constant(order), fc.shuffledSubarray(order, { minLength: order.length }))),
        async ([order, reached]) => {
          const { deliveries, heard, told } = deliveriesOf(order);
          for (const key of reached) deliveries.replay(key, () => told.push(key));
          await settle(3);
          expect(heard()).toEqual(order);
          expect(deliveries.isLive).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('before anything new', async () => {
    const { deliveries, heard, told } = deliveriesOf(['a', 'b']);
    deliveries.replay('b', () => told.push('b'));
    deliveries.fresh(() => told.push('new'));
    deliveries.replay('a', () => told.push('a'));
    expect(deliveries.isLive).toBe(false);
    await settle();
    expect(heard()).toEqual(['a', 'b', 'new']);
  });

  it('one that the workflow does not come to is passed over after a turn, and delivered when it comes late', async () => {
    const { deliveries, heard, told } = deliveriesOf(['gone', 'a', 'late', 'b']);
    deliveries.replay('b', () => told.push('b'));
    deliveries.replay('a', () => told.push('a'));
    await settle();
    expect(heard()).toEqual(['a', 'b']);
    deliveries.replay('late', () => told.push('late'));
    await settle();
    expect(heard()).toEqual(['a', 'b', 'late']);
    expect(told.at(-1)).toBe('rest');
  });

  it('one that is reached by what the one before it set going is waited for', async () => {
    const { deliveries, heard, told } = deliveriesOf(['a', 'a2', 'b']);
    deliveries.replay('b', () => told.push('b'));
    deliveries.replay('a', () => {
      told.push('a');
      void (async () => {
        for (let turn = 1; turn <= 20; turn++) await Promise.resolve();
        deliveries.replay('a2', () => told.push('a2'));
      })();
    });
    await settle();
    expect(heard()).toEqual(['a', 'a2', 'b']);
  });
});

describe('D3: rest', () => {
  it('is told when nothing is left, once for each time something went on', async () => {
    const { deliveries, told } = deliveriesOf(['a']);
    deliveries.schedule();
    deliveries.schedule();
    await settle();
    expect(told).toEqual(['rest']);
    deliveries.replay('a', () => told.push('a'));
    await settle();
    expect(told).toEqual(['rest', 'a', 'rest']);
  });

  it('is never told, and nothing is delivered, once it was stopped', async () => {
    const { deliveries, told } = deliveriesOf(['gone', 'a']);
    deliveries.replay('a', () => told.push('a'));
    deliveries.fresh(() => told.push('new'));
    await new Promise((resolve) => process.nextTick(resolve));
    deliveries.stop();
    deliveries.fresh(() => told.push('later'));
    deliveries.schedule();
    await settle();
    expect(told).toEqual([]);
  });

  it('delivers what is committed while nothing goes on at once', () => {
    const { deliveries, told } = deliveriesOf([]);
    deliveries.fresh(() => told.push('a'));
    expect(told).toEqual(['a']);
  });
});
