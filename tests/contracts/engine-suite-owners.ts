import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { OpenState } from './contract-state.ts';

/** Two owners at once, and crashes that come again and again. */
export function ownersAndCrashes(makeEngine: EngineFactory, openState: OpenState): void {
  const open = sharedWorkbench(makeEngine, openState);

  describe('two owners at once', () => {
    it('the older one is fenced: its calls are aborted, it writes nothing and delivers nothing', async () => {
      await using bench = open();
      const delivered: string[] = [];
      const workflow = (owner: string) =>
        defineWorkflow({
          name: 'owned',
          run: async ({ step }) => {
            const both = await Promise.all(
              ['a', 'b'].map(async (name) => {
                const result = await step.run(name, bench.bodies.body(`${owner}-${name}`));
                delivered.push(`${owner} ${name}`);
                return result;
              }),
            );
            return both;
          },
        });
      const older = bench.start([workflow('older')]).process;
      const newer = bench.start([workflow('newer')]).process;
      const id = await older.submit('owned');
      const oldOutcome = older.result(id);
      await bench.quiet();
      // What an engine must never do, done here by force.
      const advancing = newer.advancer.advance({ tenant: 'local', id, priority: 0 });
      await bench.quiet();
      const stillRunning = bench.bodies.get('older-b').attempt.signal;
      await bench.end('older-a');
      expect(stillRunning.aborted).toBe(true);
      expect(stillRunning.reason).toMatchObject({ code: 'STALE_OWNER' });
      expect(older.advancer.isRunning(id)).toBe(false);
      expect(older.engine.statistics().running).toBe(0);
      await bench.end('older-b');
      await bench.end('newer-a');
      await bench.end('newer-b');
      expect(await advancing).toMatchObject({ kind: 'finished' });
      expect(delivered).toEqual(['newer a', 'newer b']);
      expect(await newer.result(id)).toEqual({ status: 'completed', output: ['newer-a!', 'newer-b!'] });
      const completed = (await bench.steps(id)).filter(({ phase }) => phase === 'completed');
      expect(completed.map(({ output }) => output)).toEqual(['"newer-a!"', '"newer-b!"']);
      oldOutcome.catch(() => {});
    });

    it('of several claims at once the last one owns, and one run ends it', async () => {
      await using bench = open();
      const workflow = defineWorkflow({
        name: 'owned',
        run: ({ step }) => step.run('a', bench.bodies.body('a')),
      });
      const processes = Array.from({ length: 4 }, () => bench.start([workflow]).process);
      const id = await processes[0]?.submit('owned', { input: {}, start: false });
      await processes[0]?.commands.start('local', id ?? '');
      const runnable = { tenant: 'local', id: id ?? '', priority: 0 };
      const ends = processes.slice(1).map((process) => process.advancer.advance(runnable));
      await bench.quiet();
      expect((await bench.get(id ?? '')).epoch).toBe(4);
      await bench.end('a');
      expect((await bench.steps(id ?? '')).filter(({ phase }) => phase === 'completed')).toHaveLength(1);
      expect((await bench.get(id ?? '')).status).toBe('completed');
      expect(ends).toHaveLength(3);
    });
  });

  describe('a crash', () => {
    it('changes no status: what ran is advanced again, and what was committed does not run again', async () => {
      await using bench = open();
      const workflow = defineWorkflow({
        name: 'two',
        run: async ({ step }) => [
          await step.run('a', bench.bodies.body('a')),
          await step.run('b', bench.bodies.body('b')),
        ],
      });
      const first = bench.start([workflow]);
      const id = await first.process.submit('two');
      await bench.end('a');
      first.life.end();
      expect((await bench.get(id)).status).toBe('running');
      const second = bench.start([workflow]);
      expect(await second.process.resume()).toBe(1);
      await bench.end('b');
      expect(await second.process.result(id)).toEqual({ status: 'completed', output: ['a!', 'b!'] });
      expect(bench.bodies.begun).toEqual(['a', 'b', 'b']);
    });

    it('that comes at the same place again and again ends in CRASH_LOOP, and a retry goes on from there', async () => {
      await using bench = open();
      const workflow = defineWorkflow({
        name: 'poison',
        run: async ({ step }) => [
          await step.run('good', bench.bodies.body('good')),
          await step.run('poison', bench.bodies.body('poison'), { intent: true }),
        ],
      });
      let now = bench.start([workflow]);
      const id = await now.process.submit('poison');
      await bench.end('good');
      let crashes = 0;
      while ((await bench.get(id)).status === 'running' && crashes < 100) {
        now.life.end();
        crashes++;
        now = bench.start([workflow]);
        await now.process.resume();
        await bench.quiet();
      }
      expect(crashes).toBe(21);
      expect(await now.process.result(id)).toMatchObject({ status: 'failed', error: { code: 'CRASH_LOOP' } });
      await now.process.run(id).retry();
      await bench.end('poison');
      expect(await now.process.result(id)).toEqual({ status: 'completed', output: ['good!', 'poison!'] });
      expect(bench.bodies.begun.filter((key) => key === 'good')).toHaveLength(1);
    });

    it('between steps does not count towards the loop when a step was committed since', async () => {
      await using bench = open();
      const keys = Array.from({ length: 25 }, (_, place) => `step-${place}`);
      const workflow = defineWorkflow({
        name: 'long',
        run: async ({ step }) => {
          for (const key of keys) await step.run(key, bench.bodies.body(key));
          return 'done';
        },
      });
      let now = bench.start([workflow]);
      const id = await now.process.submit('long');
      for (const key of keys) {
        await bench.quiet();
        now.life.end();
        now = bench.start([workflow]);
        await now.process.resume();
        await bench.end(key);
      }
      expect(await now.process.result(id)).toEqual({ status: 'completed', output: 'done' });
    });
  });
}
