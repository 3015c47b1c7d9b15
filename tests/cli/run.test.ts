import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';
import { project } from './workflows.ts';

it('runs a request from a file and from standard input, with the workflows of squadra.yaml', async () => {
  const folder = newFolder({ ...project, 'request.md': 'file\n' });
  const fromFile = await squadra(folder, ['run', 'request.md', '--workflow', 'greet']);
  expect(fromFile).toMatchObject({ code: 0, stdout: 'Hello, file\n' });
  expect(fromFile.stderr).toContain('+ greet done');
  const fromInput = await squadra(folder, ['run', '-', '--workflow', 'greet', '--quiet'], { input: 'input' });
  expect(fromInput).toMatchObject({ code: 0, stdout: 'Hello, input\n', stderr: '' });
  const fromOption = await squadra(folder, [
    'run',
    '--workflow',
    'greet',
    '--input',
    '{"message":"option"}',
    '--quiet',
  ]);
  expect(fromOption).toMatchObject({ code: 0, stdout: 'Hello, option\n' });
});

it('names the files that came out of it', async () => {
  const folder = newFolder({ 'request.md': 'Add a login page' });
  const { stdout, stderr, code } = await squadra(folder, ['run', 'request.md']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/\nFiles:\n {2}\.squadra\/out\/[0-9a-f-]{36}\/plan\.md\n(?: {2}\S+\n)+ {2}\S+\/review\.md\n$/);
  expect(stdout).toContain('its one task is named');
});

it('fails with 1 and the causes, and is retried from where it failed', async () => {
  const folder = newFolder(project);
  const failed = await squadra(folder, ['run', '--workflow', 'fragile', '--input', '{}']);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('Error: It is broken');
  expect(failed.stderr).toContain('because because of this');
  expect(failed.stderr).not.toMatch(/^\s+at /m);
  const before = await squadraJson(folder, 'show', 'latest');
  expect(before).toMatchObject({ status: 'failed', error: { message: 'It is broken', cause: { name: 'TypeError' } } });

  writeFileSync(join(folder, 'mended'), '');
  const retried = await squadra(folder, ['retry', String(before['id'])]);
  expect(retried.code).toBe(0);
  const command = /squadra (run --resume \S+)/.exec(retried.stderr)?.[1] ?? '';
  const resumed = await squadra(folder, command.split(' '));
  expect(resumed).toMatchObject({ code: 0 });
  const after = await squadraJson(folder, 'show', 'latest');
  const kept = (document: Record<string, unknown>): unknown => (document['steps'] as { output: unknown }[])[0]?.output;
  expect(after['output']).toBe(kept(before));
});

it('finishes what is in hand on Ctrl-C, exits with 130, and goes on later', async () => {
  await using server = await startModelServer({ defaults: { text: 'An answer.', paceMs: 20 } });
  const folder = newFolder({ 'request.md': 'Do it' });
  const env = { OPENAI_BASE_URL: server.url };
  const run = new RunningCommand(folder, ['run', 'request.md'], { env });
  await run.until(/> Project manager works/);
  run.kill('SIGINT');
  const { code, stderr } = await run.ended;
  expect(code).toBe(130);
  const command = /squadra (run --resume \S+)/.exec(stderr)?.[1] ?? '';
  expect(await squadraJson(folder, 'show', 'latest')).toMatchObject({
    status: 'waiting',
    steps: [{ key: 'project_manager/model/1', status: 'completed' }],
  });

  const resumed = await squadra(folder, [...command.split(' '), '--json'], { env });
  expect(resumed.code).toBe(0);
  expect(lastLine(resumed.stdout)).toMatchObject({
    event: 'outcome',
    status: 'completed',
    output: { text: 'An answer.' },
  });
  expect(
    server.calls.map(({ attempt }) => attempt),
    'no call was made twice',
  ).toEqual([1, 1, 1, 1]);
});

