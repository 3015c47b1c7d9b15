import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import { Fleet } from '../../../scripts/fleet/fleet.ts';
import { root } from '../../repo/repo-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-restore-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// The database runs as somebody else, who has to come by.
chmodSync(folder, 0o755);
const effects = join(folder, 'effects');
const gate = join(folder, 'go');
const restMs = 10_000;
writeFileSync(effects, '');
const workflows = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from 'squadra';
const note = (id, name) => appendFileSync(${JSON.stringify(effects)}, id + ' ' + name + '\\n');
export const slow = defineWorkflow({ name: 'slow', async run({ step, execution }) {
  for (const name of ['a', 'b', 'c', 'd']) await step.run(name, async () => {
    while (name === 'c' && !existsSync(${JSON.stringify(gate)})) await pause(20);
    note(execution.id, name);
  });
} });
export const resting = defineWorkflow({ name: 'resting', async run({ step, execution }) {
  await step.run('a', () => note(execution.id, 'a'));
  await step.sleep('rest', ${restMs});
  await step.run('b', () => note(execution.id, 'b'));
} });
`;

it('lets what a base backup holds go on in another fleet, where nothing of Restate is left', async () => {
  const old = await start('old');
  const slow = await Promise.all(Array.from({ length: 6 }, () => submit(old, 'slow')));
  const resting = await Promise.all(Array.from({ length: 3 }, () => submit(old, 'resting')));
  await until(async () => (await statuses(old, resting)).every((status) => status === 'waiting'));
  // Two steps of each that is held in its third, and the first of those that rest.
  await until(() => lines().length === slow.length * 2 + resting.length);
  await baseBackup(old, join(folder, 'new/postgres/data'));
  const later = await submit(old, 'slow');
  await Promise.all([...old.apis, ...old.workers].map((process) => process.end('SIGKILL')));
  await old.postgres.end('SIGKILL');
  await old[Symbol.asyncDispose]();

  await using fleet = await start('new');
  // What came after the backup is lost with the database that had it.
  expect((await fetch(`${fleet.url}/api/v1/executions/${later}`)).status).toBe(404);
  const steps = await doneSteps(fleet, [...slow, ...resting]);
  writeFileSync(effects, '');
  // Nobody has told this Restate of what ran and what rested: it is past their time, and they have not moved.
  await pause(restMs + 2_000);
  expect(await statuses(fleet, resting)).toEqual(resting.map(() => 'waiting'));
  expect(await statuses(fleet, slow)).toEqual(slow.map(() => 'running'));
  expect(lines()).toEqual([]);

  writeFileSync(gate, '');
  await Promise.all(fleet.workers.map((process) => process.end('SIGTERM')));
  const resume = readFileSync(join(root, 'deploy/postgres/resume.sql'), 'utf8');
  // Twice does no harm.
  for (let time = 1; time <= 2; time++) await query(fleet, resume);
  await Promise.all(fleet.workers.map((process) => process.resume()));
  await until(async () => (await statuses(fleet, [...slow, ...resting])).every((status) => status === 'completed'));
  // Each step that the backup does not hold ran once, and no other.
  const all = [
    ...slow.flatMap((id) => ['a', 'b', 'c', 'd'].map((name) => `${id} ${name}`)),
    ...resting.flatMap((id) => [`${id} a`, `${id} b`]),
  ];
  expect(lines().toSorted()).toEqual(all.filter((line) => !steps.has(line)).toSorted());
  expect(steps.size).toBe(slow.length * 2 + resting.length);

  // The feed and the figures go on: the restored cluster numbers its transactions on from those of the old one.
  const { totals } = (await (await fetch(`${fleet.url}/metrics/stats?timeRange=60`)).json()) as {
    readonly totals: { readonly completed: number };
  };
  expect(totals.completed).toBe(slow.length + resting.length);
}, 180_000);

function start(name: string): Promise<Fleet> {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'workflows.ts'), workflows);
  writeFileSync(join(own, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  return Fleet.start({ folder: own, apis: 1, workers: 2 });
}

/** As `pg_basebackup` takes it: the files, told to the server before and after, with the log that was written meanwhile. */
async function baseBackup({ postgres }: Fleet, target: string): Promise<void> {
  const source = join(folder, 'old/postgres/data');
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  await client.query("SELECT pg_backup_start('test', true)");
  cpSync(source, target, {
    recursive: true,
    filter: (path) => !/postmaster\.(?:pid|opts)$|pg_wal\/[0-9A-F]{24}$/.test(path),
  });
  const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
  await client.end();
  cpSync(join(source, 'pg_wal'), join(target, 'pg_wal'), { recursive: true });
  writeFileSync(join(target, 'backup_label'), rows[0]?.labelfile ?? '');
  // The server runs as somebody else than who copies, where that is root.
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', '65534:65534', join(target, '..')]);
  chmodSync(target, 0o700);
}

async function submit({ url }: Fleet, workflow: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/api/v1/executions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ workflow, input: {} }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { readonly id: string }).id;
}

interface Found {
  readonly status: string;
  readonly steps: readonly { readonly key: string; readonly kind?: string }[];
}

function read({ url }: Fleet, ids: readonly string[]): Promise<Found[]> {
  return Promise.all(ids.map(async (id) => (await (await fetch(`${url}/api/v1/executions/${id}`)).json()) as Found));
}

async function statuses(fleet: Fleet, ids: readonly string[]): Promise<string[]> {
  return (await read(fleet, ids)).map(({ status }) => status);
}

/** The steps that the database holds the end of, as they are noted. */
async function doneSteps(fleet: Fleet, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await query(
    fleet,
    `SELECT e.id || ' ' || j.key AS line FROM journal j JOIN executions e ON e.no = j.execution WHERE j.kind = 'step' AND j.phase = 'completed'`,
  );
  return new Set(
    rows
      .map(({ line }) => String(line))
      .filter((line) => ids.some((id) => line.startsWith(id)) && !line.endsWith(' rest')),
  );
}

async function query({ postgres }: Fleet, sql: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }> {
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

function lines(): string[] {
  return readFileSync(effects, 'utf8').split('\n').filter(Boolean);
}

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await pause(50);
}
