import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import type { InDoubtPolicy } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'squadra-retry-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An execution fails beside a tool call that has had its effect and not come back; then it is retried. */
async function play(inDoubt: InDoubtPolicy, choice: string) {
  const effects: string[] = [];
  const asked: string[] = [];
  const called = Promise.withResolvers<void>();
  const pay = defineTool({
    name: 'pay',
    description: 'Pays.',
    input: z.object({}),
    inDoubt,
    run: (_, { idempotencyKey }) => {
      effects.push(idempotencyKey);
      called.resolve();
      return effects.length > 1 ? 'paid' : new Promise<string>(() => {});
    },
  });
  let failures = 0;
  const workflow = defineWorkflow({
    name: 'paying',
    run: async ({ squad, step }) => {
      const [{ text }] = await Promise.all([
        squad.ask('tester', 'Pay.', { tools: [pay] }),
        step.run('beside', async () => {
          await called.promise;
          if ((failures += 1) === 1) throw new NonRetryableError('No.');
        }),
      ]);
      return text;
    },
  });
  const model = scriptedModel(({ prompt }) =>
    prompt.some(({ role }) => role === 'tool') ? 'Done.' : { toolCalls: [{ name: 'pay', input: {} }] },
  );
  await using squadra = await openSquadraIn(
    {
      stateDir: folder,
      workflows: [workflow],
      squads: [{ name: 'one', members: [{ role: 'tester', provider: 'script' }] }],
      models: { script: model.asProvider() },
      settings: { logLevel: 'silent' },
    },
    { readSettings: (overrides) => readSettings({}, overrides) },
  );
  const run = await squadra.submit(workflow, { input: {}, squad: 'one' });
  expect(await run.result()).toMatchObject({ status: 'failed', error: { message: 'No.' } });
  await run.retry();
  const stop = new AbortController();
  const answering = async (): Promise<void> => {
    for await (const event of run.events({ signal: stop.signal })) {
      if (event.event !== 'step' || event.type !== 'approval' || event.phase !== 'waiting') continue;
      asked.push(event.key);
      await run.approve(event.key, { choice, by: 'test' });
    }
  };
  const answered = answering();
  const outcome = await run.result();
  stop.abort();
  await answered;
  const keys: string[] = [];
  for await (const event of run.events({ follow: false }))
    if (event.event === 'step' && event.key === 'tester/tool/1.1') keys.push(`${event.phase} ${event.attempt}`);
  return { outcome, asked, effects, keys, usage: (await run.get()).usage, told: model.calls.at(-1)?.text };
}

const done = { status: 'completed', output: 'Done.' };

describe('a retry of an execution that failed beside a tool call', () => {
  it('makes the call again only when a person says so', async () => {
    const { outcome, asked, effects, keys } = await play('ask', 'retry');
    expect(outcome).toEqual(done);
    expect(asked).toEqual(['tester/tool/1.1/in-doubt-1']);
    expect(effects).toHaveLength(2);
    expect(keys).toEqual(['intent 1', 'failed 1', 'intent 2', 'completed 2']);
  });

  it('does not make it again when a person says that it is to be passed over', async () => {
    const { outcome, effects, told, usage } = await play('ask', 'skip');
    expect(outcome).toEqual(done);
    expect(effects).toHaveLength(1);
    expect(told).toContain('whether it took effect is not known');
    expect(usage.modelCalls).toBe(2);
  });

  it('fails where the tool says so', async () => {
    const { outcome, asked, effects } = await play('fail', 'retry');
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'IN_DOUBT' } });
    expect([asked.length, effects.length]).toEqual([0, 1]);
  });

  it('makes it again without a question where that harms nobody', async () => {
    const { outcome, asked, effects, keys } = await play('retry', 'fail');
    expect(outcome).toEqual(done);
    expect([asked.length, effects.length]).toEqual([0, 2]);
    expect(keys).toEqual(['intent 1', 'failed 1', 'intent 2', 'completed 2']);
  });
});

it('counts a model call that the failure cut off once, at its reservation', async () => {
  const called = Promise.withResolvers<void>();
  let calls = 0;
  const model = scriptedModel(() => {
    calls += 1;
    called.resolve();
    return calls === 1 ? new Promise(() => {}) : 'Done.';
  });
  let failures = 0;
  const workflow = defineWorkflow({
    name: 'asking',
    run: async ({ squad, step }) => {
      const fail = async (): Promise<void> => {
        await called.promise;
        if ((failures += 1) === 1) throw new NonRetryableError('No.');
      };
      const [{ text }] = await Promise.all([squad.ask('tester', 'Hello.'), step.run('beside', fail)]);
      return text;
    },
  });
  await using squadra = await openSquadraIn(
    {
      stateDir: folder,
      workflows: [workflow],
      squads: [{ name: 'one', members: [{ role: 'tester', provider: 'script' }] }],
      models: { script: model.asProvider() },
      settings: { logLevel: 'silent' },
    },
    { readSettings: (overrides) => readSettings({}, overrides) },
  );
  const run = await squadra.submit(workflow, { input: {}, squad: 'one' });
  expect(await run.result()).toMatchObject({ status: 'failed' });
  await run.retry();
  expect(await run.result()).toEqual(done);
  expect((await run.get()).usage).toMatchObject({ modelCalls: 2, estimatedCalls: 1 });
});
