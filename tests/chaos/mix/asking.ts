import { z } from 'zod';
import { defineWorkflow } from '../../../src/index.ts';
import type { SquadApi, Workflow } from '../../../src/index.ts';
import { pipeline } from '../../../src/workflows/flows/pipeline.ts';
import { oneOf } from '../random.ts';
import type { Job } from './job.ts';
import { TracedSteps } from './traced.ts';
import type { World } from './traced.ts';
import { cancelSoon } from './waiting.ts';

/** What the model server is asked to do before it answers as it should. */
const troubles = [
  'chunks=6',
  'latencyMs=40 paceMs=3',
  'status=429 retryAfter=20ms times=1',
  'status=500 times=2',
  'cut=socket times=1',
  'cut=clean times=1',
  'streamError=overloaded times=1',
] as const;

/** Work done by agents: one after the other, side by side, refused, and cancelled in the middle of a call. */
export function askingJobs(world: World): readonly Job[] {
  const trouble = (random: () => number) => ({ trouble: oneOf(random, troubles) });
  const squad = { squad: 'software' };
  return [
    { workflow: asks(world), end: 'completed', weight: 4, input: trouble, request: squad },
    // A workflow of the product itself.
    {
      workflow: pipeline,
      end: 'completed',
      weight: 1,
      input: () => ({ message: 'Add a login page.' }),
      request: squad,
    },
    { workflow: refused(world), end: 'completed', weight: 1, input: () => ({}), request: squad, isRetried: true },
    { workflow: hanging(world), end: 'cancelled', weight: 1, input: () => ({}), request: squad, care: cancelSoon },
  ];
}

const quickly = { backoff: { initial: 10, max: 40 }, retries: 20 };

/** Asks, and notes that the workflow got the answer. */
async function ask(
  steps: TracedSteps,
  squad: SquadApi,
  role: string,
  message: string,
  name: string = role,
): Promise<string> {
  const { text } = await squad.ask(role, message, { name });
  steps.deliver(`${name}/model/1`, text);
  return text;
}

function asks(world: World): Workflow<{ trouble: string }> {
  return defineWorkflow({
    name: 'asks',
    steps: quickly,
    run: async ({ input, execution, squad, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const plan = await ask(steps, squad, 'project_manager', `Plan it. [[server ${input.trouble}]]`);
      const parts = await Promise.all([
        ask(steps, squad, 'backend_developer', `Build the server. [[server latencyMs=15 chunks=4]]`),
        ask(steps, squad, 'frontend_developer', `Build the page. [[server ${input.trouble}]]`),
        ask(steps, squad, 'backend_developer', `Build the store.`, 'store'),
      ]);
      const first = await Promise.race([
        ask(steps, squad, 'tester', 'Test the server. [[server latencyMs=8]]', 'tester-1').then(() => 'one'),
        ask(steps, squad, 'tester', 'Test the page. [[server latencyMs=6 paceMs=2]]', 'tester-2').then(() => 'two'),
      ]);
      const merged = await steps.scope('race', (inner) => inner.run(`won-${first}`));
      const verdict = await squad.ask('tester', 'Is it good? [[server text={"good":true}]]', {
        schema: z.object({ good: z.boolean() }),
      });
      return [merged, plan.length, parts.map((part) => part.length), verdict.object];
    },
  });
}

function refused(world: World): Workflow {
  return defineWorkflow({
    name: 'refused',
    steps: quickly,
    run: async ({ execution, squad, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      await ask(steps, squad, 'tester', 'Try it. [[server status=400 times=1]]');
      return before;
    },
  });
}

function hanging(world: World): Workflow {
  return defineWorkflow({
    name: 'hanging',
    run: async ({ execution, squad, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      return ask(steps, squad, 'tester', 'Say nothing more. [[server hang=inside]]');
    },
  });
}
