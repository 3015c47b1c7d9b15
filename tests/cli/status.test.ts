import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Cli } from '../../src/cli/cli.ts';
import { parseCommandLine } from '../../src/cli/program.ts';
import { openSquadra } from '../../src/index.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';
import { FakeTerminal } from './view/fake-terminal.ts';
import { project } from './workflows.ts';

const ask = defineWorkflow({
  name: 'ask',
  run: ({ step }) => step.approve('release now', { title: 'Out with it?', choices: ['yes', 'no'] }),
});
const tasks = 'squad: software\nitems: [{ key: plan, role: project_manager, message: Plan it. }]\n';

it('tells how everything stands beside a running server, and without one', async () => {
  const folder = newFolder({ ...project, 'request.md': 'Plan a login page', 'tasks.yaml': tasks });
  expect(await squadra(folder, ['status', '--once'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no state'),
  });
  await squadra(folder, ['run', '--workflow', 'greet', 'request.md']);
  await squadra(folder, ['run', '--workflow', 'fragile', '--input', '{}', '--quiet']);
  await squadraJson(folder, 'budgets', 'set', 'tenant', '--period', 'day', '--token-budget', '0');
  const alone = await squadraJson(folder, 'status', '--once');
  expect(alone).toMatchObject({
    tenant: 'local',
    owner: null,
    process: null,
    executions: { created: 0, queued: 0, running: 0, waiting: 0, failed: 1 },
    ended: { completed: 1, failed: 1, cancelled: 0, perMinute: 0.2 },
    convoys: { running: 0, isMore: false, items: [] },
    approvals: { pending: 0, isMore: false, items: [] },
    budgets: [{ scope: 'tenant', period: 'day', limitTokens: 0, usedShare: 1 }],
  });
  const text = await squadra(folder, ['status']);
  expect(text.stdout).toMatch(/^Run by +nobody; what is open goes on when somebody does$/m);
  expect(text.stdout).toMatch(/^Executions +0 running · 0 queued · 0 waiting · 1 failed$/m);
  expect(text.stdout).toMatch(/^Ended +1 completed · 1 failed since 10m ago, 0\.2 a minute$/m);
  expect(text.stdout).toMatch(
    /^Budgets +1 near the ceiling\n {2}Tenant local by day: 0 tokens of 0 tokens \(100 %\)$/m,
  );

  const server = new RunningCommand(folder, ['serve', '--port', '0']);
  await server.until(/http:/);
  const beside = await squadraJson(folder, 'status');
  expect(beside).toMatchObject({
    owner: { pid: server.pid, command: 'serve' },
    process: {
      gate: { isOpen: true, queued: 0, closesAt: 80_000 },
      parallelism: { places: expect.any(Number) as number, throttle: 0 },
      calls: { inFlight: 0, waiting: 0, places: 2_000 },
    },
  });
  const seen = (await squadra(folder, ['status', '--once'])).stdout;
  expect(seen).toMatch(new RegExp(`^Run by +process ${server.pid} \\(squadra serve\\), .* ago|just now$`, 'm'));
  expect(seen).toMatch(/^Gate +open, 0 of 80,000 queued$/m);
  expect(seen).toMatch(/^Machine +.*\d+ items side by side/m);
  expect(seen).toMatch(/^Model calls +0 in flight · 0 waiting · 2,000 places$/m);
}, 120_000);

it('is painted anew in a terminal until it is interrupted', async () => {
  const stateDir = join(newFolder(), '.squadra');
  await using library = await openSquadra({ stateDir, workflows: [ask] });
  const terminal = new FakeTerminal({ columns: 100, rows: 24 });
  const seen = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => (pattern.test(terminal.screen.join('\n')) ? resolve() : undefined);
      const paint = terminal.paint.bind(terminal);
      terminal.paint = (text) => {
        paint(text);
        look();
      };
      look();
    });
  const watching = parseCommandLine(
    ['status', '--every', '100ms', '--state-dir', stateDir],
    new Cli(terminal, false),
    terminal,
  );
  await seen(/Executions +0 running · 0 queued · 0 waiting\n/);
  const { id } = await library.submit(ask, { input: {} });
  await seen(/Approvals +1 waiting for an answer\n {2}Out with it\? \(.*\): npx squadra approve/);
  expect(terminal.screen.join('\n')).toContain(`approve ${id} '`);
  await library.run(id).approve('release now', { choice: 'yes' });
  await seen(/Ended +1 completed/);
  process.emit('SIGINT');
  expect(await watching).toBe(0);
  expect(terminal.outs).toEqual([]);
  for (const line of terminal.screen) expect(line.length).toBeLessThan(100);
});

it('calls wrong usage by its name', async () => {
  const folder = newFolder();
  const { code, stderr } = await squadra(folder, ['status', '--every', '1ms']);
  expect([code, stderr]).toEqual([2, expect.stringContaining("--every is '1ms'")]);
});
