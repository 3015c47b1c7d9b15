import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineTool, defineWorkflow } from '../../../src/index.ts';
import type { AnyTool, Workflow } from '../../../src/index.ts';
import { oneOf } from '../random.ts';
import type { Job } from './job.ts';
import { TracedSteps } from './traced.ts';
import type { World } from './traced.ts';

/** What the agent calls, in how many rounds, and what goes wrong on the way there. */
const plays = [
  'call=pay,note rounds=2',
  'call=pay,pay,pay chunks=4',
  'call=note,pay rounds=3 latencyMs=10',
  'call=sign,pay rounds=2',
  'call=pay,nothing,note status=500 times=1',
  'call=pay,note cut=socket times=1',
] as const;
const rounds = z.object({ round: z.number(), place: z.number() });

/**
 * Asks whose agents call tools with effects. Of `pay` a person is asked when a call is in doubt; `note` may be made twice;
 * `sign` wants a person's yes before each call.
 */
export function toolingJobs(world: World): readonly Job[] {
  const input = (random: () => number) => ({ play: oneOf(random, plays) });
  const request = { squad: 'review' };
  return [
    // A person may answer `fail`: then it is retried, as somebody would.
    { workflow: tooled(world), end: 'completed', weight: 6, input, request, isRetried: true },
  ];
}

const quickly = { backoff: { initial: 10, max: 40 }, retries: 20 };

function tooled(world: World): Workflow<{ play: string }> {
  const tools = [
    effect(world, 'pay'),
    effect(world, 'note', { isIdempotent: true }),
    effect(world, 'sign', { requireApproval: true }),
  ];
  return defineWorkflow({
    name: 'tooled',
    steps: quickly,
    run: async ({ input, execution, squad, step }) => {
      const steps = new TracedSteps(world, execution.id, step);
      const before = await steps.run('before');
      const [first, second] = await Promise.all([
        squad.ask('tester', `Do it. [[server ${input.play}]]`, { tools }),
        squad.ask('reviewer', 'Do it too. [[server call=pay,note]]', { tools }),
      ]);
      return [before, first.text.length, second.text.length, await steps.run('after')];
    },
  });
}

/** A tool that leaves a trace of each time it is made, whatever becomes of the call. */
function effect(world: World, name: string, more: Partial<AnyTool> = {}): AnyTool {
  const tool = defineTool({
    name,
    description: 'Has an effect in the world.',
    input: rounds,
    run: async ({ round, place }, { executionId: id, idempotencyKey, signal }) => {
      const step = idempotencyKey.slice(id.length + 1);
      world.effects.write({ event: 'made', id, step, tool: name });
      await pause(Math.random() * 15, undefined, { signal });
      return `${name} ${round}.${place}`;
    },
  });
  return { ...tool, ...more };
}
