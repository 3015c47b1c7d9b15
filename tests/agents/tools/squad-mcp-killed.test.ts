import { expect, it } from 'vitest';
import { defineWorkflow, openSquadra } from '../../../src/index.ts';
import { scriptedModel } from '../../../src/testing/scripted-model.ts';
import type { ScriptedAnswer } from '../../../src/testing/scripted-answer.ts';
import { temporaryFolder } from './calling.ts';
import { HttpEverything } from './mcp-running.ts';

const calling = (name: string, input: object): ScriptedAnswer => ({
  toolCalls: [{ name: `everything__${name}`, input: JSON.stringify(input) }],
});

it('a call that may be repeated is made again when its MCP server is killed in the middle of it, and the ask goes on', async () => {
  const server = await HttpEverything.open();
  const left = Promise.withResolvers<void>();
  const model = scriptedModel(({ role, prompt }) => {
    const isBack = prompt.some((message) => message.role === 'tool');
    if (role === 'tester')
      return isBack ? 'Tested.' : calling('trigger-long-running-operation', { duration: 3, steps: 1 });
    return isBack ? 'Reviewed.' : left.promise.then(() => calling('echo', { message: 'read by now' }));
  });
  const both = defineWorkflow({
    name: 'both',
    run: async ({ squad }) => {
      const answers = await Promise.all([squad.ask('tester', 'Test.'), squad.ask('reviewer', 'Review.')]);
      return answers.map(({ text }) => text);
    },
  });
  const tools = ['mcp:everything'];
  await using squadra = await openSquadra({
    stateDir: temporaryFolder(),
    settings: { logLevel: 'silent' },
    workflows: [both],
    mcp: { everything: { url: server.url } },
    models: { script: model.asProvider() },
    squads: [{ name: 'us', members: ['tester', 'reviewer'].map((role) => ({ role, provider: 'script', tools })) }],
  });
  const run = await squadra.submit(both, { squad: 'us', input: {} });
  const attempts: string[] = [];
  for await (const event of run.events()) {
    if (event.event !== 'step') continue;
    const { key, phase, attempt, error } = event;
    if (key === 'tester/tool/1.1') attempts.push(`${phase} ${attempt}${error === null ? '' : ` ${error.code}`}`);
    if (key === 'tester/tool/1.1' && phase === 'intent') left.resolve();
    // The answer to the later call shows that the server has read the earlier one.
    if (key !== 'reviewer/tool/1.1' || phase !== 'completed') continue;
    await server.kill();
    await server.start();
  }
  expect(await run.result()).toEqual({ status: 'completed', output: ['Tested.', 'Reviewed.'] });
  expect(attempts.slice(0, 3)).toEqual(['intent 1', 'failed 1 TOOL_UNAVAILABLE', 'intent 2']);
  expect(attempts.at(-1)).toMatch(/^completed/);
  expect(model.calls.filter(({ text }) => text.includes('Long running operation completed'))).toHaveLength(1);
});
