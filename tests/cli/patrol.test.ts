import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openSquadra } from '../../src/index.ts';
import { NonRetryableError } from '../../src/kernel/errors.ts';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { newFolder, squadra, squadraJson } from './command-line.ts';

const ask = defineWorkflow({
  name: 'ask',
  run: ({ step }) => step.approve('release', { title: 'Out with\u001b[31m it?', choices: ['yes', 'no'] }),
});
const waits = defineWorkflow({ name: 'waits', run: ({ step }) => step.waitFor('go') });
const sleeps = defineWorkflow({ name: 'sleeps', run: ({ step }) => step.sleep('long', '1h') });
const stays = defineWorkflow({
  name: 'stays',
  run: ({ step }) =>
    step.run('stay', async ({ signal }) => {
      await once(signal, 'abort');
      signal.throwIfAborted();
    }),
});
const fails = defineWorkflow({
  name: 'fails',
  run: ({ step }) =>
    step.run('fail', () => {
      throw new NonRetryableError('no such table');
    }),
});
const workflows = [ask, waits, sleeps, stays, fails];

interface Round {
  readonly found: number;
  readonly items: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly id: string;
    readonly text: string;
    readonly command: string;
  }[];
}
const kinds = ({ items }: Round): string[] => items.map(({ kind, subject }) => `${kind} ${subject}`);

