import { defineWorkflow, NonRetryableError } from '../../../src/index.ts';
import type { Workflow } from '../../../src/index.ts';
import { between } from '../random.ts';
import type { Job } from './job.ts';
import { takes, TracedSteps } from './traced.ts';
import type { World } from './traced.ts';

const quickly = { initial: 10, max: 40 };

/** Work that fails: for a while, until it is retried as a whole, or for good. */
export function failingJobs(world: World): readonly Job[] {
  const failures = (random: () => number) => ({ failures: between(random, 1, 3) });
  return [
    { workflow: flaky(world), end: 'completed', weight: 3, input: failures },
    { workflow: doomed(world), end: 'completed', weight: 2, input: () => ({}), isRetried: true },
    { workflow: broken(world), end: 'failed', weight: 1, input: () => ({}) },
  ];
}

function flaky(world: World): Workflow<{ failures: number }> {
  return defineWorkflow({
    name: 'flaky',
    steps: { backoff: quickly, retries: 20 },
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const failFirst = ({ number }: { number: number }): void => {
        if (number <= input.failures) throw new Error(`Attempt ${number} fails.`);
      };
      return Promise.all([
        steps.run('plain', failFirst),
        steps.run('with-intent', failFirst, { intent: true }),
        steps.run('beside', takes(30)),
      ]);
    },
  });
}

function doomed(world: World): Workflow {
  return defineWorkflow({
    name: 'doomed',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const kept = await steps.run('kept', takes(5));
      const saved = await steps.run('doomed', ({ number }) => {
        if (number === 1) throw new NonRetryableError('The first try of this step always fails.');
      });
      return [kept, saved];
    },
  });
}

function broken(world: World): Workflow {
  return defineWorkflow({
    name: 'broken',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      await steps.run('before');
      await steps.run('broken', () => Promise.reject(new NonRetryableError('This step always fails.')));
    },
  });
}
