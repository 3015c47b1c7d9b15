import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { OpenState } from './contract-state.ts';

/** Signals, approvals and time-outs, before and after the wait. */
export function waitingAndTime(makeEngine: EngineFactory, openState: OpenState): void {
  const open = sharedWorkbench(makeEngine, openState);

  describe('signals', () => {
    const waiter = defineWorkflow({ name: 'waiter', run: ({ step }) => step.waitFor('go') });

    it('reach a wait that is open, and one that is reached later', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'both',
          run: async ({ step }) => {
            const early = await step.run('work', bench.bodies.body('work')).then(() => step.waitFor('early'));
            return [early, await step.waitFor('late')];
          },
        }),
      ]);
      const id = await process.submit('both');
      await bench.quiet();
      await process.run(id).signal('early', { n: 1 });
      await bench.end('work');
      expect((await bench.get(id)).status).toBe('waiting');
      await process.run(id).signal('late', { n: 2 });
      expect(await process.result(id)).toEqual({
        status: 'completed',
        output: [
          { payload: { n: 1 }, timedOut: false },
          { payload: { n: 2 }, timedOut: false },
        ],
      });
    });

    it('of one name go to the waits in the order in which these were opened, first in first out', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'three',
          run: async ({ step }) => {
            const one = (name: string) => step.waitFor('go', { name });
            const [a, b] = await Promise.all([one('a'), one('b')]);
            return [a, b, await one('c')];
          },
        }),
      ]);
      const id = await process.submit('three');
      for (const n of [1, 2, 3]) await process.run(id).signal('go', n);
      const outcome = await process.result(id);
      const payload = (n: number) => ({ payload: n, timedOut: false });
      expect(outcome).toEqual({ status: 'completed', output: [payload(1), payload(2), payload(3)] });
    });

    it('reach a wait while another branch keeps the run in memory', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'race',
          run: ({ step }) => Promise.race([step.waitFor('stop'), step.run('long', bench.bodies.body('long'))]),
        }),
      ]);
      const id = await process.submit('race');
      await bench.quiet();
      expect(bench.bodies.keys).toEqual(['long']);
      await process.run(id).signal('stop', 'now');
      expect(await process.result(id)).toMatchObject({ output: { payload: 'now' } });
    });

    it('that come before the execution is started wait for it', async () => {
      await using bench = open();
      const { process } = bench.start([waiter]);
      const id = await process.submit('waiter', { input: {}, start: false });
      await process.run(id).signal('go', 'early');
      await process.run(id).start();
      expect(await process.result(id)).toMatchObject({ output: { payload: 'early' } });
    });

    it('with the same id are one signal', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'two',
          run: async ({ step }) => [await step.waitFor('go', { name: '1' }), await step.waitFor('go', { name: '2' })],
        }),
      ]);
      const id = await process.submit('two');
      const first = await process.commands.signal('local', id, 'go', 1, 'the-id');
      const again = await process.commands.signal('local', id, 'go', 1, 'the-id');
      expect([first.changed, again.changed]).toEqual([true, false]);
      expect((await bench.get(id)).status).toBe('waiting');
    });

    it('are refused once the execution has ended', async () => {
      await using bench = open();
      const { process } = bench.start([waiter]);
      const id = await process.submit('waiter');
      await process.run(id).signal('go');
      await process.result(id);
      await expect(process.run(id).signal('go')).rejects.toMatchObject({ code: 'ALREADY_ENDED' });
    });
  });

  describe('a wait with a time-out', () => {
    const timed = defineWorkflow({ name: 'timed', run: ({ step }) => step.waitFor('go', { timeout: '10s' }) });

    it('ends when its time comes, and leaves a later signal untaken', async () => {
      await using bench = open();
      const { process } = bench.start([timed]);
      const id = await process.submit('timed');
      await bench.pass(9_999);
      expect((await bench.get(id)).status).toBe('waiting');
      await bench.pass(1);
      expect(await process.result(id)).toEqual({ status: 'completed', output: { timedOut: true } });
    });

    it('takes a signal that came before its time, though nobody looked until after it', async () => {
      await using bench = open();
      const first = bench.start([timed]);
      const id = await first.process.submit('timed');
      await bench.quiet();
      first.life.end();
      const signal = { signalId: 'in-time', name: 'go', payload: '"in time"' };
      await bench.state.executions.signal('local', id, signal);
      await bench.pass(60_000);
      const second = bench.start([timed]);
      await second.process.resume();
      expect(await second.process.result(id)).toMatchObject({ output: { payload: 'in time' } });
    });

    it('counts from when it was first reached, whatever happens between', async () => {
      await using bench = open();
      const first = bench.start([timed]);
      const id = await first.process.submit('timed');
      await bench.pass(6_000);
      first.life.end();
      const second = bench.start([timed]);
      await second.process.resume();
      await bench.pass(3_999);
      expect((await bench.get(id)).status).toBe('waiting');
      await bench.pass(1);
      expect((await bench.get(id)).status).toBe('completed');
    });
  });

  describe('an approval', () => {
    const release = defineWorkflow({
      name: 'release',
      run: ({ step }) =>
        step.scope('ship', (inner) =>
          inner.approve('release', { title: 'Go?', details: 'All of it', choices: ['yes', 'no'], timeout: '1h' }),
        ),
    });

    it('is asked once, takes one of its choices once, and hands the answer on', async () => {
      await using bench = open();
      const { process } = bench.start([release]);
      const id = await process.submit('release');
      await bench.quiet();
      const asked = await bench.state.approvals.list('local', { executionId: id, limit: 10 });
      expect(asked).toMatchObject([
        { stepKey: 'ship/release', title: 'Go?', details: 'All of it', choices: ['yes', 'no'], status: 'pending' },
      ]);
      const run = process.run(id);
      await expect(run.approve('release', { choice: 'maybe' })).rejects.toMatchObject({ code: 'UNKNOWN_CHOICE' });
      await expect(run.approve('other', { choice: 'yes' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const answered = await run.approve('release', { choice: 'yes', by: 'Ada', comment: 'Fine' });
      expect(answered).toMatchObject({ status: 'answered', choice: 'yes', by: 'Ada' });
      expect(await process.result(id)).toMatchObject({ output: { choice: 'yes', by: 'Ada', comment: 'Fine' } });
      await expect(run.approve('release', { choice: 'no' })).rejects.toMatchObject({ code: 'ALREADY_ANSWERED' });
    });

    it('expires when its time comes', async () => {
      await using bench = open();
      const { process } = bench.start([release]);
      const id = await process.submit('release');
      await bench.quiet();
      bench.clock.set(bench.clock.now() + 3_600_000);
      await bench.pass(1_000);
      expect(await process.result(id)).toEqual({ status: 'completed', output: { timedOut: true } });
      const [asked] = await bench.state.approvals.list('local', { executionId: id, limit: 10 });
      expect(asked?.status).toBe('expired');
      await expect(process.run(id).approve('release', { choice: 'yes' })).rejects.toMatchObject({
        code: 'ALREADY_ANSWERED',
      });
    });

    it('cannot be answered by a signal that looks like an answer', async () => {
      await using bench = open();
      const { process } = bench.start([release]);
      const id = await process.submit('release');
      const forged = process.run(id).signal('approval:ship/release', { choice: 'yes', by: 'nobody' });
      await expect(forged).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect((await bench.get(id)).status).toBe('waiting');
    });

    it('that a finished race left open is cancelled', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'race',
          run: ({ step }) =>
            Promise.race([
              step.approve('ask', { title: 'Go?' }).then(() => 'answer'),
              step.sleep('nap', '1s').then(() => 'nap'),
            ]),
        }),
      ]);
      const id = await process.submit('race');
      await bench.pass(1_000);
      expect(await process.result(id)).toEqual({ status: 'completed', output: 'nap' });
      const [asked] = await bench.state.approvals.list('local', { executionId: id, limit: 10 });
      expect(asked?.status).toBe('cancelled');
    });
  });
}
