import { describe, expect, it, onTestFinished } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { status } from '../../contracts/contract-state.ts';
import { openTemporaryState } from '../../work/sqlite/open-state.ts';
import { Rig } from './rig.ts';

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;
const hour = 60 * minute;

/** A process that serves, on a clock and a state of its own. */
async function open(maxWaiting?: number): Promise<Rig> {
  const clock = new TestClock(start);
  const state = await openTemporaryState(clock);
  onTestFinished(() => state[Symbol.asyncDispose]());
  const rig = new Rig(state, clock, 'local', maxWaiting);
  rig.runner.serve();
  return rig;
}

describe('a schedule that ticks', () => {
  it('makes an execution at each tick, and says so', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m' });
    await rig.advance(minute - 1);
    expect(rig.begun).toEqual([]);
    await rig.advance(1);
    expect(rig.begun).toHaveLength(1);
    await rig.end(rig.begun[0]);
    await rig.advance(minute);
    const firings = await rig.firings(id);
    expect(firings.map(({ tick }) => tick)).toEqual([start + minute, start + 2 * minute]);
    expect(firings.map(({ execution }) => execution.id)).toEqual(rig.begun);
    expect(rig.runner.statistics()).toEqual({ active: 1, fired: 2, skipped: 0, missed: 0 });
    expect(rig.errors).toEqual([]);
  });

  it('skips what finds earlier work open', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m' });
    await rig.advance(3 * minute);
    expect(rig.begun).toHaveLength(1);
    expect((await rig.schedule(id)).counts).toEqual({ fired: 1, skipped: 2, missed: 0 });
  });

  it('begins what waits when what was before has ended, in the order of the ticks, and not before', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m', overlap: 'queue' });
    await rig.advance(3 * minute);
    expect(rig.begun).toHaveLength(1);
    const ids = (await rig.firings(id)).map(({ execution }) => execution.id);
    expect(ids).toHaveLength(3);
    for (const one of ids) await rig.end(one);
    expect(rig.begun).toEqual(ids);
  });

  it('goes on with what waits after a restart, whether or not something is under way', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m', overlap: 'queue' });
    await rig.advance(3 * minute);
    const ids = (await rig.firings(id)).map(({ execution }) => execution.id);
    await rig.restart();
    await rig.end(ids[0]);
    expect(rig.begun).toEqual(ids.slice(0, 2));
    rig.runner[Symbol.dispose]();
    await rig.end(ids[1]);
    expect(rig.begun).toEqual(ids.slice(0, 2));
    await rig.restart();
    expect(rig.begun).toEqual(ids);
  });

  it('does not tick when it is forgotten, nor in a process that has not its workflow', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m' });
    rig.runner.forget(id);
    await rig.advance(2 * minute);
    expect(await rig.firings(id)).toEqual([]);
    rig.forgetWorkflow('feature');
    await rig.restart();
    expect(rig.runner.statistics().active).toBe(0);
    await rig.advance(2 * minute);
    expect(await rig.firings(id)).toEqual([]);
    // Nothing was decided about them: who has it makes up for them.
    expect((await rig.schedule(id)).nextAt).toBe(start + minute);
  });

  it('reads again what somebody else has changed', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m' });
    await rig.state.schedules.setStatus(rig.tenant, id, { version: 1, status: 'paused', nextAt: null });
    await rig.advance(minute);
    expect(await rig.firings(id)).toEqual([]);
    expect(rig.runner.statistics().active).toBe(0);
  });

  it('tries again what the store refused, and loses nothing by it', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m', missed: 'skip' });
    const turn = rig.state.schedules.turn.bind(rig.state.schedules);
    let refusals = 2;
    rig.runner[Symbol.dispose]();
    Object.defineProperty(rig.state.schedules, 'turn', {
      configurable: true,
      value: (...args: Parameters<typeof turn>) =>
        refusals-- > 0 ? Promise.reject(new Error('The disk is full.')) : turn(...args),
    });
    await rig.restart();
    await rig.advance(minute);
    expect(rig.errors).toHaveLength(1);
    await rig.advance(5_000);
    expect(rig.errors).toHaveLength(2);
    Reflect.deleteProperty(rig.state.schedules, 'turn');
    expect((await rig.firings(id)).map(({ tick }) => tick)).toEqual([start + minute]);
  });
});

