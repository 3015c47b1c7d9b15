import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { AnyWorkflow, WorkflowDefinition } from '../../src/workflows/workflow.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { Workbench } from '../support/workbench.ts';
import type { OpenState } from './contract-state.ts';

/** The code of a workflow changes while its executions are in flight. */
export function codeThatChanged(makeEngine: EngineFactory, openState: OpenState): void {
  const open = sharedWorkbench(makeEngine, openState);

  /** Runs one version of a workflow up to its open body, then another in a new process. */
  async function acrossVersions(
    bench: Workbench,
    before: WorkflowDefinition<unknown, unknown>['run'],
    after: WorkflowDefinition<unknown, unknown>['run'],
    cues: readonly string[],
  ): Promise<{ readonly id: string; readonly outcome: unknown }> {
    const version = (run: WorkflowDefinition<unknown, unknown>['run']): AnyWorkflow =>
      defineWorkflow({ name: 'changing', run });
    const first = bench.start([version(before)]);
    const id = await first.process.submit('changing', { input: {}, squad: 'software' });
    for (const cue of cues) await bench.end(cue);
    first.life.end();
    const second = bench.start([version(after)]);
    await second.process.resume();
    await bench.end('last');
    return { id, outcome: await second.process.result(id) };
  }

  describe('code that changed', () => {
    it('steps that were inserted, moved or dropped do not break a run in flight', async () => {
      await using bench = open();
      const { body } = bench.bodies;
      const { outcome } = await acrossVersions(
        bench,
        async ({ step }) => {
          await step.run('dropped', body('dropped'));
          const a = await step.run('a', body('a'));
          const b = await step.run('b', body('b'));
          return [a, b, await step.run('last', body('last'))];
        },
        async ({ step }) => {
          const b = await step.run('b', body('b'));
          const inserted = await step.run('inserted', () => 'inserted!');
          const a = await step.run('a', body('a'));
          return [a, b, inserted, await step.run('last', body('last'))];
        },
        ['dropped', 'a', 'b'],
      );
      expect(outcome).toEqual({ status: 'completed', output: ['a!', 'b!', 'inserted!', 'last!'] });
      expect(bench.bodies.begun).toEqual(['dropped', 'a', 'b', 'last', 'last']);
    });

    it('a step that is given something else than was recorded keeps its result, with one warning however often it is replayed', async () => {
      await using bench = open();
      const ask =
        (message: string): WorkflowDefinition<unknown, unknown>['run'] =>
        async ({ squad, step }) => {
          const { text } = await squad.ask('tester', message);
          await step.sleep('nap', 1_000);
          await step.run('last', bench.bodies.body('last'));
          return text;
        };
      const version = (message: string) => defineWorkflow({ name: 'changing', run: ask(message) });
      const first = bench.start([version('Test it')]);
      const id = await first.process.submit('changing', { input: {}, squad: 'software' });
      await bench.end('tester/model/1', 'Tested.');
      first.life.end();
      for (let start = 0; start < 3; start++) {
        const next = bench.start([version('Test it harder')]);
        await next.process.resume();
        await bench.quiet();
        next.life.end();
      }
      const last = bench.start([version('Test it harder')]);
      await last.process.resume();
      await bench.pass(1_000);
      await bench.end('last');
      expect(await last.process.result(id)).toEqual({ status: 'completed', output: 'Tested.' });
      const warnings = (await bench.steps(id)).filter(({ phase }) => phase === 'warning');
      expect(warnings).toMatchObject([{ key: 'tester/model/1', details: expect.stringContaining('something else') }]);
      expect(bench.bodies.begun.filter((key) => key === 'tester/model/1')).toHaveLength(1);
    });

    it('an execution whose workflow is gone stays open, also when a signal wakes it, and goes on when it is back', async () => {
      await using bench = open();
      const workflow = defineWorkflow({
        name: 'gone',
        run: async ({ step }) => [await step.run('a', bench.bodies.body('a')), await step.waitFor('go')],
      });
      const first = bench.start([workflow]);
      const id = await first.process.submit('gone');
      await bench.end('a');
      await bench.quiet();
      first.life.end();
      const without = bench.start([]);
      expect(await without.process.resume()).toBe(0);
      await without.process.run(id).signal('go', 1);
      await bench.quiet();
      expect(await without.process.run(id).get()).toMatchObject({ status: 'waiting', endedAt: null });
      without.life.end();
      const back = bench.start([workflow]);
      expect(await back.process.resume()).toBe(1);
      expect(await back.process.result(id)).toEqual({
        status: 'completed',
        output: ['a!', { payload: 1, timedOut: false }],
      });
    });

    it.each(['in the first run', 'in a replay'])('two steps of one name are DUPLICATE_STEP %s', async (when) => {
      await using bench = open();
      const workflow = defineWorkflow({
        name: 'twice',
        run: async ({ step }) => {
          await step.run('first', bench.bodies.body('first'));
          const both = [step.run('same', bench.bodies.body('same')), step.run('same', () => 'other')];
          return Promise.all(both);
        },
      });
      let now = bench.start([workflow]);
      const id = await now.process.submit('twice');
      if (when === 'in a replay') {
        now.life.end();
        now = bench.start([workflow]);
        await now.process.resume();
      }
      await bench.end('first');
      expect(await now.process.result(id)).toMatchObject({
        status: 'failed',
        error: { code: 'DUPLICATE_STEP', details: { step: 'same' } },
      });
    });

    it('the same role in two branches needs a name for one of them', async () => {
      await using bench = open();
      const { process } = bench.start([
        defineWorkflow({
          name: 'same-role',
          run: ({ squad }) => Promise.all([squad.ask('tester', 'One'), squad.ask('tester', 'Two')]),
        }),
      ]);
      const id = await process.submit('same-role', { input: {}, squad: 'software' });
      expect(await process.result(id)).toMatchObject({ status: 'failed', error: { code: 'DUPLICATE_STEP' } });
    });
  });
}
