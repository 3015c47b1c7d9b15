import { expect, it, onTestFinished, vi } from 'vitest';
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

/** A lane whose groups end when the test says so. */
function heldLane(maxGroups: number) {
  const sent: { readonly items: readonly number[]; readonly end: () => void }[] = [];
  const lane = new GroupLane<number, number>(
    (items) => new Promise((resolve) => sent.push({ items, end: () => resolve(items) })),
    String,
    { ...settings, maxGroups, maxSize: 100 },
  );
  return { lane, sent };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('sends the first at once, gathers few as long again as that took, and sends enough in any case', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const { lane, sent } = heldLane(2);
  const first = lane.add(0);
  await turn();
  const few = [1, 2].map((item) => lane.add(item));
  vi.advanceTimersByTime(8);
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[0]]);
  sent[0]?.end();
  await first;
  await turn();
  few.push(lane.add(3));
  vi.advanceTimersByTime(7);
  await turn();
  expect(sent).toHaveLength(1);
  vi.advanceTimersByTime(1);
  await turn();
  expect(sent.map(({ items }) => items)).toEqual([[0], [1, 2, 3]]);
  const enough = Array.from({ length: 16 }, (_, place) => lane.add(10 + place));
  await turn();
  expect(sent.map(({ items }) => items.length)).toEqual([1, 3, 16]);
  for (const { end } of sent) end();
  await Promise.all([...few, ...enough]);
});
