import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';
import { createClient } from '../../src/client.ts';
import { squadra } from '../cli/command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-nats-'));
const followers = 30;
let fleet: Fleet;

const workflows = `
import { setTimeout as pause } from 'node:timers/promises';
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
export const talk = defineWorkflow({ name: 'talk', async run({ step, squad }) {
  for (const name of ['a', 'b', 'c']) await step.run(name, () => pause(200));
  const { text } = await squad.ask('tester', 'Say something.');
  for (const name of ['d', 'e', 'f']) await step.run(name, () => pause(200));
  return text;
} });
`;

beforeAll(async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  fleet = await Fleet.start({
    folder,
    apis: 2,
    workers: 1,
    isDurable: false,
    poolSize: 4,
    hasNats: true,
    environment: { SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: '0' },
  });
}, 120_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const api = (place: number) => {
  const process = fleet.apis[place % fleet.apis.length];
  if (process === undefined) throw new Error('There are two.');
  return createClient({ url: process.url });
};

/** Submits at one api process, and follows at the other; resolves with the numbers of all records it was told. */
async function followed(
  place: number,
): Promise<{ readonly id: string; readonly told: readonly number[]; readonly heard: string }> {
  const { id } = await api(place).submit({ workflow: 'talk', input: {}, squad: 'software' });
  const told: number[] = [];
  let heard = '';
  for await (const { event, id: no, data } of api(place + 1).events(id)) {
    const { text = '', offset = 0 } = data as { readonly text?: string; readonly offset?: number };
    if (event === 'text-delta' && offset <= heard.length) heard = heard.slice(0, offset) + text;
    if (no !== null && event !== 'done') told.push(Number(no));
  }
  return { id, told, heard };
}

const busOf = async (url: string): Promise<{ readonly reachable: number; readonly read: number }> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  return { reachable: value('squadra_bus_reachable'), read: value('squadra_bus_events_total\\{what="read"\\}') };
};

it('every stream ends complete, in whichever process it is followed, also while NATS is killed', async () => {
  const { nats } = fleet;
  if (nats === null) throw new Error('There is one.');
  const following = Promise.all(Array.from({ length: followers }, (_, place) => followed(place)));
  await new Promise((resolve) => setTimeout(resolve, 700));
  await nats.end('SIGKILL');
  for (const { url } of fleet.apis)
    await expect.poll(() => busOf(url), { timeout: 10_000 }).toMatchObject({ reachable: 0 });
  const late = Promise.all(Array.from({ length: followers }, (_, place) => followed(place)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await nats.resume();
  const all = [...(await following), ...(await late)];
  for (const { id, told } of all) {
    expect(told).toEqual(told.map((_, place) => place + 1));
    const { status } = await api(0).executions.get(id);
    expect(status).toBe('completed');
  }
  for (const { url } of fleet.apis)
    await expect.poll(() => busOf(url), { timeout: 20_000 }).toMatchObject({ reachable: 1 });
  // What is said live comes through it again.
  const before = await busOf(fleet.apis[1]?.url ?? '');
  const { heard, told } = await followed(0);
  expect(told.length).toBeGreaterThan(8);
  expect(heard.length).toBeGreaterThan(0);
  expect((await busOf(fleet.apis[1]?.url ?? '')).read).toBeGreaterThan(before.read);
}, 120_000);

it('is examined by doctor, which says when it is away', async () => {
  const doctor = (env: Readonly<Record<string, string>>) => squadra(folder, ['doctor'], { env });
  const { stdout } = await doctor(fleet.environment);
  expect(stdout).toMatch(/ok {2}NATS +127\.0\.0\.1:\d+: nats-server \d/);
  const away = await doctor({ ...fleet.environment, NATS_URL: 'nats://secret@127.0.0.1:1' });
  expect(away.stdout).toMatch(/! {3}NATS +127\.0\.0\.1:1: .*refused.*live events come late/i);
  expect(away.stdout).not.toContain('secret');
});
