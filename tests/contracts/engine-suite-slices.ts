import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { EngineFactory } from '../support/assembly.ts';
import { sharedWorkbench } from '../support/workbench.ts';
import type { OpenState } from './contract-state.ts';

/** Runs that an engine lets go on for some time only. */
export function runsInSlices(makeEngine: EngineFactory, openState: OpenState): void {
  const open = sharedWorkbench(makeEngine, openState);

  describe('a run whose slice of time is over', () => {
    const sliced = { limits: { maxSliceMs: 10_000 } };

    it('ends with the step it is in, and the next one begins in another', async () => {
      await using bench = open();
      const { process } = bench.start(
        [
          defineWorkflow({
            name: 'three',
            run: async ({ step }) => {
              const results: unknown[] = [];
              for (const name of ['a', 'b', 'c']) results.push(await step.run(name, bench.bodies.body(name)));
              return results;
            },
          }),
        ],
        sliced,
      );
      const id = await process.submit('three');
      await bench.end('a');
      expect((await bench.get(id)).epoch).toBe(1);
      await bench.pass(10_000);
      expect(bench.bodies.begun).toEqual(['a', 'b']);
      expect((await bench.get(id)).epoch).toBe(1);
      await bench.end('b');
      expect(bench.bodies.begun).toEqual(['a', 'b', 'c']);
      expect((await bench.get(id)).epoch).toBe(2);
      await bench.end('c');
      expect(await process.result(id)).toEqual({ status: 'completed', output: ['a!', 'b!', 'c!'] });
      expect(bench.bodies.begun).toEqual(['a', 'b', 'c']);
    });

    it('takes what came meanwhile, a signal and a time, along into the next one', async () => {
      await using bench = open();
      const { process } = bench.start(
        [
          defineWorkflow({
            name: 'branches',
            run: async ({ step }) =>
              Promise.all([
                step.run('long', bench.bodies.body('long')),
                step.waitFor('go'),
                step.sleep('nap', '12s').then(() => 'awake'),
              ]),
          }),
        ],
        sliced,
      );
      const id = await process.submit('branches');
      await bench.pass(11_000);
      await process.run(id).signal('go', 1);
      await bench.pass(5_000);
      await bench.end('long');
      expect(await process.result(id)).toEqual({
        status: 'completed',
        output: ['long!', { payload: 1, timedOut: false }, 'awake'],
      });
      expect(bench.bodies.begun).toEqual(['long']);
    });

    it('leaves one that ends in time alone', async () => {
      await using bench = open();
      const { process } = bench.start(
        [defineWorkflow({ name: 'one', run: ({ step }) => step.run('a', bench.bodies.body('a')) })],
        sliced,
      );
      const id = await process.submit('one');
      await bench.pass(9_999);
      await bench.end('a');
      expect((await bench.get(id)).epoch).toBe(1);
      expect(await process.result(id)).toMatchObject({ status: 'completed' });
    });
  });
}
