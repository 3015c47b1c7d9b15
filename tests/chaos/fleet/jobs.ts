import { defineWorkflow } from '../../../src/index.ts';
import type { AnyWorkflow, Json } from '../../../src/index.ts';
import type { Fate } from '../logs.ts';
import { takes, TracedSteps } from '../mix/traced.ts';
import type { World } from '../mix/traced.ts';
import { between } from '../random.ts';

/** One kind of work, as clients of a fleet ask for it. */
export interface FleetJob {
  readonly workflow: AnyWorkflow;
  readonly end: Fate;
  /** How often it is chosen, against the others. */
  readonly weight: number;
  readonly input: (random: () => number) => Json;
  readonly squad?: string;
  /** What its client does besides. */
  readonly care?: 'signal' | 'cancel';
}

/** Little work each, so that there is much of it: steps in a row, naps, model calls, signals and cancels. */
export function fleetJobs(world: World): readonly FleetJob[] {
  const nothing = () => ({});
  return [
    { workflow: threeSteps(world), end: 'completed', weight: 14, input: nothing },
    { workflow: naps(world), end: 'completed', weight: 2, input: (random) => ({ ms: between(random, 1, 1_500) }) },
    { workflow: asks(world), end: 'completed', weight: 2, input: nothing, squad: 'software' },
    { workflow: gate(world), end: 'completed', weight: 2, input: nothing, care: 'signal' },
    { workflow: stays(world), end: 'cancelled', weight: 1, input: nothing, care: 'cancel' },
  ];
}

export function pickJob(jobs: readonly FleetJob[], random: () => number): FleetJob {
  let rest = random() * jobs.reduce((sum, { weight }) => sum + weight, 0);
  const job = jobs.find(({ weight }) => (rest -= weight) < 0) ?? jobs.at(-1);
  if (job === undefined) throw new Error('There are no jobs.');
  return job;
}

function threeSteps(world: World): AnyWorkflow {
  return defineWorkflow({
    name: 'three-steps',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      return [await steps.run('one'), await steps.run('two', takes(10)), await steps.run('three')];
    },
  });
}

function naps(world: World): AnyWorkflow {
  return defineWorkflow<{ ms: number }, Json>({
    name: 'naps',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      await step.sleep('nap', input.ms);
      return [before, await steps.run('after')];
    },
  });
}

function asks(world: World): AnyWorkflow {
  return defineWorkflow({
    name: 'asks',
    steps: { backoff: { initial: 10, max: 200 }, retries: 20 },
    run: async ({ execution, squad, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      const { text } = await squad.ask('tester', 'Try it. [[server chunks=4 latencyMs=30]]', { name: 'tester' });
      steps.deliver('tester/model/1', text);
      const { text: again } = await squad.ask('tester', 'Try again. [[server chunks=3]]', { name: 'again' });
      steps.deliver('again/model/1', again);
      return [before, await steps.run('after')];
    },
  });
}

function gate(world: World): AnyWorkflow {
  return defineWorkflow({
    name: 'gate',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      await step.waitFor('go', { name: 'first' });
      return [before, await steps.run('after')];
    },
  });
}

function stays(world: World): AnyWorkflow {
  return defineWorkflow({
    name: 'stays',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      await steps.run('before');
      await step.waitFor('never');
    },
  });
}
