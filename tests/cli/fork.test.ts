import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';
import { project } from './workflows.ts';

const team = `
workflows: [./steps.ts]
squads:
  - name: pair
    members:
      - { role: project_manager, provider: offline }
      - { role: tester, name: Tess, provider: offline }
`;
const files = { ...project, 'squadra.yaml': team, 'request.md': '# Add a login page\n\nWith a link by mail.\n' };

it('does an execution again from an ask on, and puts both side by side', async () => {
  const folder = newFolder(files);
  await squadra(folder, ['run', 'request.md', '--squad', 'pair', '--quiet']);
  const { id: original } = await squadraJson(folder, 'show', 'latest');
  const set = ['--set', 'tester.temperature=0.1', '--set', 'Tess.instructions=Be strict. And = brief.'];
  const forked = await squadra(folder, ['fork', String(original).slice(0, 18), '--from', 'tester', ...set]);
  expect(forked).toMatchObject({ code: 0, stdout: expect.stringContaining('Test report: Add a login page') });
  const [, fork] = /Execution (\S+) is forked from \S+ at 'tester'\./.exec(forked.stderr) ?? [];
  expect(forked.stderr).not.toMatch(/Project manager works/);
  expect(forked.stderr).toContain('+ Project manager done already, not run again');

  expect(await squadraJson(folder, 'show', String(fork))).toMatchObject({
    status: 'completed',
    metadata: {
      forkedFrom: {
        executionId: original,
        step: 'tester',
        set: { tester: { temperature: 0.1 }, Tess: { instructions: 'Be strict. And = brief.' } },
      },
    },
    steps: [
      { key: 'project_manager/model/1', forkedFrom: original, usage: null },
      { key: 'tester/model/1', forkedFrom: null },
    ],
    usage: { modelCalls: 1 },
  });
  expect((await squadra(folder, ['show', String(fork)])).stdout).toMatch(
    /pair with settings of its own[\s\S]*project_manager\/model\/1.*taken over/,
  );

  expect(await squadraJson(folder, 'show', String(original), '--compare', String(fork))).toMatchObject({
    left: { id: original, status: 'completed', takenOver: 0, usage: { modelCalls: 2 }, usageInAll: { modelCalls: 2 } },
    right: { id: fork, takenOver: 1, usage: { modelCalls: 1 }, usageInAll: { modelCalls: 2 } },
    steps: [
      { key: 'project_manager/model/1', left: { isTakenOver: false }, right: { isTakenOver: true, usage: null } },
      { key: 'tester/model/1', right: { isTakenOver: false } },
    ],
  });
  const { stdout } = await squadra(folder, ['show', String(original), '--compare', 'latest']);
  expect(stdout).toMatch(/Status +completed +completed\n/);
  expect(stdout).toMatch(
    /Forked +- +from \S+ at 'tester'\nSet +- +tester\.temperature=0\.1 Tess\.instructions=Be strict/,
  );
  expect(stdout).toMatch(/Model calls +2 +1\n/);
  expect(stdout).toMatch(/project_manager\/model\/1 .*taken over/);
  expect(stdout).toMatch(/What came out\n.*Offline script.* {2}.*Offline script/);
  expect(stdout).toContain('--full shows all of it');
});

it('has the process that runs the state fork, and run what was forked', async () => {
  const folder = newFolder(files);
  await squadra(folder, ['run', '--workflow', 'greet', '--input', '{"message":"you"}', '--quiet']);
  const { id: original } = await squadraJson(folder, 'show', 'latest');
  const owner = new RunningCommand(folder, ['run', '--workflow', 'gate', '--input', '{}']);
  await owner.until(/go waits for the signal 'go'/);
  const fork = await squadraJson(folder, 'fork', String(original), '--from', 'greet');
  expect(fork).toMatchObject({ forkedFrom: { executionId: original, step: 'greet' } });
  await expect
    .poll(async () => (await squadraJson(folder, 'show', String(fork['id'])))['status'], { timeout: 20_000 })
    .toBe('completed');
  const wrong = await squadra(folder, ['fork', String(original), '--from', 'nothing']);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("it has 'greet'") });
  owner.kill('SIGINT');
  expect((await owner.ended).code).toBe(130);
});

it('writes one JSON line for each event, the outcome last', async () => {
  const folder = newFolder(files);
  await squadra(folder, ['run', '--workflow', 'fragile', '--input', '{}', '--quiet']);
  const { stdout, code } = await squadra(folder, ['fork', 'latest', '--from', 'breaks', '--json']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatchObject({ event: 'outcome', status: 'failed' });
  expect(lines).toContainEqual(expect.objectContaining({ key: 'kept', phase: 'completed' }));
});

it('refuses what sets nothing, and nothing was made', async () => {
  const folder = newFolder(files);
  await squadra(folder, ['run', 'request.md', '--squad', 'pair', '--quiet']);
  const refused: [string[], RegExp][] = [
    [[], /required option '--from/],
    [['--from', 'tester', '--set', 'tester.colour=red'], /sets nothing: write <name or role>/],
    [['--from', 'tester', '--set', 'designer.model=x'], /has no member "designer"; its members are .*Tess \(tester\)/],
  ];
  const results = await Promise.all(refused.map(([args]) => squadra(folder, ['fork', 'latest', ...args])));
  for (const [index, { code, stderr }] of results.entries()) {
    expect(stderr).toMatch(refused[index]?.[1] ?? /never/);
    expect(code).toBe(2);
  }
  expect((await squadraJson(folder, 'list'))['items']).toHaveLength(1);
});
