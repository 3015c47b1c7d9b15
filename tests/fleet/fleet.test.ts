import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-test-'));
let fleet: Fleet;

/** Workflows of the tests. Each step notes outside, in a file, that it ran. */
const workflows = `
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
const effects = ${JSON.stringify(join(folder, 'effects'))};
const note = (id, name) => appendFileSync(effects, id + ' ' + name + ' ' + process.pid + '\\n');
export const quick = defineWorkflow({ name: 'quick', async run({ step, execution }) {
  for (const name of ['a', 'b', 'c']) await step.run(name, () => note(execution.id, name));
  return 'done';
} });
export const slow = defineWorkflow({ name: 'slow', async run({ step, execution }) {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await step.run(name, async () => { await pause(300); note(execution.id, name); });
  return 'done';
} });
export const held = defineWorkflow({ name: 'held', async run({ step }) {
  await step.run('hold', ({ signal }) => pause(60_000, undefined, { signal }));
} });
export const asked = defineWorkflow({ name: 'asked', async run({ step }) {
  const heard = await step.waitFor('go');
  const answer = await step.approve('release', { title: 'Go ahead?' });
  return [heard, answer];
} });
`;

beforeAll(async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'effects'), '');
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  fleet = await Fleet.start({ folder, apis: 2, workers: 2, isDurable: false, poolSize: 4 });
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(path: string, body?: unknown, { base = fleet.url, headers = {} } = {}): Promise<Answer> {
  const response = await fetch(
    `${base}${path.startsWith('/health') || path.startsWith('/ready') ? '' : '/api/v1'}${path}`,
    {
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text },
  };
}

/** Where the api process of this place listens. */
function api(place: 0 | 1): { readonly base: string } {
  const process = fleet.apis[place];
  if (process === undefined) throw new Error('There are two.');
  return { base: process.url };
}

async function submit(workflow: string, options?: Parameters<typeof ask>[2]): Promise<string> {
  const { status, body } = await ask('/executions', { workflow, input: {} }, options);
  expect(status).toBe(202);
  return String(body['id']);
}

/** The stored events of an execution, read to their end at one of the api processes. */
async function events(id: string, place: 0 | 1): Promise<readonly { readonly id: number; readonly event: string }[]> {
  const response = await fetch(`${api(place).base}/api/v1/executions/${id}/events`);
  const blocks = (await response.text()).split('\n\n');
  return blocks.flatMap((block) => {
    const number = /^id: (\d+)$/m.exec(block)?.[1];
    const event = /^event: (.+)$/m.exec(block)?.[1];
    return number === undefined || event === undefined || event === 'done' ? [] : [{ id: Number(number), event }];
  });
}

