import { describe, expect, it } from 'vitest';
import { CommonBuckets } from '../../src/flow/common-buckets.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { SimulatedBuckets } from '../support/simulated-buckets.ts';

function open(count = 2) {
  const clock = new TestClock();
  const shared = new SimulatedBuckets(clock);
  const views = Array.from({ length: count }, () => shared.view());
  const processes = views.map((view) => new CommonBuckets('requests', { perMinute: 5, burst: 2 }, clock, view));
  const [one = processes[0], other = processes[1]] = processes;
  if (one === undefined || other === undefined) throw new Error('There are two.');
  return { clock, shared, views, one, other };
}

async function taken(buckets: CommonBuckets, times: number): Promise<number> {
  let count = 0;
  for (let time = 0; time < times; time++) if ((await buckets.take('k')).isTaken) count++;
  return count;
}

describe('buckets that processes have in common', () => {
  it('give as many tokens to all of them as one process alone would have', async () => {
    const { clock, one, other } = open();
    expect(await taken(one, 4)).toBe(4);
    expect(await taken(other, 9)).toBe(3);
    expect(await taken(one, 2)).toBe(0);
    await clock.advance(12_000);
    expect(await taken(one, 1)).toBe(1);
    expect(await other.take('k')).toMatchObject({ isTaken: false, remaining: 0, waitMs: 12_000 });
    expect(await other.take('another')).toMatchObject({ isTaken: true, remaining: 6 });
  });

  it('are not asked again before there can be a token, however often somebody tries', async () => {
    const { clock, views, one } = open();
    await taken(one, 8);
    expect(views[0]?.statistics()).toMatchObject({ taken: 7, refused: 0 });
    await taken(one, 1_000);
    await clock.advance(11_999);
    await taken(one, 1_000);
    expect(views[0]?.statistics()).toMatchObject({ taken: 7, refused: 0 });
    await clock.advance(1);
    expect(await taken(one, 1)).toBe(1);
  });

  it('are each process’ own while nobody can be asked, from what was known last, and common again afterwards', async () => {
    const { clock, shared, one, other } = open();
    expect(await taken(one, 4)).toBe(4);
    shared.isAway = true;
    expect(await taken(one, 5)).toBe(3);
    expect(await taken(other, 9)).toBe(7);
    shared.isAway = false;
    await clock.advance(84_000);
    expect((await taken(one, 9)) + (await taken(other, 9))).toBe(7);
  });
});
