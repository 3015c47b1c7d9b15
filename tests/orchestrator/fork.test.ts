import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Run } from '../../src/orchestrator/run-handle.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { Script, ScriptedCall, ScriptedModel } from '../../src/testing/scripted-model.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';

const counted = new Map<string, number>();
const count = (name: string): number => {
  const times = (counted.get(name) ?? 0) + 1;
  counted.set(name, times);
  return times;
};

const line = defineWorkflow({
  name: 'line',
  async run({ squad, step, execution }) {
    const plan = await squad.ask('project_manager', 'Plan it.');
    const id = await step.run('reserve', () => count(`reserve`));
    const code = await squad.ask('backend_developer', `${plan.text} ${id}`);
    const verdict = await squad.ask('tester', code.text);
    return { plan: plan.text, id, code: code.text, verdict: verdict.text, own: plan.itemId !== execution.id };
  },
});

const fan = defineWorkflow({
  name: 'fan',
  async run({ squad }) {
    const roles = ['project_manager', 'backend_developer', 'tester'];
    const parts = await Promise.all(roles.map((role) => squad.ask(role, `Your part, ${role}.`)));
    const sum = await squad.ask('project_manager', parts.map(({ text }) => text).join(' + '), { name: 'sum' });
    return sum.text;
  },
});

const waiting = defineWorkflow({
  name: 'waiting',
  async run({ squad, step }) {
    const plan = await squad.ask('project_manager', 'Plan it.');
    const answer = await step.waitFor<string>('go');
    return [plan.text, answer.timedOut ? '' : answer.payload];
  },
});

const lookUp = defineTool({
  name: 'look_up',
  description: 'Looks something up.',
  input: z.object({ what: z.string() }),
  run: ({ what }) => `${what} ${count(`look up ${what}`)}`,
});
const tooled = defineWorkflow({
  name: 'tooled',
  run: async ({ squad }) => (await squad.ask('tester', 'Find out.', { tools: [lookUp] })).text,
});

const members = [{ role: 'project_manager' }, { role: 'backend_developer', name: 'Bo' }, { role: 'tester' }];

interface Fixture {
  readonly squadra: Squadra;
  readonly model: ScriptedModel;
  readonly stateDir: string;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'squadra-fork-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function open(script: Script, stateDir: string = folder()): Promise<Fixture> {
  const model = scriptedModel(script);
  const squadra = await openSquadraIn(
    {
      stateDir,
      workflows: [line, fan, waiting, tooled],
      squads: [{ name: 'team', members }],
      models: { offline: model.asProvider(), other: model.asProvider() },
    },
    { readSettings: (overrides) => readSettings({}, overrides), random: () => 0 },
  );
  onTestFinished(() => squadra[Symbol.asyncDispose]());
  return { squadra, model, stateDir };
}

/** Says who answers how often: an answer made again is another one. */
const numbered: Script = ({ role, number }) => ({
  text: `${role}-${number}`,
  usage: { inputTokens: 100, outputTokens: 10 },
});
const rolesOf = (calls: readonly ScriptedCall[]) => calls.map(({ role }) => role);
const keysOf = async (run: Run) => {
  const keys: string[] = [];
  for await (const event of run.events())
    if (event.event === 'step' && event.phase === 'completed') keys.push(event.key);
  return keys;
};

