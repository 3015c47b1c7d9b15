import { beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedEngine } from '../../../src/engines/embedded/embedded-engine.ts';
import type { Runnable } from '../../../src/engines/engine.ts';
import type { Advanced } from '../../../src/workflows/run-services.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';

/** An advance that the test ends. */
interface Advancing {
  readonly id: string;
  finish(): Promise<void>;
  park(wakeAt: number | null): Promise<void>;
  fail(): Promise<void>;
}

const finished: Advanced = {
  kind: 'finished',
  status: 'completed',
  outcome: () => ({ status: 'completed', output: null }),
};
const runnable = (id: string, tenant = 'local', priority = 0): Runnable => ({ tenant, id, priority });

let clock: TestClock;
let engine: EmbeddedEngine;
let advancing: Advancing[];

const advance = ({ id }: Runnable): Promise<Advanced> =>
  new Promise((resolve, reject) => {
    const end = async (then: () => void): Promise<void> => {
      advancing.splice(advancing.indexOf(one), 1);
      then();
      await settle();
    };
    const one: Advancing = {
      id,
      finish: () => end(() => resolve(finished)),
      park: (wakeAt) => end(() => resolve({ kind: 'parked', wakeAt, epoch: 1 })),
      fail: () => end(() => reject(new Error('The claim failed.'))),
    };
    advancing.push(one);
  });

function now(id: string): Advancing {
  const one = advancing.find((each) => each.id === id);
  if (one === undefined) throw new Error(`${id} is not being advanced; those that are: ${ids().join(', ')}`);
  return one;
}

function ids(): string[] {
  return advancing.map(({ id }) => id);
}

beforeEach(() => {
  clock = new TestClock();
  engine = new EmbeddedEngine({ maxConcurrentExecutions: 2 }, clock);
  advancing = [];
  engine.serve(advance);
});

describe('E1: an execution is advanced in one place', () => {
  it('advances one that is started twice once', async () => {
    engine.start(runnable('a'));
    engine.start(runnable('b'));
    engine.start(runnable('c'));
    engine.start(runnable('c'));
    expect(ids()).toEqual(['a', 'b']);
    expect(engine.statistics()).toMatchObject({ running: 2, ready: 1, queued: 1, sleeping: 0 });
    await now('a').finish();
    await now('b').finish();
    expect(ids()).toEqual(['c']);
    await now('c').finish();
    expect(engine.statistics()).toMatchObject({ running: 0, ready: 0, queued: 0, sleeping: 0 });
  });

  it('never advances one beside itself, however it is woken', async () => {
    engine.start(runnable('a'));
    engine.wake(runnable('a'));
    engine.wake(runnable('a'), clock.now() + 5);
    engine.start(runnable('a'));
    expect(ids()).toEqual(['a']);
    await now('a').park(clock.now() + 5);
    expect(ids()).toEqual(['a']);
  });
});

describe('E2: a wake is never lost', () => {
  it('advances again what was woken while it was advanced', async () => {
    engine.start(runnable('a'));
    engine.wake(runnable('a'));
    await now('a').park(null);
    expect(ids()).toEqual(['a']);
    await now('a').park(null);
    expect(ids()).toEqual([]);
  });

  it('ends a sleep early, and does not wake again at its time', async () => {
    engine.start(runnable('a'));
    await now('a').park(clock.now() + 10_000);
    expect(engine.statistics().sleeping).toBe(1);
    engine.wake(runnable('a'));
    await now('a').park(null);
    await clock.advance(20_000);
    expect(ids()).toEqual([]);
    expect(engine.statistics().sleeping).toBe(0);
  });

  it('keeps the earlier of two times, whichever was given first', async () => {
    engine.wake(runnable('a'), clock.now() + 5_000);
    engine.wake(runnable('a'), clock.now() + 9_000);
    await clock.advance(5_000);
    expect(ids()).toEqual(['a']);
    await now('a').park(clock.now() + 9_000);
    engine.wake(runnable('a'), clock.now() + 2_000);
    await clock.advance(2_000);
    expect(ids()).toEqual(['a']);
  });

  it('wakes at the time an execution parked with, and not before', async () => {
    engine.start(runnable('a'));
    await now('a').park(clock.now() + 3_000);
    await clock.advance(2_999);
    expect(ids()).toEqual([]);
    await clock.advance(1);
    expect(ids()).toEqual(['a']);
  });

  it('notices within a second that the clock on the wall was set', async () => {
    engine.start(runnable('a'));
    await now('a').park(clock.now() + 86_400_000);
    clock.set(clock.now() + 86_400_000);
    await clock.advance(1_000);
    expect(ids()).toEqual(['a']);
  });

  it('tries again a second later when an advance could not begin', async () => {
    engine.start(runnable('a'));
    await now('a').fail();
    expect(ids()).toEqual([]);
    await clock.advance(1_000);
    expect(ids()).toEqual(['a']);
  });

  it('holds nothing of an execution that waits for a signal alone', async () => {
    engine.start(runnable('a'));
    await now('a').park(null);
    expect(engine.statistics()).toMatchObject({ running: 0, ready: 0, queued: 0, sleeping: 0 });
    expect(clock.timers).toBe(0);
  });
});

