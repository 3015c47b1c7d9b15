import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Approval } from '../../src/work/approval-store.ts';
import type { Journaled, StepRecord } from '../../src/work/journal.ts';
import { SquadraError } from '../../src/kernel/errors.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { ScriptedCall } from '../../src/testing/scripted-model.ts';
import type { ScriptedAnswer } from '../../src/testing/scripted-answer.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import type { AnyTool, InDoubtPolicy } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { type Death, live, type LifeEnd } from './dying-process.ts';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'squadra-asks-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What happened outside of Squadra: it does not forget when the process dies. */
interface World {
  /** Effects by the idempotency key of their call, without the execution. */
  readonly effects: string[];
  readonly prompts: Map<string, Set<string>>;
  readonly asked: Approval[];
}

function newWorld(): World {
  return { effects: [], prompts: new Map(), asked: [] };
}

function stepOf(idempotencyKey: string): string {
  return idempotencyKey.slice(idempotencyKey.indexOf('/') + 1);
}

function effect(world: World, name: string, inDoubt?: InDoubtPolicy): AnyTool {
  return defineTool({
    name,
    description: 'Has an effect.',
    input: z.object({ n: z.number() }),
    ...(inDoubt === undefined ? {} : { inDoubt }),
    run: ({ n }, { idempotencyKey }) => {
      world.effects.push(stepOf(idempotencyKey));
      return `${name} ${n}`;
    },
  });
}

/** Two rounds of tool calls, then an answer that names the results. */
function answerOf(world: World, first: string, second: string) {
  return ({ prompt, idempotencyKey }: ScriptedCall): ScriptedAnswer => {
    const key = stepOf(idempotencyKey ?? '');
    world.prompts.set(key, (world.prompts.get(key) ?? new Set()).add(JSON.stringify(prompt)));
    switch (prompt.filter(({ role }) => role === 'tool').length) {
      case 0:
        return { text: 'Both.', toolCalls: [1, 2].map((n) => ({ name: n === 1 ? first : second, input: { n } })) };
      case 1:
        return { toolCalls: [{ name: first, input: { n: 3 } }] };
      default:
        return 'Done.';
    }
  };
}

interface Play {
  readonly world: World;
  readonly tools: readonly AnyTool[];
  readonly answer?: (approval: Approval) => string;
  readonly workflow?: (tools: readonly AnyTool[]) => ReturnType<typeof asking>;
}

function asking(tools: readonly AnyTool[]) {
  return defineWorkflow({
    name: 'asking',
    run: async ({ squad }) => (await squad.ask('tester', 'Do it.', { tools })).text,
  });
}

/** Lives and dies until the execution ends. */
async function play({ world, tools, answer = () => 'retry', workflow = asking }: Play, deaths: readonly Death[]) {
  const [first = '', second = first] = tools.map(({ name }) => name);
  const model = scriptedModel(answerOf(world, first, second));
  let journal: readonly Journaled<StepRecord>[] = [];
  const oneLife = (death: Death | null): Promise<LifeEnd> =>
    live(
      {
        stateDir: folder,
        workflows: [workflow(tools)],
        squads: [{ name: 'one', members: [{ role: 'tester', provider: 'script' }] }],
        models: { script: model.asProvider() },
      },
      {
        workflow: 'asking',
        squad: 'one',
        death,
        answer: (approval) => {
          world.asked.push(approval);
          return answer(approval);
        },
      },
      async (_, run) => {
        const steps: Journaled<StepRecord>[] = [];
        for await (const event of run.events({ follow: false })) if (event.event === 'step') steps.push(event);
        journal = steps;
      },
    );
  for (const death of [...deaths, null]) {
    const { outcome, commits } = await oneLife(death);
    if (outcome !== null) return { outcome, commits, model, journal };
  }
  throw new Error('The last life has no death.');
}

const times = (world: World, step: string): number => world.effects.filter((each) => each === step).length;
const calls = ['tester/tool/1.1', 'tester/tool/1.2', 'tester/tool/2.1'];
/** Three model and three tool calls, each with an intent and a result, and the end. */
const commitCount = 13;
const commitsInOrder = Array.from({ length: commitCount }, (_, index) => index + 1);
/** Right after a result is the same as before the next intent; right after an intent the call has not left yet. */
const everywhere: readonly Death[] = commitsInOrder.flatMap((commit) =>
  commit % 2 === 1 && commit < commitCount
    ? [
        { commit, when: 'before' },
        { commit, when: 'after' },
      ]
    : [{ commit, when: 'before' }],
);
/** Between the intent and the result of a tool call: before it left, and after it had its effect. */
const inTools: readonly Death[] = [
  { commit: 3, when: 'after' },
  { commit: 4, when: 'before' },
  { commit: 9, when: 'after' },
  { commit: 10, when: 'before' },
];

