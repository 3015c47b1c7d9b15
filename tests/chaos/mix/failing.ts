import { defineWorkflow, NonRetryableError } from '../../../src/index.ts';
import type { Workflow } from '../../../src/index.ts';
import { between } from '../random.ts';
import type { Job } from './job.ts';
import { takes, TracedSteps } from './traced.ts';
import type { StepBody, World } from './traced.ts';

const quickly = { initial: 10, max: 40 };

/** Work that fails: for a while, until it is retried as a whole, or for good. */
export function failingJobs(world: World): readonly Job[] {
  const failures = (random: () => number) => ({ failures: between(random, 1, 3) });
  return [
    { workflow: flaky(world), end: 'completed', weight: 3, input: failures },
    { workflow: doomed(world), end: 'completed', weight: 2, input: () => ({}), isRetried: true },
    { workflow: partlyDoomed(world), end: 'completed', weight: 2, input: () => ({}), isRetried: true },
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
        steps.run('slow', stuckAtFirst, { timeout: 25 }),
        steps.run('beside', takes(30)),
      ]);
    },
  });
}

/** Runs out of time, without a look at the signal that tells it so. */
const stuckAtFirst: StepBody = ({ number }) => (number === 1 ? new Promise<void>(() => {}) : undefined);

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

/** Fails while other branches work and wait; the retry finds each of them as it was left. */
function partlyDoomed(world: World): Workflow {
  return defineWorkflow({
    name: 'partly-doomed',
    steps: { backoff: quickly },
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const doomedStep: StepBody = async (attempt) => {
        await takes(20)(attempt);
        if (attempt.number === 1) throw new NonRetryableError('The first try of this step always fails.');
      };
      const [saved] = await Promise.all([
        steps.run('doomed', doomedStep),
        steps.run('fast', takes(5)),
        steps.run('with-intent', takes(40), { intent: true }),
        step.sleep('nap', 15).then(() => steps.run('after-nap', takes(10))),
      ]);
      return saved;
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
