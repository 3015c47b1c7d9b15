import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { scriptedModel } from '../../src/testing/scripted-model.ts';
import type { ScriptedAnswer, ScriptedToolCall } from '../../src/testing/scripted-answer.ts';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import { defineTool } from '../../src/workflows/tool.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import type { Outcome } from '../../src/work/execution-store.ts';
import { squadra as command } from '../cli/command-line.ts';

const escape = '\u001b';
/** Clears the screen, sets the title, writes to the clipboard, and turns the order of letters around. */
const sequences = `${escape}[2J${escape}]0;owned${escape}\\${escape}]52;c;b3duZWQ=\u0007\u202eowned\u0000\r`;
const megabyte = 1024 * 1024;

const paths = [
  '../escaped.txt',
  '/tmp/escaped.txt',
  'a/../../escaped.txt',
  '~/escaped.txt',
  '.git/hooks/post-commit',
  `x${sequences}`,
];
const escapes: ScriptedToolCall[] = paths.map((path) => ({ name: 'write', input: { path, text: 'escaped' } }));
const names: ScriptedToolCall[] = ['__proto__', 'constructor', '../../bin/sh', sequences, 'x'.repeat(megabyte)].map(
  (name) => ({
    name,
    input: { path: 'a.txt' },
  }),
);
const answers: ScriptedAnswer[] = [
  { text: `Look: ${sequences}`, toolCalls: escapes },
  { toolCalls: names },
  { toolCalls: [{ name: 'shout', input: { times: 10 } }] },
  { toolCalls: [{ name: 'ask_person', input: { question: sequences, choices: [sequences, `${escape}[31mred`] } }] },
  `The end.${sequences}${'x'.repeat(megabyte)}`,
];

const shout = defineTool({
  name: 'shout',
  description: 'Gives back megabytes on one line.',
  input: z.object({ times: z.number() }),
  isReadOnly: true,
  run: ({ times }) => `${sequences}${'y'.repeat(times * megabyte)}`,
});

const asking = defineWorkflow({
  name: 'asking',
  run: async ({ squad }) => (await squad.ask('tester', 'Do your worst.', { tools: [shout] })).text.length,
});

let folder: string;
let id: string;
let outcome: Outcome<number>;
let artifacts: unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'squadra-hostile-'));
  writeFileSync(join(folder, 'request.txt'), 'Do your worst.');
  const model = scriptedModel(answers);
  await using squadra = await openSquadraIn(
    {
      stateDir: join(folder, 'state'),
      settings: { logLevel: 'silent', contextWindow: 10_000_000 },
      workflows: [asking],
      models: { script: model.asProvider() },
      squads: [
        { name: 'one', members: [{ role: 'tester', provider: 'script', tools: ['write', 'list', 'ask_person'] }] },
      ],
    },
    { readSettings: (overrides) => readSettings({}, overrides) },
  );
  const run = await squadra.submit(asking, { input: {}, squad: 'one' });
  id = run.id;
  for await (const event of run.events()) {
    if (event.event !== 'step' || event.type !== 'approval' || event.phase !== 'waiting') continue;
    const [approval] = (await squadra.approvals.list({ status: 'pending' })).items;
    await squadra.approvals.answer(approval?.id ?? '', {
      choice: approval?.choices[0] ?? '',
      by: 'test',
      text: sequences,
    });
  }
  outcome = await run.result();
  artifacts = (await squadra.workItems.list({ executionId: id })).items[0]?.artifacts;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command on a state, as a person would, and gives what it wrote to the terminal. */
async function squadra(args: readonly string[], state = 'state', env: Record<string, string> = {}) {
  const { stdout, stderr, code } = await command(folder, ['--state-dir', state, ...args], { env });
  return { shown: stdout + stderr, code };
}

/** Line breaks and nothing else that a terminal would act upon. */
const acts = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

/** The bytes of a database that is whole. */
function bytesOf(state: string): number {
  const path = join(folder, state, 'squadra.db');
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  return statSync(path).size;
}

