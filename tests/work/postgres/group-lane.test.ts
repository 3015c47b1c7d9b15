import { expect, it } from 'vitest';
import { SquadraError } from '../../../src/kernel/errors.ts';
import { DurationHistogram } from '../../../src/telemetry/histogram.ts';
import { GroupLane } from '../../../src/work/postgres/group-lane.ts';

const settings = { maxPendingWrites: 100, maxGroups: 1, maxSize: 10, durations: new DurationHistogram() };

/** Adds three at once to a lane that fails as it is told, and says what each came to, and which groups were tried. */
async function addThree(fails: (items: readonly string[]) => SquadraError | null) {
  const tried: (readonly string[])[] = [];
  const lane = new GroupLane<string, string>(
    async (items) => {
      tried.push(items);
      const error = fails(items);
      if (error !== null) throw error;
      return items;
    },
    (item) => item,
    settings,
  );
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((item) => lane.add(item)));
  return { tried, outcomes: outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code)) };
}

it('tries each alone where a group was refused because of one', async () => {
  const refused = new SquadraError('STORE_FAILED', 'No.');
  const { tried, outcomes } = await addThree((items) => (items.includes('b') ? refused : null));
  expect(tried).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
  expect(outcomes).toEqual(['a', 'STORE_FAILED', 'c']);
});

it('does not let each of a group wait for a database that is away', async () => {
  const away = new SquadraError('STORE_UNAVAILABLE', 'Nobody answers.');
  const { tried, outcomes } = await addThree(() => away);
  expect(tried).toEqual([['a', 'b', 'c'], ['a']]);
  expect(outcomes).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
});
