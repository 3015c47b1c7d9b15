import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from '../../../src/index.ts';
import type { Workflow } from '../../../src/index.ts';
import { between } from '../random.ts';
import type { Care, Job } from './job.ts';
import { takes, TracedSteps } from './traced.ts';
import type { World } from './traced.ts';

/** Work that waits for somebody: signals before, at and after the wait, approvals, time-outs, and cancels. */
export function waitingJobs(world: World): readonly Job[] {
  const ms = (random: () => number) => ({ ms: between(random, 0, 60) });
  return [
    { workflow: signalled(world), end: 'completed', weight: 4, input: ms, care: sendAll('go', 2) },
    { workflow: either(world), end: 'completed', weight: 2, input: ms, care: sendAll('maybe', 1) },
    { workflow: twins(world), end: 'completed', weight: 2, input: ms, care: sendAll('go', 3) },
    { workflow: called(world), end: 'completed', weight: 1, input: ms },
    { workflow: approved(world), end: 'completed', weight: 3, input: ms },
    { workflow: forgotten(world), end: 'cancelled', weight: 2, input: ms, care: cancelSoon },
    { workflow: endless(world), end: 'cancelled', weight: 1, input: ms, care: cancelSoon },
  ];
}

/** Sends what was not acknowledged yet. A signal that is sent once more because its acknowledgement was lost harms nobody. */
function sendAll(name: string, count: number): Care {
  return async (run, { random, ack, signalsSent }) => {
    for (let number = signalsSent(run.id, name) + 1; number <= count; number++) {
      await pause(random() * 80);
      const payload = `${name}-${number}-${Math.trunc(random() * 1e12)}`;
      await run.signal(name, payload);
      ack({ event: 'signalled', id: run.id, name, payload });
    }
  };
}

export const cancelSoon: Care = async (run, { random, ack }) => {
  await pause(random() * 120);
  await run.cancel('the chaos run said so');
  ack({ event: 'cancelled', id: run.id });
};

function signalled(world: World): Workflow<{ ms: number }> {
  return defineWorkflow({
    name: 'signalled',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      await step.sleep('late', input.ms);
      await step.waitFor('go', { name: 'first' });
      const between = await steps.run('between', takes(10));
      await step.waitFor('go', { name: 'second' });
      return [between, await steps.run('after')];
    },
  });
}

/** Waits for one name in several places: who takes which signal must never change. */
function twins(world: World): Workflow<{ ms: number }> {
  return defineWorkflow({
    name: 'twins',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const [left, right, late] = await Promise.all([
        step.waitFor('go', { name: 'left' }),
        steps.run('delay', takes(20)).then(() => step.waitFor('go', { name: 'right' })),
        step.sleep('nap', input.ms).then(() => step.waitFor('go', { name: 'late' })),
      ]);
      await step.sleep('rest', 5);
      const order = [left, right, late].map((taken) => (taken.timedOut ? 'time' : String(taken.payload))).join(' ');
      return steps.scope('race', (inner) => inner.run(`won-${order}`));
    },
  });
}

/** Is signalled from another process. */
function called(world: World): Workflow {
  return defineWorkflow({
    name: 'called',
    run: async ({ execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      await step.waitFor('call');
      return steps.run('answer');
    },
  });
}

function either(world: World): Workflow<{ ms: number }> {
  return defineWorkflow({
    name: 'either',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const [answer] = await Promise.all([
        step.waitFor('maybe', { timeout: input.ms }),
        steps.run('beside', takes(20)),
      ]);
      return steps.scope('race', (inner) => inner.run(answer.timedOut ? 'won-time' : 'won-signal'));
    },
  });
}

function approved(world: World): Workflow<{ ms: number }> {
  return defineWorkflow({
    name: 'approved',
    run: async ({ input, execution, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const [ask, second] = await Promise.all([
        step.approve('release', { title: 'Release it?', choices: ['yes', 'no'] }),
        step.scope('legal', (inner) => inner.approve('release', { title: 'May we?', timeout: 40 + input.ms })),
        steps.run('beside', takes(20)),
      ]);
      const legal = 'choice' in second ? second.choice : 'time';
      return [await steps.scope('race', (inner) => inner.run(`won-${legal}`)), 'choice' in ask];
    },
  });
}

function forgotten(world: World): Workflow {
  return defineWorkflow({
    name: 'forgotten',
    run: async ({ execution, step }) => {
      await new TracedSteps(world, execution.id, step).run('before');
      await Promise.race([
        step.waitFor('never'),
        step.approve('nobody', { title: 'Is anybody there?', choices: [neverChosen] }),
      ]);
    },
  });
}

/** The keeper leaves approvals alone that offer nothing else. */
export const neverChosen = 'never';

function endless(world: World): Workflow {
  return defineWorkflow({
    name: 'endless',
    run: ({ execution, step }) =>
      new TracedSteps(world, execution.id, step).run('endless', async ({ signal }) =>
        pause(600_000, undefined, { signal }),
      ),
  });
}
