import { expect, it } from 'vitest';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import { systemClock } from '../../../src/kernel/clock.ts';

it('advances what a wake is for also when that comes before the run has ended that ordered it', async () => {
  const advanced: string[] = [];
  let woken: Promise<void> = Promise.resolve();
  const engine = new RestateEngine(
    { maxConcurrentExecutions: 10 },
    {
      clock: systemClock,
      onRunnable: () => {},
      queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
      look: () => Promise.resolve({ epoch: 1, status: 'waiting', wakeAt: 0 }),
      // Restate has lost sight of the run, and brings the wake before it says that it has it.
      order: (order) => {
        woken = engine.perform(order);
        return Promise.resolve();
      },
    },
  );
  engine.serve(({ id }) => {
    advanced.push(id);
    return Promise.resolve({ kind: 'parked', wakeAt: advanced.length === 1 ? 0 : null, epoch: 1 });
  });
  await engine.perform({ tenant: 't', id: 'one', priority: 0, epoch: null });
  await woken;
  expect(advanced).toEqual(['one', 'one']);
});