it('leaves at once on the second Ctrl-C', async () => {
  await using server = await startModelServer({ defaults: { hang: 'inside' } });
  const folder = newFolder({ 'request.md': 'Do it' });
  const run = new RunningCommand(folder, ['run', 'request.md'], { env: { OPENAI_BASE_URL: server.url } });
  await server.reached('received');
  run.kill('SIGINT');
  await run.until(/Interrupted/);
  run.kill('SIGINT');
  expect((await run.ended).code).toBe(130);
  expect(await squadraJson(folder, 'show', 'latest')).toMatchObject({ status: 'running' });
});

it('shows nothing of an answer that would take over the terminal', async () => {
  const hostile = 'Before\u001b]0;owned\u0007\u001b[2J\u001b[1;1H\u009b31m\u0008\u202eafter\r\n';
  await using server = await startModelServer({ defaults: { text: hostile, chunks: 5 } });
  const folder = newFolder({
    'squadra.yaml': 'squads: [{ name: "one\\e[2Jman", members: [{ role: tester, name: "T\\e[31m" }] }]',
    'request.md': 'Say\u001b[2J it',
  });
  const env = { OPENAI_BASE_URL: server.url };
  const run = await squadra(folder, ['run', 'request.md', '--squad', 'one\u001b[2Jman'], { env });
  expect(run).toMatchObject({ code: 0 });
  expect(run.stdout).toBe('Beforeafter\n');
  for (const args of [['show', 'latest', '--full'], ['list'], ['squads'], ['show', 'latest', '--json']]) {
    const { stdout, stderr } = await squadra(folder, args);
    expect(`${args.join(' ')}\n${stdout}${stderr}`).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  }
  const lines = await squadra(folder, ['run', '--resume', 'latest', '--json'], { env });
  expect(lines.stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(lastLine(lines.stdout)).toMatchObject({ output: { text: hostile } });
});

it('says what is wrong with its arguments and exits with 2', async () => {
  const wrong: [string[], RegExp][] = [
    [['run'], /Give the request as a file/],
    [['run', 'nowhere.md'], /cannot be read from nowhere\.md/],
    [['run', 'empty.md'], /is empty/],
    [['run', '--input', '{', '--workflow', 'greet'], /--input is no JSON/],
    [['run', '--input', '{}', '--workflow', 'greet'], /does not fit workflow 'greet'/],
    [['run', '--input', '{}', '--workflow', 'grete'], /not registered; those that are: pipeline, .*greet/],
    [['run', 'empty.md', '--resume'], /give it no request/],
    [['run', '--loud'], /unknown option/],
  ];
  const results = await Promise.all(wrong.map(([args]) => squadra(newFolder({ ...project, 'empty.md': ' \n' }), args)));
  for (const [index, result] of results.entries())
    expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(wrong[index]?.[1] ?? /never/) });
});

it('cannot start with settings, a project or a state that cannot be used, and exits with 3', async () => {
  const folder = newFolder({
    'squadra.yaml': 'workflows: [./broken.ts]\n',
    'broken.ts': 'export const nothing = 1;\n',
    'request.md': 'x',
  });
  const project = await squadra(folder, ['run', 'request.md']);
  expect(project).toMatchObject({ code: 3, stderr: expect.stringContaining('exports no workflow') });
  const settings = await squadra(newFolder(), ['list'], { env: { SQUADRA_READERS: '0', SQUADRA_COLOUR: 'red' } });
  expect(settings.code).toBe(3);
  expect(settings.stderr).toMatch(/SQUADRA_COLOUR[\s\S]*SQUADRA_READERS/);
  const state = newFolder({ 'squadra.db': 'This is no database, but long enough to be looked at. '.repeat(20) });
  const corrupt = await squadra(folder, ['list', '--state-dir', state]);
  expect(corrupt).toMatchObject({ code: 3, stderr: expect.stringContaining('STORE_CORRUPT') });
});

function lastLine(text: string): unknown {
  return JSON.parse(text.trim().split('\n').at(-1) ?? '');
}