describe('E3: at most maxConcurrentExecutions are advanced', () => {
  it('begins the next when a place is free, fair over tenants, then by priority, then by age', async () => {
    engine.start(runnable('01', 'x'));
    engine.start(runnable('02', 'x'));
    engine.start(runnable('03', 'x'));
    engine.start(runnable('04', 'x', 5));
    engine.start(runnable('05', 'y'));
    expect(ids()).toEqual(['01', '02']);
    const begun: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const [first] = advancing;
      begun.push(first?.id ?? '');
      await first?.finish();
    }
    expect(begun).toEqual(['01', '02', '04', '05', '03']);
  });

  it('frees the place of an execution that parks', async () => {
    for (const id of ['a', 'b', 'c']) engine.start(runnable(id));
    expect(ids()).toEqual(['a', 'b']);
    await now('a').park(null);
    expect(ids()).toEqual(['b', 'c']);
  });

  it('gives out a place before its execution is there, and takes it back', async () => {
    const first = engine.reserve();
    const second = engine.reserve();
    expect(engine.reserve()).toBeNull();
    engine.start(runnable('a'));
    expect(ids()).toEqual([]);
    first?.giveBack();
    expect(ids()).toEqual(['a']);
    second?.run(runnable('b'), () => advance(runnable('b')));
    expect(ids()).toEqual(['a', 'b']);
  });

  it('gives no place to a newcomer while others wait for one', async () => {
    for (const id of ['a', 'b', 'c']) engine.start(runnable(id));
    await now('a').finish();
    expect(engine.reserve()).toBeNull();
  });

  it('gives no place before it serves', () => {
    expect(new EmbeddedEngine({ maxConcurrentExecutions: 1 }, clock).reserve()).toBeNull();
  });

  it('begins what came before it served once it serves', () => {
    const early = new EmbeddedEngine({ maxConcurrentExecutions: 1 }, clock);
    early.start(runnable('a'));
    early.serve(advance);
    expect(ids()).toEqual(['a']);
  });
});

describe('draining', () => {
  it('begins nothing more, and is done when nothing is advanced any more', async () => {
    for (const id of ['a', 'b', 'c']) engine.start(runnable(id));
    await now('a').park(clock.now() + 1_000);
    let isDone = false;
    const drained = engine.drain().then(() => (isDone = true));
    await now('b').finish();
    expect(isDone).toBe(false);
    await now('c').park(null);
    await drained;
    engine.start(runnable('d'));
    engine.wake(runnable('a'));
    await clock.advance(5_000);
    expect(ids()).toEqual([]);
    expect(engine.reserve()).toBeNull();
    expect(clock.timers).toBe(0);
  });

  it('waits for a place that was given out', async () => {
    const place = engine.reserve();
    let isDone = false;
    const drained = engine.drain().then(() => (isDone = true));
    await settle();
    expect(isDone).toBe(false);
    place?.giveBack();
    await drained;
    expect(isDone).toBe(true);
  });

  it('is done at once when nothing is advanced', async () => {
    await expect(engine.drain()).resolves.toBeUndefined();
  });
});

describe('E4: only so many are claimed at a time', () => {
  it('begins the next when one has begun or has failed to, in fair order', async () => {
    const beginning: { readonly id: string; begun(): void; fail(): void }[] = [];
    const many = new EmbeddedEngine({ maxConcurrentExecutions: 10_000 }, clock);
    for (let n = 0; n < 1_000; n++) many.start(runnable(`a${String(n).padStart(3, '0')}`));
    many.serve(
      ({ id }, begun) =>
        new Promise((_, reject) => beginning.push({ id, begun, fail: () => reject(new Error('The claim failed.')) })),
    );
    expect(beginning).toHaveLength(256);
    expect(many.statistics()).toMatchObject({ running: 256, ready: 744, queued: 744, sleeping: 0 });
    many.start(runnable('b', 'another'));
    beginning[0]?.begun();
    beginning[0]?.begun();
    beginning[1]?.begun();
    expect(beginning.slice(256).map(({ id }) => id)).toEqual(['b', 'a256']);
    beginning[2]?.fail();
    await settle();
    expect(beginning.slice(258).map(({ id }) => id)).toEqual(['a257']);
    expect(many.statistics().running).toBe(258);
  });
});