describe('an ask with tools', () => {
  it('commits an intent and a result for each of its calls', async () => {
    const world = newWorld();
    const { outcome, commits, journal } = await play({ world, tools: [effect(world, 'pay')] }, []);
    expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
    expect(commits).toBe(commitCount);
    expect(world.effects).toEqual(calls);
    expect(journal.map(({ phase, key }) => `${phase} ${key}`)).toEqual(
      ['model/1', 'tool/1.1', 'tool/1.2', 'model/2', 'tool/2.1', 'model/3'].flatMap((name) => [
        `intent tester/${name}`,
        `completed tester/${name}`,
      ]),
    );
  });

  it.each(everywhere)(
    'killed $when commit $commit: an effect comes twice only where a person said so',
    async (death) => {
      const world = newWorld();
      const tools = [effect(world, 'pay'), effect(world, 'note', 'retry')];
      const { outcome, model } = await play({ world, tools }, [death]);
      expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
      const doubts = world.asked.map(({ stepKey }) => stepKey);
      for (const step of calls) {
        const mayBeTwice = step === 'tester/tool/1.2' || doubts.includes(`${step}/in-doubt-1`);
        expect(times(world, step)).toBeGreaterThanOrEqual(1);
        expect(times(world, step)).toBeLessThanOrEqual(mayBeTwice ? 2 : 1);
      }
      // A call that is made again is the same call, to the byte.
      for (const [, prompts] of world.prompts) expect(prompts.size).toBe(1);
      expect(model.calls.length).toBeLessThanOrEqual(4);
    },
  );

  it.each(inTools)(
    'killed $when commit $commit: skipped, nothing is done twice, and the model is told',
    async (death) => {
      const world = newWorld();
      const tools = [effect(world, 'pay')];
      const { outcome, model } = await play({ world, tools, answer: () => 'skip' }, [death]);
      expect(outcome).toEqual({ status: 'completed', output: 'Done.' });
      const asked = world.asked.map(({ stepKey }) => stepKey.replace('/in-doubt-1', ''));
      expect(asked).toHaveLength(1);
      for (const step of calls) {
        const isLost = asked.includes(step) && death.when === 'after';
        expect(times(world, step)).toBe(isLost ? 0 : 1);
      }
      expect(JSON.stringify(model.calls.at(-1)?.prompt)).toContain('whether it took effect is not known');
    },
  );

  it.each(inTools)('killed $when commit $commit: with the policy fail it fails, and nobody is asked', async (death) => {
    const world = newWorld();
    const tools = [effect(world, 'pay', 'fail')];
    const first = await play({ world, tools }, [death]);
    expect(world.asked).toEqual([]);
    expect(first.outcome).toMatchObject({ status: 'failed', error: { code: 'IN_DOUBT' } });
    expect(first.journal.at(-1)).toMatchObject({ phase: 'failed', type: 'tool', error: { code: 'IN_DOUBT' } });
  });
});

