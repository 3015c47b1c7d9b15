import { describe, expect, it } from 'vitest';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { AnyWorkflow } from '../../src/workflows/workflow.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';
import type { OpenState } from './contract-state.ts';

/** Start, cancel, retry, and submitting the same thing twice. */
export function commandsFromOutside(makeEngine: EngineFactory, openState: OpenState): void {
  const open = sharedWorkbench(makeEngine, openState);
  const oneStep = ({ bodies }: Workbench): AnyWorkflow =>
    defineWorkflow({ name: 'one', run: ({ step }) => step.run('work', bodies.body('work')) });
  const sleeper = defineWorkflow({ name: 'sleeper', run: ({ step }) => step.sleep('long', '30d') });

  describe('starting', () => {
    it('begins a created execution once, however often it is asked for', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench)]);
      const id = await process.submit('one', { input: {}, start: false });
      expect((await bench.get(id)).status).toBe('created');
      expect(bench.bodies.begun).toEqual([]);
      const starts = await Promise.all([1, 2, 3].map(() => process.run(id).start()));
      expect(starts.filter(({ changed }) => changed)).toHaveLength(1);
      await bench.end('work');
      expect(bench.bodies.begun).toEqual(['work']);
      expect(await process.result(id)).toEqual({ status: 'completed', output: 'work!' });
      await expect(process.run(id).start()).rejects.toMatchObject({ code: 'ALREADY_ENDED' });
    });

    it('of an execution that is started, woken and resumed at once advances it in one place', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench)]);
      const id = await process.submit('one', { input: {}, start: false });
      const runnable = { tenant: 'local', id, priority: 0 };
      await Promise.all([process.run(id).start(), process.run(id).start()]);
      process.engine.start(runnable);
      process.engine.wake(runnable);
      await process.resume();
      await bench.quiet();
      expect(bench.bodies.begun).toEqual(['work']);
      expect((await bench.get(id)).epoch).toBe(1);
    });

    it('answers the same submission with the same execution, and another one under its key with a conflict', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench)]);
      const request = { input: { n: 1 }, idempotencyKey: 'k' };
      const ids = await Promise.all([1, 2, 3].map(() => process.submit('one', request)));
      expect(new Set(ids).size).toBe(1);
      await expect(process.submit('one', { ...request, input: { n: 2 } })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        details: { executionId: ids[0] },
      });
      await bench.end('work');
      expect(bench.bodies.begun).toEqual(['work']);
      expect(process.engine.statistics()).toMatchObject({ running: 0, ready: 0 });
    });
  });

  describe('cancelling', () => {
    it('reaches the signal of the body that runs, and what the body brings afterwards is dropped', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench)]);
      const id = await process.submit('one');
      const waiting = process.result(id);
      await bench.quiet();
      const { attempt, resolve } = bench.bodies.get('work');
      expect(attempt.signal.aborted).toBe(false);
      await process.run(id).cancel('not needed');
      expect(attempt.signal.aborted).toBe(true);
      expect(attempt.signal.reason).toMatchObject({ code: 'EXECUTION_CANCELLED' });
      resolve('too late');
      expect(await waiting).toEqual({ status: 'cancelled', reason: 'not needed' });
      expect(await bench.steps(id)).toEqual([]);
      expect(await process.result(id)).toEqual({ status: 'cancelled', reason: 'not needed' });
      expect(process.engine.statistics()).toMatchObject({ running: 0, ready: 0, queued: 0, sleeping: 0 });
    });

    it('ends what is created, what waits for a place and what waits for a time, and forgets it', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench), sleeper], { maxConcurrentExecutions: 1 });
      const asleep = await process.submit('sleeper');
      await bench.quiet();
      const created = await process.submit('one', { input: {}, start: false });
      await process.submit('one');
      await bench.quiet();
      const queued = await process.submit('one');
      await bench.quiet();
      const statuses = await Promise.all([asleep, created, queued].map(async (id) => (await bench.get(id)).status));
      expect(statuses).toEqual(['waiting', 'created', 'queued']);
      for (const id of [asleep, created, queued]) await process.run(id).cancel();
      await bench.end('work');
      expect(bench.bodies.begun).toEqual(['work']);
      for (const id of [asleep, created, queued]) expect((await bench.get(id)).status).toBe('cancelled');
      expect(process.engine.statistics()).toMatchObject({ running: 0, ready: 0, queued: 0, sleeping: 0 });
    });

    it('says once that it changed something, and refuses what has ended otherwise', async () => {
      await using bench = open();
      const { process } = bench.start([oneStep(bench)]);
      const [cancelled, completed] = [
        await process.submit('one', { input: {}, start: false }),
        await process.submit('one'),
      ];
      await bench.end('work');
      expect((await process.run(cancelled).cancel()).changed).toBe(true);
      expect((await process.run(cancelled).cancel()).changed).toBe(false);
      await expect(process.run(completed).cancel()).rejects.toMatchObject({
        code: 'ALREADY_ENDED',
        details: { executionStatus: 'completed' },
      });
    });
  });

  describe('retrying', () => {
    const flow = ({ bodies }: Workbench): AnyWorkflow =>
      defineWorkflow({
        name: 'flow',
        run: async ({ step }) => {
          const a = await step.run('a', bodies.body('a'));
          const b = await step.run('b', bodies.body('b'));
          return [a, b];
        },
      });

    it('keeps the committed steps of a failed execution and runs the failed one again', async () => {
      await using bench = open();
      const { process } = bench.start([flow(bench)]);
      const id = await process.submit('flow');
      await bench.end('a');
      await bench.fail('b', new NonRetryableError('The server said no'));
      expect(await process.result(id)).toMatchObject({
        status: 'failed',
        error: { name: 'NonRetryableError', message: 'The server said no' },
      });
      expect((await process.run(id).retry()).status).toBe('queued');
      await bench.quiet();
      expect(bench.bodies.get('b').attempt.number).toBe(2);
      await bench.end('b');
      expect(await process.result(id)).toEqual({ status: 'completed', output: ['a!', 'b!'] });
      expect(bench.bodies.begun).toEqual(['a', 'b', 'b']);
    });

    it('is for failed executions only', async () => {
      await using bench = open();
      const { process } = bench.start([flow(bench)]);
      const id = await process.submit('flow');
      await bench.quiet();
      const isIllegal = { code: 'ILLEGAL_TRANSITION', details: { executionStatus: 'running' } };
      await expect(process.run(id).retry()).rejects.toMatchObject(isIllegal);
      await process.run(id).cancel();
      await expect(process.run(id).retry()).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    });

    it('takes effect once when two ask for it at once', async () => {
      await using bench = open();
      const { process } = bench.start([flow(bench)]);
      const id = await process.submit('flow');
      await bench.fail('a', new NonRetryableError('No'));
      const results = await Promise.allSettled([process.run(id).retry(), process.run(id).retry()]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      await bench.quiet();
      expect(bench.bodies.begun).toEqual(['a', 'a']);
    });
  });
}
