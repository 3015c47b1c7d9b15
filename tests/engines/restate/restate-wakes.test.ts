import { describe, expect, it } from 'vitest';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import type { Order } from '../../../src/engines/ordered/order.ts';
import { settle, TestClock } from '../../../src/testing/test-clock.ts';
import type { Execution } from '../../../src/work/execution.ts';
import type { Advanced } from '../../../src/workflows/run-services.ts';

type Look = Pick<Execution, 'epoch' | 'status' | 'wakeAt'> | null;

/** An engine without Restate: what it orders, and how often it advances. */
class Rig {
  readonly clock = new TestClock(1_000);
  readonly ordered: { readonly epoch: number | null; readonly delayMs: number }[] = [];
  advances = 0;
  look: Look = { epoch: 1, status: 'waiting', wakeAt: null };
  comesTo: () => Promise<Advanced> = async () => ({ kind: 'parked', wakeAt: null, epoch: 3 });
  onOrder: () => void = () => {};
  readonly engine: RestateEngine;

  constructor(maxConcurrentExecutions = 10) {
    this.engine = new RestateEngine(
      { maxConcurrentExecutions },
      {
        clock: this.clock,
        onRunnable: () => {},
        queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
        look: async () => this.look,
        order: async ({ epoch }, delayMs) => {
          this.onOrder();
          this.ordered.push({ epoch, delayMs });
        },
      },
    );
    this.engine.serve(() => {
      this.advances += 1;
      return this.comesTo();
    });
  }

  order(epoch: number | null, id = 'x'): Order {
    return { tenant: 't', id, priority: 0, epoch };
  }
}

describe('a wake', () => {
  it.each<[string, Look, number, readonly unknown[]]>([
    ['advances what it was ordered for', { epoch: 1, status: 'waiting', wakeAt: 500 }, 1, []],
    ['advances what a run left that died', { epoch: 2, status: 'running', wakeAt: null }, 1, []],
    [
      'orders the next one of who parked after it',
      { epoch: 2, status: 'waiting', wakeAt: 4_000 },
      0,
      [{ epoch: 2, delayMs: 3_000 }],
    ],
    ['leaves who waits for a signal alone', { epoch: 2, status: 'waiting', wakeAt: null }, 0, []],
    ['leaves what has ended alone', { epoch: 2, status: 'completed', wakeAt: null }, 0, []],
    ['leaves what is not there any more alone', null, 0, []],
  ])('%s', async (_, look, advances, ordered) => {
    const rig = new Rig();
    rig.look = look;
    await rig.engine.perform(rig.order(1));
    expect(rig.advances).toBe(advances);
    expect(rig.ordered).toEqual(ordered);
  });

  it('is ordered before the order is done from which it follows; where it cannot be, that is given again', async () => {
    const rig = new Rig();
    rig.comesTo = async () => ({ kind: 'parked', wakeAt: 2_500, epoch: 7 });
    rig.onOrder = () => {
      throw new Error('Restate is away.');
    };
    await expect(rig.engine.perform(rig.order(null))).rejects.toThrow('Restate is away.');
    rig.onOrder = () => {};
    await rig.engine.perform(rig.order(null));
    expect(rig.ordered).toEqual([{ epoch: 7, delayMs: 1_500 }]);
    expect(rig.engine.statistics().running).toBe(0);
  });
});

describe('an order that comes while its execution runs', () => {
  it.each<[string, Look, number]>([
    [
      'is carried out after that, as the run may have parked before it came about',
      { epoch: 1, status: 'waiting', wakeAt: null },
      2,
    ],
    ['is done when the execution has ended', { epoch: 1, status: 'completed', wakeAt: null }, 1],
  ])('%s', async (_, look, advances) => {
    const rig = new Rig();
    rig.look = look;
    const first = Promise.withResolvers<Advanced>();
    rig.comesTo = () => first.promise;
    const both = [rig.engine.perform(rig.order(null)), rig.engine.perform(rig.order(null))];
    await settle();
    expect(rig.advances).toBe(1);
    first.resolve({ kind: 'parked', wakeAt: null, epoch: 1 });
    await Promise.all(both);
    expect(rig.advances).toBe(advances);
  });
});

describe('an order that was taken back', () => {
  it('is not begun any more: somebody else may have it', async () => {
    const rig = new Rig(1);
    const first = Promise.withResolvers<Advanced>();
    rig.comesTo = () => first.promise;
    const running = rig.engine.perform(rig.order(null, 'first'));
    const gone = new AbortController();
    const waiting = rig.engine.perform(rig.order(null, 'second'), gone.signal).catch((error: unknown) => error);
    gone.abort();
    first.resolve({ kind: 'lost' });
    await running;
    expect(await waiting).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(rig.advances).toBe(1);
    expect(rig.engine.statistics().running).toBe(0);
  });
});

describe('the places of a worker', () => {
  it('are as many as were set; who waits too long for one is sent on', async () => {
    const rig = new Rig(1);
    const first = Promise.withResolvers<Advanced>();
    rig.comesTo = () => first.promise;
    const running = rig.engine.perform(rig.order(null, 'first'));
    const waiting = rig.engine.perform(rig.order(null, 'second'));
    const gone = waiting.catch((error: unknown) => error);
    await settle();
    expect(rig.engine.statistics()).toMatchObject({ running: 1, ready: 1 });
    await rig.clock.advance(5_000);
    expect(await gone).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(rig.engine.statistics()).toMatchObject({ running: 1, ready: 0 });
    const next = rig.engine.perform(rig.order(null, 'third'));
    first.resolve({ kind: 'lost' });
    await Promise.all([running, next]);
    expect(rig.advances).toBe(2);
    expect(rig.clock.timers).toBe(0);
  });
});