describe('ticks that were missed', () => {
  const missing = async (missed: 'skip' | 'once' | 'all', lateMs: number) => {
    const rig = await open();
    const id = await rig.create({ every: '1h', missed, overlap: 'queue' });
    rig.runner[Symbol.dispose]();
    await rig.advance(4 * hour + lateMs);
    await rig.restart();
    const { counts, nextAt } = await rig.schedule(id);
    expect(nextAt).toBe(start + 5 * hour);
    return { fired: (await rig.firings(id)).map(({ tick }) => (tick - start) / hour), missed: counts.missed };
  };

  it.each([
    ['skip', 10 * minute, { fired: [], missed: 4 }],
    ['skip', 10_000, { fired: [4], missed: 3 }],
    ['once', 10 * minute, { fired: [4], missed: 3 }],
    ['all', 10 * minute, { fired: [1, 2, 3, 4], missed: 0 }],
  ] as const)('are made up for as it says: %s, %d ms after the last', async (rule, lateMs, expected) => {
    expect(await missing(rule, lateMs)).toEqual(expected);
  });

  it('are looked at in batches, and all counted', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1s', missed: 'once' });
    rig.runner[Symbol.dispose]();
    await rig.advance(1_000_000);
    await rig.restart();
    expect((await rig.schedule(id)).counts).toEqual({ fired: 1, skipped: 0, missed: 999 });
  });

  it('fill the queue and no more; the rest is skipped, and counted', async () => {
    const rig = await open(5);
    const id = await rig.create({ every: '1s', missed: 'all', overlap: 'queue' });
    rig.runner[Symbol.dispose]();
    await rig.advance(1_000_000);
    await rig.restart();
    expect((await rig.schedule(id)).counts).toEqual({ fired: 6, skipped: 994, missed: 0 });
    expect((await rig.firings(id)).map(({ tick }) => (tick - start) / 1_000)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('when the clock is set', () => {
  it('forward, ticks that it passed are due', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m', missed: 'all', overlap: 'queue' });
    await rig.set(start + 2 * minute + 30_000);
    expect((await rig.firings(id)).map(({ tick }) => (tick - start) / minute)).toEqual([1, 2]);
  });

  it('back, no tick comes twice', async () => {
    const rig = await open();
    const id = await rig.create({ every: '1m', overlap: 'queue' });
    await rig.advance(2 * minute);
    await rig.set(start);
    await rig.restart();
    await rig.advance(2 * minute);
    expect((await rig.firings(id)).map(({ tick }) => (tick - start) / minute)).toEqual([1, 2]);
    await rig.advance(minute);
    expect((await rig.firings(id)).map(({ tick }) => (tick - start) / minute)).toEqual([1, 2, 3]);
  });
});

describe('where several processes run schedules', () => {
  async function two(): Promise<readonly [Rig, Rig]> {
    const clock = new TestClock(start);
    const state = await openTemporaryState(clock);
    onTestFinished(() => state[Symbol.asyncDispose]());
    const rigs = [0, 1].map(() => new Rig(state, clock, 'local', 1_000, true));
    for (const rig of rigs) rig.runner.serve();
    const [here, there] = rigs;
    if (here === undefined || there === undefined) throw new Error('There are two.');
    return [here, there];
  }

  it('each tick makes one execution, whoever made the schedule, and goes on when its maker is gone', async () => {
    const [here, there] = await two();
    const id = await here.create({ every: '1m', overlap: 'queue' });
    await here.advance(2 * minute);
    expect(there.runner.statistics().active).toBe(1);
    expect(here.begun.length + there.begun.length).toBe(1);
    await here.end([...here.begun, ...there.begun][0]);
    here.runner[Symbol.dispose]();
    await there.advance(2 * minute);
    expect((await there.firings(id)).map(({ tick }) => (tick - start) / minute)).toEqual([1, 2, 3, 4]);
    expect([...here.errors, ...there.errors]).toEqual([]);
  });

  it('what one removes or pauses ticks nowhere', async () => {
    const [here, there] = await two();
    const id = await here.create({ every: '1m' });
    await here.advance(30_000);
    expect(there.runner.statistics().active).toBe(1);
    await here.state.schedules.remove('local', id, null);
    here.runner.forget(id);
    await here.advance(2 * minute);
    expect(there.runner.statistics().active).toBe(0);
    expect([...here.begun, ...there.begun]).toEqual([]);
  });

  it('what waits begins when the end of what was before went by in another process', async () => {
    const [here, there] = await two();
    const id = await here.create({ every: '1m', overlap: 'queue' });
    await here.advance(2 * minute);
    const [first] = await here.firings(id);
    // Neither of them is told.
    const claim = await here.state.executions.claim('local', first?.execution.id ?? '');
    await claim?.session.commit({ records: [status('completed', { output: '1' })] });
    await here.advance(5_000);
    expect(here.begun.length + there.begun.length).toBe(2);
  });
});
