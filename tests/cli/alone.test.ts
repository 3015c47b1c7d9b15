import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSquadra } from '../../src/index.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { newFolder, squadra, squadraJson } from './command-line.ts';
import { project } from './workflows.ts';

it('starts, signals, approves and cancels where nobody runs the state', async () => {
  const folder = newFolder(project);
  const id = await submitGate(folder, { start: false });
  const started = await squadra(folder, ['start', id]);
  expect(started).toMatchObject({ code: 0, stdout: `Execution ${id} is started.\n` });
  expect(started.stderr).toContain(`squadra run --resume ${id}`);
  expect(await squadraJson(folder, 'start', id)).toMatchObject({ id, status: 'queued', changed: false });
  expect(await squadraJson(folder, 'signal', id, 'go')).toMatchObject({ id, status: 'queued', signal: 'go' });
  expect((await squadra(folder, ['cancel', id])).code).toBe(0);
  expect(await squadraJson(folder, 'cancel', id)).toMatchObject({ id, status: 'cancelled', changed: false });
  const ended = await squadra(folder, ['signal', id, 'go']);
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('ALREADY_ENDED') });
});

it('shows an execution in the shape of the interface', async () => {
  const folder = newFolder(project);
  await squadra(folder, ['run', '--workflow', 'greet', '--input', '{"message":"you"}', '--quiet', '--priority', '7']);
  const shown = await squadraJson(folder, 'show', 'latest');
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(shown).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status: 'completed',
    workflow: 'greet',
    squadId: null,
    priority: 7,
    input: { message: 'you' },
    output: { text: 'Hello, you' },
    error: null,
    steps: [{ key: 'greet', type: 'run', status: 'completed', attempts: 1, output: 'Hello, you' }],
    items: [],
    usage: { modelCalls: 0 },
    costMicroUsd: 0,
    version: expect.any(Number),
    createdAt: time,
    startedAt: time,
    endedAt: time,
  });
  const text = await squadra(folder, ['show', String(shown['id']).slice(0, 23)]);
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/Status +completed[\s\S]*greet +run[\s\S]*Output\n {2}Hello, you/);
});

it('keeps tenants apart', async () => {
  const folder = newFolder(project);
  const request = ['--workflow', 'greet', '--input', '{"message":"you"}', '--quiet'];
  await squadra(folder, ['run', ...request, '--tenant', 'other']);
  expect(await squadraJson(folder, 'list')).toEqual({ items: [], nextCursor: null });
  const { items } = await squadraJson(folder, 'list', '--tenant', 'other');
  expect(items).toHaveLength(1);
  const [{ id }] = items as [{ id: string }];
  expect(await squadra(folder, ['show', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('NOT_FOUND') });
});

it('says what to do where there is nothing yet, and makes no state by looking', async () => {
  const folder = newFolder();
  const told: [string[], RegExp, number][] = [
    [['list'], /`squadra demo` shows how it looks/, 0],
    [['squads'], /software .*template/, 0],
    [['check'], /Nothing is in flight/, 0],
    [['prune'], /nothing was deleted/, 0],
    [['doctor'], /none in .* yet/, 0],
    [['show', 'latest'], /There is no state in/, 1],
    [['run', '--resume'], /Nothing is unfinished/, 1],
  ];
  const results = await Promise.all(told.slice(0, -1).map(([args]) => squadra(folder, args)));
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    expect(stdout + stderr).toMatch(told[index]?.[1] ?? /never/);
    expect(code).toBe(told[index]?.[2]);
  }
  expect(existsSync(join(folder, '.squadra'))).toBe(false);
});

it('writes the files to begin with, overwrites none, and they run', async () => {
  const folder = newFolder({ 'squadra.yaml': 'workflows: [./feature.ts]\n', '.gitignore': 'node_modules' });
  expect(await squadraJson(folder, 'init')).toEqual({ written: ['feature.ts', '.gitignore'], kept: ['squadra.yaml'] });
  expect(readFileSync(join(folder, 'squadra.yaml'), 'utf8')).toBe('workflows: [./feature.ts]\n');
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\n.squadra/\n');
  expect(await squadraJson(folder, 'init')).toMatchObject({ written: [] });
  const fresh = newFolder();
  await squadra(fresh, ['init']);
  const doctor = await squadra(fresh, ['doctor']);
  expect(doctor.stdout).toContain('1 workflow (feature), 0 tools, 1 squad');
});

