import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSquadraYaml } from '../../src/config/squadra-yaml.ts';
import { SquadraError } from '../../src/kernel/errors.ts';
import type { SquadInput } from '../../src/squads/squad.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'squadra-yaml-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function written(text: string): string {
  const path = join(folder(), 'squadra.yaml');
  writeFileSync(path, text);
  return path;
}

function problemsOf(text: string): unknown {
  try {
    readSquadraYaml(written(text));
    return [];
  } catch (error) {
    if (!(error instanceof SquadraError) || error.code !== 'INVALID_SETTING') throw error;
    return error.details['problems'];
  }
}

describe('squadra.yaml', () => {
  it('lists workflows, relative to itself, and squads', () => {
    const path = written(`
workflows: [./feature.ts, sub/review.ts, /opt/x.ts]
squads:
  - name: shop
    description: Builds the shop
    template: software
    members:
      - role: tester
        name: Tess
        model: gpt-5
        temperature: 0.2
        tools: [read_file]
  - name: empty
`);
    const yaml = readSquadraYaml(path);
    expect(yaml.workflows).toEqual([join(path, '../feature.ts'), join(path, '../sub/review.ts'), '/opt/x.ts']);
    // What the squads floor takes as it is.
    const squads: SquadInput[] = yaml.squads;
    expect(squads).toEqual([
      {
        name: 'shop',
        description: 'Builds the shop',
        template: 'software',
        members: [{ role: 'tester', name: 'Tess', model: 'gpt-5', temperature: 0.2, tools: ['read_file'] }],
      },
      { name: 'empty' },
    ]);
  });

  it('lists own prices in dollars per million tokens, each checked with its line', () => {
    const prices =
      'prices:\n  openai/gpt-5-mini: { input: 0.25, cached: 0.025, output: 2 }\n  own: { input: 0, output: 0 }\n';
    expect(readSquadraYaml(written(prices)).prices).toEqual({
      'openai/gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 },
      own: { input: 0, output: 0 },
    });
    expect(problemsOf('prices:\n  own:\n    input: -1\n    output: 1\n')).toEqual([
      expect.stringMatching(/^line 3, prices\.own\.input: /),
    ]);
  });

  it('describes MCP servers, whose commands run in its folder', () => {
    const path = written(`
mcp:
  files:
    command: npx
    args: [-y, some-server]
    env: { TOKEN: '\${FILES_TOKEN}' }
    tools: [read]
  search: { url: 'https://example.com/mcp', headers: { authorization: 'Bearer \${KEY}' }, timeout: 10s }
  beside: { command: ./server.mjs, cwd: tools }
`);
    expect(readSquadraYaml(path).mcp).toEqual({
      files: {
        command: 'npx',
        args: ['-y', 'some-server'],
        env: { TOKEN: '${FILES_TOKEN}' },
        tools: ['read'],
        cwd: join(path, '..'),
      },
      search: { url: 'https://example.com/mcp', headers: { authorization: 'Bearer ${KEY}' }, timeout: '10s' },
      beside: { command: './server.mjs', cwd: join(path, '../tools') },
    });
  });

  it('names what is wrong with an MCP server, with its line', () => {
    const problems = problemsOf(`mcp:
  a b: { command: x }
  none: { tools: [x] }
  both: { command: x, url: 'http://x' }
  late:
    url: ftp://x
    timeout: 2h
    colour: red
`);
    expect(problems).toEqual([
      expect.stringMatching(/^line 2, mcp\.a b: is no name for a server/),
      expect.stringMatching(/^line 3, mcp\.none: needs a `command` to start or the `url`/),
      expect.stringMatching(/^line 4, mcp\.both: .*url/),
      expect.stringMatching(/^line 6, mcp\.late\.url: is no http or https address/),
      expect.stringMatching(/^line 7, mcp\.late\.timeout: is no duration up to an hour/),
      expect.stringMatching(/^line 6, mcp\.late: .*colour/),
    ]);
  });

  it.each(['', '# nothing yet\n', '---\n'])('may be empty: %j', (text) => {
    expect(readSquadraYaml(written(text))).toEqual({
      workflows: [],
      squads: [],
      budgets: [],
      schedules: [],
      prices: {},
      mcp: {},
    });
  });

  it('names every problem with its line', () => {
    const problems = problemsOf(`workflows: [./a.ts]
squads:
  - name: a
    members:
      - role: tester
        temperature: 9
        colour: red
  - description: b
teams: []
`);
    expect(problems).toEqual([
      expect.stringMatching(/^line 6, squads\[0\]\.members\[0\]\.temperature: /),
      expect.stringMatching(/^line 5, squads\[0\]\.members\[0\]: .*colour/),
      expect.stringMatching(/^line 8, squads\[1\]\.name: /),
      expect.stringContaining('teams'),
    ]);
  });

  it.each([
    ['broken syntax', 'workflows: [./a.ts\nsquads: []\n', /at line 2/],
    ['a key given twice', 'squads: []\nsquads: []\n', /unique.*at line 2/],
    ['a list where a map belongs', '- a\n', /object/],
    ['two squads of one name', 'squads: [{ name: a }, { name: a }]\n', /two squads are called 'a'/],
    ['an empty name', "squads: [{ name: ' ' }]\n", /squads\[0\]\.name/],
  ])('refuses %s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });

  it('that is not there is named, with its cause', () => {
    const path = join(folder(), 'absent.yaml');
    expect(() => readSquadraYaml(path)).toThrow(
      expect.objectContaining({
        code: 'INVALID_SETTING',
        message: expect.stringContaining(path),
        cause: expect.objectContaining({ code: 'ENOENT' }),
      }),
    );
  });
});

it('reads budgets, and refuses what is none', () => {
  const budget = { scope: 'squad', id: 'software', period: 'day', limitUsd: 2.5, onExceeded: 'ask' };
  expect(readSquadraYaml(written(`budgets: [${JSON.stringify(budget)}]`)).budgets).toEqual([budget]);
  for (const wrong of [{ scope: 'execution' }, { period: 'week' }, { limitUsd: -1 }, { dollars: 5 }])
    expect(() => readSquadraYaml(written(`budgets: [${JSON.stringify({ ...budget, ...wrong })}]`))).toThrow(/budgets/);
});