describe('a person who is asked about a call in doubt', () => {
  /** The intent of the first tool call is the third commit. */
  const inTheFirstTool: Death = { commit: 4, when: 'before' };

  it('sees which call it was', async () => {
    const world = newWorld();
    await play({ world, tools: [effect(world, 'pay')] }, [inTheFirstTool]);
    expect(world.asked).toMatchObject([
      {
        stepKey: 'tester/tool/1.1/in-doubt-1',
        title: 'pay was interrupted, and whether it took effect is not known',
        details: expect.stringContaining('"n": 1'),
        choices: ['retry', 'skip', 'fail'],
      },
    ]);
  });

  it('is not asked where the tool says that a second time harms nobody', async () => {
    const world = newWorld();
    await play({ world, tools: [effect(world, 'note', 'retry')] }, [inTheFirstTool]);
    expect(world.asked).toEqual([]);
    expect(times(world, 'tester/tool/1.1')).toBe(2);
  });

  it('is asked again when the call is interrupted again', async () => {
    const world = newWorld();
    // The commits of the second life: it parks, is woken by the answer, begins again, and loses the result.
    const { outcome, journal } = await play({ world, tools: [effect(world, 'pay')] }, [
      inTheFirstTool,
      { commit: 4, when: 'before' },
    ]);
    expect(outcome.status).toBe('completed');
    expect(world.asked.map(({ stepKey }) => stepKey)).toEqual([
      'tester/tool/1.1/in-doubt-1',
      'tester/tool/1.1/in-doubt-2',
    ]);
    expect(times(world, 'tester/tool/1.1')).toBe(3);
    expect(journal.filter(({ phase }) => phase === 'warning')).toEqual([]);
  });

  it('can end the ask', async () => {
    const world = newWorld();
    const { outcome } = await play({ world, tools: [effect(world, 'pay')], answer: () => 'fail' }, [inTheFirstTool]);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'IN_DOUBT' } });
    expect(times(world, 'tester/tool/1.1')).toBe(1);
  });

  it('is asked the same in every replay, whatever is decided beside it', async () => {
    const world = newWorld();
    const workflow = (tools: readonly AnyTool[]) =>
      defineWorkflow({
        name: 'asking',
        run: async ({ squad, step }) => {
          const order: string[] = [];
          await Promise.all([
            squad.ask('tester', 'Do it.', { tools }).then(() => order.push('ask')),
            step.approve('beside', { title: 'Beside?', choices: ['retry'] }).then(() => order.push('approval')),
          ]);
          await step.sleep('a moment', 1);
          return step.run('order', () => order.join(', '));
        },
      });
    const { outcome } = await play({ world, tools: [effect(world, 'pay')], workflow }, [
      { commit: 5, when: 'before' },
      { commit: 12, when: 'after' },
      { commit: 3, when: 'after' },
    ]);
    expect(outcome).toEqual({ status: 'completed', output: 'approval, ask' });
  });
});

describe('a call that is lost without a crash', () => {
  const losing = (world: World, code: 'TOOL_UNAVAILABLE' | 'IN_DOUBT', inDoubt?: InDoubtPolicy): AnyTool => {
    const pay = effect(world, 'pay', inDoubt);
    let made = 0;
    return defineTool({
      name: 'pay',
      description: pay.description,
      input: z.object({ n: z.number() }),
      ...(inDoubt === undefined ? {} : { inDoubt }),
      run: (_, context) => {
        world.effects.push(stepOf(context.idempotencyKey));
        made += 1;
        if (made > 1) return 'paid';
        throw new SquadraError(code, 'The server died during the call.', { details: { mayHaveRun: true } });
      },
    });
  };

  it.each(['TOOL_UNAVAILABLE', 'IN_DOUBT'] as const)('is asked about when it may have run: %s', async (code) => {
    const world = newWorld();
    const { outcome, journal } = await play({ world, tools: [losing(world, code)] }, []);
    expect(outcome.status).toBe('completed');
    expect(world.asked.map(({ stepKey }) => stepKey)).toEqual(['tester/tool/1.1/in-doubt-1']);
    expect(times(world, 'tester/tool/1.1')).toBe(2);
    expect(
      journal.filter(({ key }) => key.startsWith('tester/tool/1.1')).map(({ phase, key }) => `${phase} ${key}`),
    ).toEqual([
      'intent tester/tool/1.1',
      'waiting tester/tool/1.1/in-doubt-1',
      'completed tester/tool/1.1/in-doubt-1',
      'failed tester/tool/1.1',
      'intent tester/tool/1.1',
      'completed tester/tool/1.1',
    ]);
  });

  it('is skipped when a person says so', async () => {
    const world = newWorld();
    const { outcome } = await play({ world, tools: [losing(world, 'IN_DOUBT')], answer: () => 'skip' }, []);
    expect(outcome.status).toBe('completed');
    expect(times(world, 'tester/tool/1.1')).toBe(1);
  });

  it('is made again where that harms nobody', async () => {
    const world = newWorld();
    const { outcome } = await play({ world, tools: [losing(world, 'TOOL_UNAVAILABLE', 'retry')] }, []);
    expect(outcome.status).toBe('completed');
    expect(world.asked).toEqual([]);
    expect(times(world, 'tester/tool/1.1')).toBe(2);
  });

  it('ends the ask where the tool says so', async () => {
    const world = newWorld();
    const { outcome } = await play({ world, tools: [losing(world, 'IN_DOUBT', 'fail')] }, []);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'IN_DOUBT' } });
    expect(times(world, 'tester/tool/1.1')).toBe(1);
  });
});