it('lists squads and roles, and shows one', async () => {
  const folder = newFolder({
    'squadra.yaml': 'squads: [{ name: pair, members: [{ role: tester, model: m1 }, { role: reviewer }] }]',
    'r.md': 'x',
  });
  await squadra(folder, ['run', 'r.md', '--squad', 'pair', '--quiet']);
  const { items, templates } = await squadraJson(folder, 'squads');
  expect(items).toMatchObject([
    { name: 'pair', version: 1, members: [{ role: 'tester', model: 'm1' }, { role: 'reviewer' }] },
  ]);
  expect(templates).toContainEqual(expect.objectContaining({ name: 'software' }));
  expect((await squadra(folder, ['squads', 'pair'])).stdout).toMatch(/tester .* m1/);
  expect(await squadra(folder, ['squads', 'nobody'])).toMatchObject({ code: 1 });
  expect((await squadraJson(folder, 'roles'))['items']).toContainEqual({
    name: 'frontend_developer',
    title: 'Frontend developer',
    specializations: expect.arrayContaining(['react']),
  });
  expect((await squadra(folder, ['roles', 'tester'])).stdout).toContain('You try to prove that the work does not do');
  expect((await squadra(folder, ['list', '--squad', 'pair', '--workflow', 'pipeline'])).stdout).toMatch(
    /completed +pipeline +pair/,
  );
});

it('finds what a change of the code would break, and does nothing', async () => {
  const folder = newFolder(project);
  const id = await submitGate(folder, {});
  const before = await squadraJson(folder, 'show', id);
  expect(await squadra(folder, ['check'])).toMatchObject({
    code: 0,
    stdout: '1 execution checked: all go on with the code on disk.\n',
  });

  const changed = project['steps.ts'].replace("step.run('first'", "step.run('begin'");
  writeFileSync(join(folder, 'steps.ts'), changed);
  const found = await squadraJson(folder, 'check');
  expect(found).toEqual({
    checked: 1,
    items: [
      {
        id,
        workflow: 'gate',
        status: 'waiting',
        findings: ['first', 'go'].map((step) => ({ kind: 'gone', step, next: ['begin'] })),
      },
    ],
  });
  writeFileSync(
    join(folder, 'steps.ts'),
    project['steps.ts'].replace("waitFor('go')", "waitFor('go', { timeout: '1h' })"),
  );
  const other = await squadra(folder, ['check']);
  expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining("step 'go' is given something else") });
  writeFileSync(join(folder, 'steps.ts'), project['steps.ts'].replace("name: 'gate'", "name: 'door'"));
  expect((await squadra(folder, ['check'])).stdout).toContain('its workflow is not there');
  expect(await squadraJson(folder, 'show', id)).toEqual(before);
});

it('finds a bad disk, setting and state', async () => {
  const state = newFolder({ 'squadra.db': 'This is no database, but long enough to be looked at. '.repeat(20) });
  const corrupt = await squadra(newFolder(), ['doctor', '--state-dir', state]);
  expect(corrupt).toMatchObject({ code: 1, stdout: expect.stringContaining('BAD state') });
  const wrong = await squadra(newFolder(), ['doctor'], { env: { SQUADRA_READERS: 'many' } });
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringMatching(/BAD settings .*\n.*SQUADRA_READERS/) });
});

it.each([
  [
    {},
    /!   model +none: .*offline script\. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY or OLLAMA_BASE_URL for/,
  ],
  [{ OPENAI_API_KEY: 'sk-secret' }, /ok  model +gpt-5-mini of openai \(not called\)\n/],
  [{ OPENAI_BASE_URL: 'http://localhost:9/v1', SQUADRA_MODEL: 'm' }, /m of openai at localhost:9, without a key \(/],
  [
    { ANTHROPIC_API_KEY: 'sk-secret', OLLAMA_BASE_URL: 'http://box:11434' },
    /haiku.* of anthropic .*also configured: ollama/,
  ],
  [{ GROQ_API_KEY: 'sk-secret' }, /ok  model +\S+ of groq \(not called\)/],
  [{ OLLAMA_BASE_URL: 'http://me:sk-secret@box:11434' }, /ok  model +qwen3 of ollama at box:11434 \(not called\)/],
  [{ GROQ_API_KEY: 'sk-secret', SQUADRA_PROVIDER: 'offline' }, /!   model +none: /],
  [{ SQUADRA_PROVIDER: 'mine' }, /!   model +.*'mine', which the environment does not configure/],
])('tells which model would answer with %j, and no key', async (env, told) => {
  const { stdout, code } = await squadra(newFolder(), ['doctor'], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(told);
  expect(stdout).not.toContain('sk-secret');
});

it('shows its version and its commands, and refuses what it does not know', async () => {
  const folder = newFolder();
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await squadra(folder, ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  expect((await squadra(folder, ['--help'])).stdout).toMatch(/Commands:\n {2}demo/);
  expect(await squadra(folder, ['shwo'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean show?'),
  });
});

/** An execution of the project's workflow, left by a process that has ended. */
async function submitGate(folder: string, request: { readonly start?: boolean }): Promise<string> {
  const gate = defineWorkflow({
    name: 'gate',
    async run({ step }) {
      await step.run('first', () => 1);
      await step.waitFor('go');
    },
  });
  await using squadra = await openSquadra({ stateDir: join(folder, '.squadra'), workflows: [gate] });
  const run = await squadra.submit(gate, { input: {}, ...request });
  if (request.start === false) return run.id;
  for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
  return run.id;
}