it('finds nothing where all is well, and cannot look where there is nothing', async () => {
  const folder = newFolder();
  const nowhere = await squadra(folder, ['patrol']);
  expect([nowhere.code, nowhere.stderr]).toEqual([3, expect.stringContaining('There is no state here')]);
  await using _library = await openSquadra({ stateDir: join(folder, '.squadra') });
  const well = await squadra(folder, ['patrol']);
  expect([well.code, well.stdout]).toEqual([0, expect.stringContaining('All is well')]);
  expect(await squadraJson(folder, 'patrol')).toMatchObject({ found: 0, isMore: false, items: [] });
  expect(await squadra(folder, ['patrol', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

it('finds what is stuck, overdue, waiting for long, over budget or failed, beside the process that runs it', async () => {
  const folder = newFolder();
  const stateDir = join(folder, '.squadra');
  const settings = { maxConcurrentExecutions: 1, shutdownGrace: '0s' };
  await using library = await openSquadra({ stateDir, workflows, settings });
  const submit = async (workflow: (typeof workflows)[number]) =>
    (await library.submit(workflow.name, { input: {} })).id;
  const until = async (id: string, status: string): Promise<void> => {
    for await (const event of library.run(id).events()) if (event.event === 'status' && event.status === status) return;
  };
  const failed = await submit(fails);
  await library.run(failed).result();
  const [asked, waiting, asleep] = [await submit(ask), await submit(waits), await submit(sleeps)];
  for (const id of [asked, waiting, asleep]) await until(id, 'waiting');
  const running = await submit(stays);
  await until(running, 'running');
  const queued = await submit(waits);
  await library.budgets.set({ scope: 'tenant', id: 'local', period: 'day' }, { limitTokens: 0 });
  await library.schedules.create({ name: 'nightly', every: '1h', workflow: 'waits', input: {} });

  // None of the thresholds is reached but those of the failure and the budget.
  const early = (await squadraJson(folder, 'patrol')) as unknown as Round;
  expect(kinds(early)).toEqual(['budget budget', 'failed execution']);
  const now = ['--stuck-after', '0s', '--queued-after', '0s', '--waiting-after', '0s', '--overdue-after', '0s'];
  const all = (await squadraJson(folder, 'patrol', ...now)) as unknown as Round;
  expect(kinds(all)).toEqual([
    'stuck execution',
    'waiting execution',
    'waiting approval',
    'waiting execution',
    'budget budget',
    'failed execution',
  ]);
  expect(all.items.map(({ id }) => id)).toMatchObject([
    running,
    queued,
    expect.any(String),
    waiting,
    'tenant/local/day',
    failed,
  ]);
  expect(all.items[2]).toMatchObject({ command: `npx squadra approve ${asked} release` });
  expect(all.items[5]?.text).toBe('fails failed: no such table');

  const table = await squadra(folder, ['patrol', ...now, '--failed-within', '0s', '--budget', '101%']);
  expect(table.code).toBe(1);
  expect(table.stdout).toMatch(/^WHAT +FOR +SUBJECT +ID +WHY\n/);
  expect(table.stdout).toMatch(new RegExp(`^stuck +\\S+ +execution +${running} +stays runs, and nothing`, 'm'));
  expect(table.stdout).toContain('nobody answered: Out with');
  expect(table.stdout).not.toContain('\u001b');
  expect(table.stdout).not.toMatch(/^(?:failed|budget|overdue)/m);

  // Times that have passed, as nobody would leave them who works.
  using database = new DatabaseSync(join(stateDir, 'squadra.db'));
  database.exec('PRAGMA busy_timeout = 5000');
  const past = Date.now() - 3_600_000;
  database.prepare('UPDATE executions SET wake_at = ? WHERE id = ?').run(past, asleep);
  database.prepare('UPDATE schedules SET next_at = ?').run(past);
  const late = (await squadraJson(folder, 'patrol')) as unknown as Round;
  expect(kinds(late)).toEqual(['overdue schedule', 'budget budget', 'failed execution']);
  // It was recorded just now that it waits: it is as late as that.
  const overdue = (await squadraJson(folder, 'patrol', '--overdue-after', '0s')) as unknown as Round;
  expect(overdue.items).toContainEqual(expect.objectContaining({ kind: 'overdue', id: asleep }));
}, 120_000);

it('finds what nobody runs, and a convoy past its time', async () => {
  const folder = newFolder();
  const stateDir = join(folder, '.squadra');
  let convoy = '';
  let broken = '';
  {
    await using library = await openSquadra({
      stateDir,
      workflows,
      settings: { maxConcurrentExecutions: 1, shutdownGrace: '0s' },
    });
    const stay = await library.submit(stays, { input: {} });
    for await (const event of stay.events()) if (event.event === 'status' && event.status === 'running') break;
    const items = [{ key: 'a', role: 'tester', message: 'Look.' }];
    convoy = (await library.convoys.create({ squad: 'software', items, timeout: '1h' })).id;
    broken = (await library.convoys.create({ squad: 'software', items })).id;
  }
  {
    using database = new DatabaseSync(join(stateDir, 'squadra.db'));
    database.prepare('UPDATE convoys SET deadline_at = ? WHERE id = ?').run(Date.now() - 3_600_000, convoy);
    const end = database.prepare(
      "UPDATE convoys SET status = 'failed', reason = 'it took too long', ended_at = ? WHERE id = ?",
    );
    end.run(Date.now() - 60_000, broken);
  }
  const round = (await squadraJson(folder, 'patrol')) as unknown as Round;
  expect(kinds(round)).toEqual(['unattended state', 'overdue convoy', 'failed convoy']);
  expect(round.items[2]).toMatchObject({ id: broken, text: 'the convoy failed: it took too long' });
  const before = (await squadraJson(folder, 'patrol', '--failed-within', '30s')) as unknown as Round;
  expect(kinds(before)).toEqual(['unattended state', 'overdue convoy']);
  expect(round.items[0]?.text).toMatch(/^nobody runs this state; \d executions? (?:is|are) queued or running$/);
  expect(round.items[1]).toMatchObject({ id: convoy, command: `npx squadra convoys ${convoy}` });
  expect((await squadra(folder, ['patrol', '--json'])).code).toBe(1);
  expect((await squadra(folder, ['patrol', '--tenant', 'acme'])).code).toBe(0);
});

it('calls wrong usage by its name', async () => {
  const folder = newFolder();
  for (const [option, value] of [
    ['--stuck-after', 'soon'],
    ['--failed-within', '-1d'],
    ['--budget', 'full'],
  ] as const) {
    const { code, stderr } = await squadra(folder, ['patrol', option, value]);
    expect([option, code, stderr]).toEqual([option, 2, expect.stringContaining(option)]);
  }
});
