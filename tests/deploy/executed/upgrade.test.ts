import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { Fleet } from '../../../scripts/fleet/fleet.ts';
import { freePort } from '../../../scripts/fleet/free-port.ts';
import { ServeProcess } from '../../../scripts/fleet/serve-process.ts';
import { fencesOf } from '../../repo/markdown.ts';
import { root } from '../../repo/repo-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-upgrade-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const effects = join(folder, 'effects');
const gate = join(folder, 'go');
/** Slices are the shortest there can be, and what is held is held for longer. */
const workflows = `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from 'squadra';
const note = (id, name) => appendFileSync(${JSON.stringify(effects)}, [id, name, process.env.SQUADRA_CODE_VERSION].join(' ') + '\\n');
export const held = defineWorkflow({ name: 'held', async run({ step, execution }) {
  await step.run('a', () => note(execution.id, 'a'));
  await step.run('b', async () => { while (!existsSync(${JSON.stringify(gate)})) await pause(20); note(execution.id, 'b'); });
  await step.run('c', () => note(execution.id, 'c'));
} });
export const waiting = defineWorkflow({ name: 'waiting', async run({ step, execution }) {
  await step.run('a', () => note(execution.id, 'a'));
  await step.waitFor('go');
  await step.run('b', () => note(execution.id, 'b'));
} });
export const quick = defineWorkflow({ name: 'quick', async run({ step, execution }) {
  await step.run('a', () => note(execution.id, 'a'));
} });
`;
/** What the page tells operators to ask. */
const question =
  fencesOf(readFileSync(join(root, 'docs/operations/upgrades.md'), 'utf8')).find(({ language }) => language === 'sql')
    ?.code ?? '';

it('lets what runs come to the end of its slice in the old version, and all else go on in the new one, until the old one can go', async () => {
  writeFileSync(effects, '');
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  const environment = { SQUADRA_CODE_VERSION: 'old', SQUADRA_MAX_SLICE: '1s' };
  await using fleet = await Fleet.start({ folder, apis: 1, workers: 1, isDurable: false, environment });
  const admin = fleet.restate.adminUrls[0] ?? '';
  const oldUrl = fleet.environment['SQUADRA_WORKER_URL'] ?? '';
  const held = await Promise.all(Array.from({ length: 3 }, () => submit(fleet, 'held')));
  const waiting = await submit(fleet, 'waiting');
  await until(() => lines().length === 4);
  const slicesEndAt = Date.now() + 1_000;
  await until(async () => (await status(fleet, waiting)) === 'waiting');

  const next = await newWorker(fleet);
  try {
    const newUrl = await until(
      async () => (await underWay(admin)).find(({ endpoint }) => !endpoint.startsWith(oldUrl))?.endpoint,
    );
    expect(await countUnderWay(admin, oldUrl)).toBe(3);
    expect(await ranIn(fleet, await submit(fleet, 'quick'))).toBe('new');
    // Back to the old one, and on again, as the page says.
    await register(admin, oldUrl);
    expect(await ranIn(fleet, await submit(fleet, 'quick'))).toBe('old');
    await register(admin, newUrl);
    expect(await ranIn(fleet, await submit(fleet, 'quick'))).toBe('new');

    // However fast all this was.
    await until(() => Date.now() > slicesEndAt);
    // What runs comes to the end of its slice where it began, and the old version can go before what began in it is over.
    writeFileSync(gate, '');
    await until(async () => (await countUnderWay(admin, oldUrl)) === 0);
    const gone = (await underWay(admin)).find(({ endpoint }) => endpoint.startsWith(oldUrl))?.id ?? '';
    expect((await fetch(`${admin}/deployments/${gone}?force=true`, { method: 'DELETE' })).ok).toBe(true);
    await fleet.workers[0]?.end('SIGTERM');
    const signalled = await fetch(`${fleet.url}/api/v1/executions/${waiting}/signals/go`, { method: 'POST' });
    expect(signalled.status).toBe(202);
    await until(async () =>
      (await Promise.all([...held, waiting].map((id) => status(fleet, id)))).every((each) => each === 'completed'),
    );
    for (const id of held) expect(linesOf(id)).toEqual([`${id} a old`, `${id} b old`, `${id} c new`]);
    expect(linesOf(waiting)).toEqual([`${waiting} a old`, `${waiting} b new`]);
  } finally {
    await next.end('SIGKILL');
  }
}, 120_000);

/** A worker of the next version, at an address of its own. */
async function newWorker(fleet: Fleet): Promise<ServeProcess> {
  const [port, workerPort] = [await freePort(), await freePort()];
  const environment = {
    ...fleet.environment,
    SQUADRA_CODE_VERSION: 'new',
    SQUADRA_WORKER_PORT: String(workerPort),
    SQUADRA_WORKER_URL: `http://127.0.0.1:${workerPort}`,
  };
  const worker = new ServeProcess({ role: 'worker', port, folder, environment });
  await worker.resume();
  return worker;
}

/** The version in which an execution was begun. */
async function ranIn(fleet: Fleet, id: string): Promise<string | undefined> {
  await until(async () => (await status(fleet, id)) === 'completed');
  return linesOf(id)[0]?.split(' ')[2];
}

async function countUnderWay(admin: string, url: string): Promise<number | undefined> {
  return (await underWay(admin)).find(({ endpoint }) => endpoint.startsWith(url))?.under_way;
}

interface Deployment {
  readonly endpoint: string;
  readonly id: string;
  readonly under_way: number;
}

async function underWay(admin: string): Promise<readonly Deployment[]> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const answer = await fetch(`${admin}/query`, { method: 'POST', headers, body: JSON.stringify({ query: question }) });
  if (!answer.ok) throw new Error(await answer.text());
  return ((await answer.json()) as { readonly rows: readonly Deployment[] }).rows;
}

async function register(admin: string, uri: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${admin}/deployments`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ uri, force: true }),
  });
  if (!answer.ok) throw new Error(await answer.text());
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

async function status({ url }: Fleet, id: string): Promise<string> {
  return ((await (await fetch(`${url}/api/v1/executions/${id}`)).json()) as { readonly status: string }).status;
}

function lines(): string[] {
  return readFileSync(effects, 'utf8').split('\n').filter(Boolean);
}

function linesOf(id: string): string[] {
  return lines().filter((line) => line.startsWith(id));
}

async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    await pause(50);
  }
}