describe('hostile output of a model', () => {
  it('does not keep the work from its end', () => {
    expect(outcome).toMatchObject({ status: 'completed' });
  });

  it('writes nothing outside of the workspace, and nothing where it was refused', () => {
    expect(new Set(readdirSync(folder))).toEqual(new Set(['request.txt', 'state']));
    expect(existsSync('/tmp/escaped.txt')).toBe(false);
    const written = readdirSync(join(folder, 'state', 'out', id), { recursive: true, encoding: 'utf8' });
    // The whole of the one long result.
    expect(written.filter((path) => !path.startsWith('.results'))).toEqual([]);
    expect(written).toHaveLength(2);
    const path = written.find((each) => each !== '.results');
    expect(artifacts).toEqual([{ path, bytes: expect.any(Number), stepKey: 'tester/tool/3.1' }]);
    expect(statSync(join(folder, 'state', 'out', id, path ?? '')).size).toBeGreaterThan(10 * megabyte);
  });

  it('neither damages nor fills the database', () => {
    // A megabyte of answer was asked for; ten of the tool's and one of a name were not kept here.
    expect(bytesOf('state')).toBeLessThan(3 * megabyte);
  });

  it.each([['list'], ['show', '--full'], ['approve']])('reaches no terminal through %s', async (command, ...more) => {
    const { shown } = await squadra([
      command,
      ...(command === 'list' ? [] : [id]),
      ...(command === 'approve' ? ['question'] : more),
    ]);
    expect(shown.length).toBeGreaterThan(20);
    expect(acts.exec(shown)).toBeNull();
  });
});

describe('hostile output of a model over HTTP', () => {
  const toolCalls = [...escapes, ...names].map(({ name, input }) => ({ name, arguments: JSON.stringify(input) }));

  it.each([[[]], [['--json']]])('reaches no terminal while the command run %j shows it', async (more) => {
    await using server = await startModelServer({
      behave: ({ body }) =>
        /"role":"tool"/.test(body) ? { text: `The end.${sequences}` } : { text: sequences, toolCalls },
    });
    const state = `run${more.length}`;
    const env = { OPENAI_BASE_URL: server.url };
    const { shown, code } = await squadra(['run', 'request.txt', ...more], state, env);
    expect(code).toBe(0);
    expect(shown).toContain('owned');
    expect(acts.exec(shown)).toBeNull();
    expect(existsSync('/tmp/escaped.txt')).toBe(false);
    const outside = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /escaped|hooks/.test(path),
    );
    expect(outside).toEqual([]);
    expect(bytesOf(state)).toBeLessThan(3 * megabyte);
  });

  it('is broken off when it has ten megabytes on one line, and nothing of it is kept', async () => {
    await using server = await startModelServer({ defaults: { textLength: 10 * megabyte } });
    const { shown, code } = await squadra(['run', 'request.txt'], 'long', { OPENAI_BASE_URL: server.url });
    expect(code).toBe(1);
    expect(shown).toContain('is longer than 4194304 bytes (SQUADRA_MAX_RESULT_BYTES)');
    expect(shown.length).toBeLessThan(10_000);
    expect(server.calls).toHaveLength(1);
    expect(bytesOf('long')).toBeLessThan(megabyte);
  });

  it('is kept and shown safely when ten megabytes on one line are allowed', async () => {
    await using server = await startModelServer({ defaults: { textLength: 10 * megabyte } });
    const env = {
      OPENAI_BASE_URL: server.url,
      SQUADRA_MAX_RESULT_BYTES: String(16 * megabyte),
      SQUADRA_CONTEXT_WINDOW: '100000000',
    };
    const { shown, code } = await squadra(['run', 'request.txt', '--squad', 'review'], 'longer', env);
    expect([code, shown.slice(0, code === 0 ? 0 : 2_000)]).toEqual([0, '']);
    expect(acts.exec(shown)).toBeNull();
    expect(bytesOf('longer')).toBeLessThan(200 * megabyte);
  });
});
