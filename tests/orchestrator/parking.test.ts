import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { settle } from '../../src/testing/test-clock.ts';
import { sharedWorkbench } from '../support/workbench.ts';

const open = sharedWorkbench();

/** Collects garbage now. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc !== 'function') throw new Error('This Node cannot collect garbage on demand.');
  Reflect.apply(gc, undefined, []);
}

describe('an execution that waits', () => {
  it('leaves nothing of its run in memory', async () => {
    await using bench = open();
    const held: WeakRef<object>[] = [];
    const { process } = bench.start([
      defineWorkflow({
        name: 'holding',
        run: async ({ step, input }) => {
          const large = { input, bytes: new Uint8Array(1_000_000) };
          held.push(new WeakRef(large));
          await Promise.all([step.waitFor('go'), step.sleep('long', '1h')]);
          return large.bytes.length;
        },
      }),
    ]);
    const ids = await Promise.all(Array.from({ length: 5 }, () => process.submit('holding')));
    await bench.quiet();
    for (let turn = 0; turn < 20 && held.some((ref) => ref.deref() !== undefined); turn++) {
      await settle();
      collectGarbage();
    }
    expect(held).toHaveLength(5);
    expect(held.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    expect(ids.filter((id) => process.advancer.isRunning(id))).toEqual([]);
  });

  it('for a signal alone is no entry of the engine and sets no timer, however many wait', async () => {
    await using bench = open();
    const { process, life } = bench.start([
      defineWorkflow({ name: 'waiting', run: ({ step }) => step.waitFor('go', {}).then(() => 'done') }),
    ]);
    const ids = await Promise.all(Array.from({ length: 200 }, () => process.submit('waiting')));
    await bench.quiet();
    expect(process.engine.statistics()).toMatchObject({ running: 0, ready: 0, queued: 0, sleeping: 0 });
    expect(life.timers).toBe(0);
    await Promise.all(ids.map((id) => process.run(id).signal('go')));
    const outcomes = await Promise.all(ids.map((id) => process.result(id)));
    expect(outcomes.filter(({ status }) => status === 'completed')).toHaveLength(200);
  });

  it('gives its place to another one, and takes one again when it is woken', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'waiting',
          run: async ({ step }) => [await step.waitFor('go'), await step.run('after', bench.bodies.body('after'))],
        }),
        defineWorkflow({ name: 'working', run: ({ step }) => step.run('work', bench.bodies.body('work')) }),
      ],
      { maxConcurrentExecutions: 1 },
    );
    const waiting = await process.submit('waiting');
    await bench.quiet();
    const working = await process.submit('working');
    await bench.quiet();
    expect(bench.bodies.keys).toEqual(['work']);
    await process.run(waiting).signal('go');
    await bench.quiet();
    expect(process.engine.statistics()).toMatchObject({ running: 1, ready: 1, queued: 0 });
    await bench.end('work');
    expect(await process.result(working)).toMatchObject({ status: 'completed' });
    await bench.end('after');
    expect(await process.result(waiting)).toMatchObject({ status: 'completed' });
  });
});

describe('places', () => {
  it('are at most maxConcurrentExecutions, and the rest is queued and counted by the gate', async () => {
    await using bench = open();
    const { process } = bench.start(
      [defineWorkflow({ name: 'working', run: ({ step }) => step.run('work', bench.bodies.body('work')) })],
      { maxConcurrentExecutions: 1, maxQueuedExecutions: 2 },
    );
    const ids = [await process.submit('working'), await process.submit('working'), await process.submit('working')];
    await expect(process.submit('working')).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      details: { queued: 2, closesAt: 2 },
    });
    for (const id of ids) {
      await bench.end('work');
      expect(await process.result(id)).toMatchObject({ status: 'completed' });
    }
    expect(bench.bodies.begun).toHaveLength(3);
    expect(await bench.state.reports.open('', 10)).toEqual([]);
  });

  it('are given back when a submission is refused by the store or is a repetition', async () => {
    await using bench = open();
    const { process } = bench.start(
      [defineWorkflow({ name: 'working', run: ({ step }) => step.run('work', bench.bodies.body('work')) })],
      { maxConcurrentExecutions: 2 },
    );
    const request = { input: 1, idempotencyKey: 'k' };
    const id = await process.submit('working', request);
    for (let turn = 0; turn < 5; turn++) expect(await process.submit('working', request)).toBe(id);
    for (let turn = 0; turn < 5; turn++)
      await expect(process.submit('working', { ...request, input: 2 })).rejects.toMatchObject({ status: 409 });
    expect(process.engine.statistics().running).toBe(1);
  });
});
