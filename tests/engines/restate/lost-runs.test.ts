import { expect, it } from 'vitest';
import type { Order } from '../../../src/engines/ordered/order.ts';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { Execution } from '../../../src/work/execution.ts';
import { lost } from './restate-rig.ts';

const order: Order = { tenant: 't', id: 'e', priority: 0, epoch: null };

/** An engine whose runs lose their execution, which then stands as it is told. */
function losing(found: Pick<Execution, 'epoch' | 'status' | 'wakeAt'> | null) {
  const clock = new TestClock();
  const ordered: [Order, delayMs: number][] = [];
  const engine = new RestateEngine(
    { maxConcurrentExecutions: 1 },
    {
      clock,
      onRunnable: () => {},
      queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
      look: () => Promise.resolve(found),
      order: async (given, delayMs) => void ordered.push([given, delayMs]),
    },
  );
  engine.serve(() => Promise.resolve(lost));
  return { engine, ordered, clock };
}

it('the run to which an order lost its execution is looked after half a minute later', async () => {
  const { engine, ordered } = losing({ epoch: 7, status: 'running', wakeAt: null });
  await engine.perform(order);
  expect(ordered).toEqual([[{ ...order, epoch: 7 }, 30_000]]);
  expect(engine.statistics().running).toBe(0);
});

it('the wake of what another run has parked is seen to, after a while if it is due', async () => {
  const now = new TestClock().now();
  for (const [wakeAt, delayMs] of [
    [now - 1_000, 30_000],
    [now + 90_000, 90_000],
  ] as const) {
    const { engine, ordered } = losing({ epoch: 7, status: 'waiting', wakeAt });
    await engine.perform(order);
    expect(ordered).toEqual([[{ ...order, epoch: 7 }, delayMs]]);
  }
});

it('nothing follows where the execution has ended, is gone, or waits for what nobody knows the time of', async () => {
  for (const found of [
    null,
    { epoch: 7, status: 'completed' as const, wakeAt: null },
    { epoch: 7, status: 'cancelled' as const, wakeAt: null },
    { epoch: 7, status: 'waiting' as const, wakeAt: null },
    { epoch: 7, status: 'queued' as const, wakeAt: null },
  ]) {
    const { engine, ordered } = losing(found);
    await engine.perform(order);
    expect(ordered).toEqual([]);
  }
});