async function until<T>(read: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isThere(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function execution(id: string, status: string): Promise<Answer> {
  return until(
    () => ask(`/executions/${id}`),
    ({ body }) => body['status'] === status,
  );
}

describe('a fleet', () => {
  it('takes work at one address, does it, and tells of it at any api process, each stored event once', async () => {
    const id = await submit('quick');
    for (const place of [0, 1] as const) {
      const told = await events(id, place);
      expect(told.map((event) => event.id)).toEqual(told.map((_, index) => index + 1));
      expect(told.filter(({ event }) => event === 'step')).toHaveLength(3);
    }
    expect((await execution(id, 'completed')).body['output']).toBe('done');
  });

  it('lets text stream from a worker to who watches at an api process', async () => {
    const { body } = await ask('/executions', { message: 'Plan a login page' });
    const response = await fetch(`${api(1).base}/api/v1/executions/${String(body['id'])}/events`);
    expect(await response.text()).toMatch(/^event: text-(?:delta|so-far)$/m);
  });

  it('stops a run of a worker when it is cancelled at an api process', async () => {
    const id = await submit('held');
    await until(running, (count) => count === 1);
    expect((await ask(`/executions/${id}/cancel`, {}, api(1))).status).toBe(202);
    await until(running, (count) => count === 0);
    expect((await ask(`/executions/${id}`)).body['status']).toBe('cancelled');
  });

  it('takes signals and answers at any api process', async () => {
    const id = await submit('asked');
    await execution(id, 'waiting');
    expect((await ask(`/executions/${id}/signals/go`, 1, api(1))).status).toBe(202);
    const pending = await until(
      () => ask('/approvals?status=pending', undefined, api(0)),
      ({ body }) => (body['items'] as unknown[]).length > 0,
    );
    const [approval] = pending.body['items'] as readonly { readonly id: string; readonly choices: readonly string[] }[];
    const answer = { choice: approval?.choices[0] };
    expect((await ask(`/approvals/${approval?.id ?? ''}`, answer, api(0))).status).toBe(200);
    expect((await execution(id, 'completed')).body['output']).toMatchObject([{ payload: 1 }, answer]);
  });

  it('makes one execution of a request that comes twice, to two api processes at once', async () => {
    const headers = { 'idempotency-key': 'once' };
    const ids = await Promise.all(([0, 1] as const).map((place) => submit('quick', { ...api(place), headers })));
    expect(new Set(ids).size).toBe(1);
  });

  it('works a convoy off on all workers, in the order of its dependencies', async () => {
    const items = Array.from({ length: 12 }, (_, place) => ({
      key: `i${place}`,
      role: 'tester',
      message: `Test part ${place}`,
      ...(place < 6 ? {} : { dependsOn: [`i${place - 6}`] }),
    }));
    const { status, body } = await ask('/convoys', { squad: 'software', items });
    expect(status).toBe(202);
    const convoy = await until(
      () => ask(`/convoys/${String(body['id'])}`),
      (answer) => answer.body['status'] !== 'running',
    );
    expect(convoy.body['status']).toBe('completed');
  });

  it('goes on where a worker was killed, and runs no committed step again', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => submit('slow')));
    await until(
      async () => effects(ids),
      (lines) => lines.length >= 12,
    );
    const [victim] = fleet.workers;
    await victim?.end('SIGKILL');
    for (const id of ids) await execution(id, 'completed');
    await victim?.resume();
    for (const id of ids) {
      const { body } = await ask(`/executions/${id}`);
      expect((body['steps'] as readonly { readonly key: string }[]).map(({ key }) => key)).toEqual([
        'a',
        'b',
        'c',
        'd',
        'e',
        'f',
      ]);
    }
    // A step that was in the middle when its worker died runs again: one for each execution at most, and none that was committed.
    const counts = new Map<string, number>();
    for (const line of effects(ids)) counts.set(line, (counts.get(line) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
    expect([...counts.values()].filter((count) => count > 1).length).toBeLessThanOrEqual(ids.length);
  });

  it('has workers that answer for their health and figures alone', async () => {
    const base = fleet.workers[0]?.url ?? '';
    expect((await ask('/health', undefined, { base })).status).toBe(200);
    expect((await ask('/ready', undefined, { base })).status).toBe(200);
    expect((await ask('/executions', undefined, { base })).status).toBe(404);
    expect((await fetch(`${base}/openapi.json`)).status).toBe(404);
  });

  it('refuses to start half configured, naming what is missing', async () => {
    const { RESTATE_INGRESS_URL: _, ...environment } = fleet.environment;
    const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'serve', '--role', 'worker'], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(3);
    expect(said).toContain('RESTATE_INGRESS_URL');
  });
});

/** What the steps of these executions noted: id and name. */
function effects(ids: readonly string[]): string[] {
  const lines = readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n');
  return lines
    .map((line) => line.split(' ').slice(0, 2).join(' '))
    .filter((line) => ids.some((id) => line.startsWith(id)));
}

/** Executions that are being advanced, in all workers. */
async function running(): Promise<number> {
  const figures = await Promise.all(fleet.workers.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  return figures.reduce(
    (sum, text) => sum + Number(/^squadra_executions\{state="running"\} (\d+)$/m.exec(text)?.[1]),
    0,
  );
}
