import { defineWorkflow } from '../../../src/index.ts';
import type { Workflow } from '../../../src/index.ts';
import { between } from '../random.ts';
import type { Job } from './job.ts';
import { takes, TracedSteps } from './traced.ts';
import type { World } from './traced.ts';

/** Work that goes straight on: steps in a row, loops, and naps between. */
export function plainJobs(world: World): readonly Job[] {
  return [
    { workflow: threeSteps(world), end: 'completed', weight: 4, input: () => ({}) },
    {
      workflow: created(world),
      end: 'completed',
      weight: 1,
      input: () => ({}),
      request: { start: false },
      care: start,
    },
    { workflow: rounds(world), end: 'completed', weight: 2, input: (random) => ({ rounds: between(random, 1, 6) }) },
    { workflow: naps(world), end: 'completed', weight: 2, input: (random) => ({ ms: between(random, 1, 300) }) },
  ];
}

const start: NonNullable<Job['care']> = async (run, { ack }) => {
  await run.start();
  ack({ event: 'started', id: run.id });
};

function threeSteps(world: World): Workflow {
  return defineWorkflow({
    name: 'three-steps',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      return [await steps.run('one'), await steps.run('two', takes(10)), await steps.run('three')];
    },
  });
}

function created(world: World): Workflow {
  return defineWorkflow({
    name: 'created',
    run: async ({ execution, step }) => new TracedSteps(world, execution.id, step).run('only'),
  });
}

function rounds(world: World): Workflow<{ rounds: number }> {
  return defineWorkflow({
    name: 'rounds',
    run: async ({ input, execution, step }) => {
      const results: string[] = [];
      for (let round = 1; round <= input.rounds; round++) {
        const steps = new TracedSteps(world, execution.id, step);
        await steps.scope(`round-${round}`, async (inner) => {
          results.push(await inner.run('draft', takes(8)));
          results.push(await inner.run('review'));
        });
        if (round % 3 === 0) await step.sleep(`pause-${round}`, 5);
      }
      return results;
    },
  });
}

function naps(world: World): Workflow<{ ms: number }> {
  return defineWorkflow({
    name: 'naps',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      await step.sleep('nap', input.ms);
      await Promise.all([
        step.sleep('left-nap', input.ms / 2),
        step.sleep('right-nap', input.ms / 3),
        steps.run('meanwhile', takes(20)),
      ]);
      return [before, await steps.run('after')];
    },
  });
}
