import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, defineWorkflow, openSquadra, type SquadraOptions } from '../../../src/index.ts';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import { failureOf } from '../asking.ts';
import { temporaryFolder } from './calling.ts';
import { everythingCommand, oddCommand, Witness } from './mcp-running.ts';

const work = defineWorkflow({
  name: 'work',
  input: z.object({ message: z.string() }),
  run: ({ input, squad }) => squad.ask('tester', input.message),
});

/** One answer that calls these tools, and then the answer. */
async function runWith(
  toolCalls: readonly { name: string; arguments: object }[],
  tools: readonly string[],
  options: SquadraOptions = {},
) {
  const stateDir = temporaryFolder();
  await using server = await startModelServer({
    defaults: { toolCalls: toolCalls.map((call) => ({ name: call.name, arguments: JSON.stringify(call.arguments) })) },
  });
  const settings = { openaiBaseUrl: server.url, logLevel: 'silent' } as const;
  await using squadra = await openSquadra({
    ...options,
    stateDir,
    settings,
    workflows: [work],
    squads: [{ name: 'us', members: [{ role: 'tester', tools }] }],
  });
  const run = await squadra.submit(work, { squad: 'us', input: { message: 'Do it.' } });
  const outcome = await run.result();
  const results = (await run.messages()).filter(({ message }) => message.kind === 'tool-result');
  const messages = results.map(({ message }) => message.text);
  return { stateDir, id: run.id, outcome, messages };
}

describe('a squad with tools', () => {
  it('leaves its files in the workspace of the execution', async () => {
    const { stateDir, id, outcome, messages } = await runWith(
      [
        { name: 'write', arguments: { path: 'docs/plan.md', text: '# Plan\n' } },
        { name: 'edit', arguments: { path: 'docs/plan.md', oldText: 'Plan', newText: 'The plan' } },
        { name: 'read', arguments: { path: '../../squadra.db' } },
        { name: 'list', arguments: {} },
      ],
      ['list', 'read', 'write', 'edit'],
    );
    expect(outcome).toMatchObject({ status: 'completed' });
    expect(readFileSync(join(stateDir, 'out', id, 'docs/plan.md'), 'utf8')).toBe('# The plan\n');
    expect(messages).toEqual([
      'Wrote docs/plan.md (7 bytes).',
      'Edited docs/plan.md (11 bytes).',
      expect.stringContaining("contains '..'"),
      'docs/\ndocs/plan.md (11 bytes)',
    ]);
  });

  it('uses own tools and those of MCP servers, which end with it', async () => {
    const witness = await Witness.open();
    const whoami = defineTool({
      name: 'whoami',
      description: 'Tells who called.',
      input: z.object({}),
      isReadOnly: true,
      run: (_, { tenant, workspace }) => ({ tenant, workspace }),
    });
    const { stateDir, id, outcome, messages } = await runWith(
      [
        { name: 'everything__echo', arguments: { message: 'hello' } },
        { name: 'odd__pictures', arguments: {} },
        { name: 'whoami', arguments: {} },
      ],
      ['mcp:everything/echo', 'mcp:odd', 'whoami'],
      { tools: [whoami], mcp: { everything: everythingCommand, odd: oddCommand('hostile', witness.port) } },
    );
    expect(outcome).toMatchObject({ status: 'completed' });
    expect(messages.slice(0, 2)).toEqual(['Echo: hello', expect.stringContaining('[image, image/png')]);
    expect(JSON.parse(messages[2] ?? '')).toEqual({ tenant: 'local', workspace: join(stateDir, 'out', id) });
    expect(existsSync(join(stateDir, 'out', id))).toBe(false);
    expect(await witness.living(0)).toBe(0);
  });

  it('is refused when a tool does not exist, and nothing is created', async () => {
    const stateDir = temporaryFolder();
    const options: SquadraOptions = {
      stateDir,
      settings: { logLevel: 'silent' },
      squads: [{ name: 'us', members: [{ role: 'tester', tools: ['saw'] }] }],
    };
    expect(await failureOf(openSquadra(options))).toMatchObject({
      code: 'UNKNOWN_TOOL',
      details: { unknown: ['saw'] },
    });
    await using squadra = await openSquadra({ stateDir, settings: { logLevel: 'silent' } });
    expect(
      await failureOf(squadra.squads.create({ name: 'us', members: [{ role: 'tester', tools: ['mcp:x'] }] })),
    ).toMatchObject({
      code: 'UNKNOWN_TOOL',
    });
  });

  it('finds no leftovers of writes that a crash cut off', async () => {
    const stateDir = temporaryFolder();
    {
      await using _first = await openSquadra({ stateDir, settings: { logLevel: 'silent' } });
    }
    mkdirSync(join(stateDir, 'out/.staging'), { recursive: true });
    writeFileSync(join(stateDir, 'out/.staging/half'), 'ha');
    await using _second = await openSquadra({ stateDir, settings: { logLevel: 'silent' } });
    expect(readdirSync(join(stateDir, 'out'))).toEqual([]);
  });
});