describe('a fork', () => {
  it('takes over for free what was committed before an ask, and does the rest anew', async () => {
    const { squadra, model } = await open(numbered);
    const run = await squadra.submit(line, { input: {}, squad: 'team', priority: 3, metadata: { ticket: 7 } });
    const first = await run.result();
    const before = await run.get();
    const reserved = counted.get('reserve');
    const fork = await run.fork({ from: 'tester' });
    const second = await fork.result();
    expect(rolesOf(model.calls)).toEqual(['project_manager', 'backend_developer', 'tester', 'tester']);
    expect(counted.get('reserve')).toBe(reserved);
    expect(first).toMatchObject({ output: { plan: 'project_manager-1', verdict: 'tester-3' } });
    expect(second).toEqual({
      status: 'completed',
      output: { plan: 'project_manager-1', id: reserved, code: 'backend_developer-2', verdict: 'tester-4', own: true },
    });
    expect(await keysOf(fork)).toEqual(await keysOf(run));
    expect(await fork.get()).toMatchObject({
      workflow: 'line',
      input: {},
      priority: 3,
      squadId: before.squadId,
      squadVersion: before.squadVersion,
      metadata: { ticket: 7, forkedFrom: { executionId: run.id, step: 'tester' } },
      usage: { inputTokens: 100, modelCalls: 1 },
    });
    expect(await run.get()).toEqual(before);
    expect(before.usage.modelCalls).toBe(3);

    const { items } = await squadra.workItems.list({ executionId: fork.id });
    expect(items.map(({ stepKey, status, usage }) => [stepKey, status, usage.modelCalls])).toEqual([
      ['project_manager', 'completed', 0],
      ['backend_developer', 'completed', 0],
      ['tester', 'completed', 1],
    ]);
    const messages = await fork.messages();
    expect(messages.map(({ message }) => message.text)).toEqual(
      (await run.messages()).map(({ message }) => message.text.replace('tester-3', 'tester-4')),
    );
    expect((await squadra.usage()).total).toMatchObject({ executions: 2, usage: { modelCalls: 4 } });
  });

  it('does not ask again those who worked at the same time', async () => {
    const { squadra, model } = await open(numbered);
    const run = await squadra.submit(fan, { input: {}, squad: 'team' });
    await run.result();
    const fork = await run.fork({ from: 'backend_developer' });
    await fork.result();
    expect(rolesOf(model.calls).slice(4)).toEqual(['backend_developer', 'project_manager']);
    expect(model.calls.at(-1)?.text).toBe('project_manager-1 + backend_developer-5 + tester-3');
  });

  it('has a squad of its own when members are set, by role or by name, and nobody else has it', async () => {
    const { squadra, model } = await open(numbered);
    const run = await squadra.submit(line, { input: {}, squad: 'team' });
    await run.result();
    const set = { tester: { instructions: 'Be strict.', temperature: 0 }, Bo: { provider: 'other', model: 'big' } };
    const fork = await run.fork({ from: 'backend_developer', set });
    await fork.result();
    const [, , original, , forked] = model.calls;
    expect(forked?.options.temperature).toBe(0);
    expect(JSON.stringify(forked?.prompt[0])).toContain('Be strict.');
    expect(JSON.stringify(original?.prompt[0])).not.toContain('Be strict.');
    const steps = [];
    for await (const event of fork.events())
      if (event.event === 'step' && event.phase === 'completed') steps.push(event);
    expect(steps.find(({ key }) => key === 'backend_developer/model/1')?.output).toMatch(
      /"provider":"other","model":"big"/,
    );
    expect((await fork.get()).squadVersion).toBeLessThan(0);
    expect((await fork.get()).metadata).toMatchObject({ forkedFrom: { set } });
    expect(await squadra.squads.get('team')).toMatchObject({ version: 1 });

    // A fork of the fork has its squad, and what was submitted since has the squad as everybody knows it.
    await (await fork.fork({ from: 'tester' })).result();
    expect(JSON.stringify(model.calls.at(-1)?.prompt[0])).toContain('Be strict.');
    await (await squadra.submit(line, { input: {}, squad: 'team' })).result();
    expect(JSON.stringify(model.calls.at(-1)?.prompt[0])).not.toContain('Be strict.');
  });

  it('gives what failed another chance', async () => {
    const answers: Script = ({ role, options }) =>
      role === 'tester' && options.temperature !== 0 ? { fail: { status: 400 } } : numbered({ role } as ScriptedCall);
    const { squadra, model } = await open(answers);
    const run = await squadra.submit(line, { input: {}, squad: 'team' });
    expect(await run.result()).toMatchObject({ status: 'failed', error: { code: 'MODEL_REJECTED' } });
    const fork = await run.fork({ from: 'tester', set: { tester: { temperature: 0 } } });
    expect(await fork.result()).toMatchObject({ status: 'completed' });
    expect(rolesOf(model.calls)).toEqual(['project_manager', 'backend_developer', 'tester', 'tester']);
  });

  it('can be made of an execution that waits, and both go on', async () => {
    const { squadra, model } = await open(numbered);
    const run = await squadra.submit(waiting, { input: {}, squad: 'team' });
    for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
    const fork = await run.fork({ from: 'go' });
    await fork.signal('go', 'left');
    await run.signal('go', 'right');
    expect(await fork.result()).toMatchObject({ output: ['project_manager-1', 'left'] });
    expect(await run.result()).toMatchObject({ output: ['project_manager-1', 'right'] });
    expect(model.calls).toHaveLength(1);
  });

  it('can begin inside an ask: the calls before stay, tools included', async () => {
    const script: Script = [
      {
        toolCalls: [
          { name: 'look_up', input: { what: 'tide' } },
          { name: 'look_up', input: { what: 'moon' } },
        ],
      },
      'found',
      'found again',
    ];
    const { squadra, model } = await open(script);
    const run = await squadra.submit(tooled, { input: {}, squad: 'team' });
    expect(await run.result()).toMatchObject({ output: 'found' });
    const fork = await run.fork({ from: 'tester/model/2' });
    expect(await fork.result()).toMatchObject({ output: 'found again' });
    expect([counted.get('look up tide'), counted.get('look up moon')]).toEqual([1, 1]);
    expect(model.calls[2]?.prompt).toEqual(model.calls[1]?.prompt);
    const { items } = await squadra.workItems.list({ executionId: fork.id });
    expect(items).toMatchObject([{ status: 'completed', usage: { modelCalls: 1 } }]);
  });

  it('finds nothing changed in the turns that it took over, although it did not pay for them', async () => {
    const lookUps = ['wind', 'rain'].map((what) => ({ toolCalls: [{ name: 'look_up', input: { what } }] }));
    const { squadra } = await open([...lookUps, 'found', 'found again']);
    const run = await squadra.submit(tooled, { input: {}, squad: 'team' });
    await run.result();
    const fork = await run.fork({ from: 'tester/model/3' });
    expect(await fork.result()).toMatchObject({ output: 'found again' });
    for await (const event of fork.events()) expect(event).not.toMatchObject({ phase: 'warning' });
  });

  it('is taken up again after a restart with what it took over', async () => {
    const { squadra, stateDir } = await open(numbered);
    const run = await squadra.submit(waiting, { input: {}, squad: 'team' });
    await run.signal('go', 'x');
    await run.result();
    const fork = await run.fork({ from: 'go' });
    for await (const event of fork.events()) if (event.event === 'status' && event.status === 'waiting') break;
    await squadra[Symbol.asyncDispose]();
    const { squadra: next, model } = await open(numbered, stateDir);
    const again = next.run(fork.id);
    await again.signal('go', 'later');
    expect(await again.result()).toMatchObject({ output: ['project_manager-1', 'later'] });
    expect(model.calls).toEqual([]);
  });

  it('has the files that the original has now, links left out', async () => {
    const { squadra, stateDir } = await open(numbered);
    const run = await squadra.submit(line, { input: {}, squad: 'team' });
    await run.result();
    const workspace = join(stateDir, 'out', run.id);
    mkdirSync(join(workspace, 'src'), { recursive: true });
    writeFileSync(join(workspace, 'src/a.ts'), 'export {};');
    symlinkSync('/etc', join(workspace, 'etc'));
    const fork = await run.fork({ from: 'tester' });
    const copy = join(stateDir, 'out', fork.id);
    expect(readFileSync(join(copy, 'src/a.ts'), 'utf8')).toBe('export {};');
    expect(() => readFileSync(join(copy, 'etc/hostname'))).toThrow('ENOENT');
    await fork.result();
  });

  it('is refused for what is not there, and then nothing was made', async () => {
    const { squadra } = await open(numbered);
    const run = await squadra.submit(line, { input: {}, squad: 'team' });
    await run.result();
    const fork = (request: Parameters<Run['fork']>[0], of: Run = run) => of.fork(request);
    await expect(fork({ from: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining("'project_manager', 'reserve', 'backend_developer', 'tester'"),
    });
    await expect(fork({ from: 'teste' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(fork({ from: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(fork({ from: 'tester', set: { designer: { model: 'x' } } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('Bo (backend_developer)'),
    });
    await expect(fork({ from: 'tester', set: { tester: {} } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(fork({ from: 'tester', set: { tester: { role: 'reviewer' } as object } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(fork({ from: 'tester', at: 'now' } as { from: string })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(fork({ from: 'tester' }, squadra.run('0199aaaa-0000-7000-8000-000000000000'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(fork({ from: 'tester' }, squadra.forTenant('other').run(run.id))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await squadra.list()).items).toHaveLength(1);
  });
});
