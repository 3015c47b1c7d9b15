import { defineWorkflow, NonRetryableError } from '../../../src/index.ts';
import type { Workflow } from '../../../src/index.ts';
import type { Job } from './job.ts';
import { takes, TracedSteps } from './traced.ts';
import type { World } from './traced.ts';
import { cancelSoon } from './waiting.ts';

/** Work in branches whose ends come in any order. A step named `won-…` records who was first: there may be one only. */
export function branchJobs(world: World): readonly Job[] {
  return [
    { workflow: fanOut(world), end: 'completed', weight: 3, input: () => ({}) },
    { workflow: races(world), end: 'completed', weight: 4, input: () => ({}) },
    { workflow: tree(world), end: 'completed', weight: 1, input: () => ({}) },
    { workflow: derby(world), end: 'completed', weight: 3, input: () => ({}) },
    { workflow: interrupted(world), end: 'any', weight: 2, input: () => ({}), care: cancelSoon },
  ];
}

function fanOut(world: World): Workflow {
  return defineWorkflow({
    name: 'fan-out',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => steps.run(name, takes(25))));
      const settled = await Promise.allSettled([
        steps.run('good', takes(10)),
        steps.run('bad', () => Promise.reject(new NonRetryableError('This branch fails.'))),
      ]);
      return [
        ...all,
        ...settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
        await steps.run('joined'),
      ];
    },
  });
}

function races(world: World): Workflow {
  return defineWorkflow({
    name: 'races',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const first = await Promise.race([
        steps.run('left', takes(15)).then(() => 'left'),
        steps.run('right', takes(15)).then(() => 'right'),
        step.sleep('clock', 8).then(() => 'clock'),
      ]);
      const results = [await steps.scope('race', (inner) => inner.run(`won-${first}`))];
      await step.sleep('rest', 5);
      const any = await Promise.any([
        steps.run('no', () => Promise.reject(new NonRetryableError('Not this one.'))).then(() => 'no'),
        steps.run('yes', takes(15)).then(() => 'yes'),
        steps.run('maybe', takes(15)).then(() => 'maybe'),
      ]);
      results.push(await steps.scope('any', (inner) => inner.run(`won-${any}`)));
      return results;
    },
  });
}

function tree(world: World): Workflow {
  return defineWorkflow({
    name: 'tree',
    run: async ({ execution, step }) => {
      const grow = async (steps: TracedSteps, depth: number): Promise<string[]> => {
        const here = await steps.run('node', takes(5));
        if (depth === 0) return [here];
        const branches = await Promise.all(
          ['l', 'r'].map((side) => steps.scope(side, (inner) => grow(inner, depth - 1))),
        );
        return [here, ...branches.flat()];
      };
      return grow(new TracedSteps(world, execution.id, step), 2);
    },
  });
}

/** Races over races, each decided anew after the run was parked: losers may end at any time. */
function derby(world: World): Workflow {
  return defineWorkflow({
    name: 'derby',
    run: async ({ execution, step }) => {
      const results: string[] = [];
      for (const round of ['heat', 'semi', 'final']) {
        await step.scope(round, async (inner) => {
          const steps = new TracedSteps(world, execution.id, inner);
          const winner = await Promise.race([
            steps.run('horse', takes(12)).then(() => 'horse'),
            steps.run('mule', takes(12)).then(() => 'mule'),
            inner.waitFor('never', { timeout: 6 }).then(() => 'snail'),
          ]);
          await inner.sleep('breath', 3);
          results.push(await steps.run(`won-${winner}`));
        });
      }
      return results;
    },
  });
}

/** Is cancelled wherever it happens to be. */
function interrupted(world: World): Workflow {
  return defineWorkflow({
    name: 'interrupted',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      return Promise.all([
        steps.run('short', takes(40)),
        steps.run('with-intent', takes(80), { intent: true }),
        step.sleep('nap', 50).then(() => steps.run('later', takes(30))),
      ]);
    },
  });
}
