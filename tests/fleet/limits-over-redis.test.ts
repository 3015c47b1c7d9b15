import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';
import { createClient } from '../../src/client.ts';
import { startModelServer } from '../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../src/testing/model-server/model-server.ts';
import { squadra } from '../cli/command-line.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-limits-'));
/** When calls reached the provider, in milliseconds, by the squad that their message names. */
const calledAt = new Map<string, number[]>();
let fleet: Fleet;
let model: ModelServer;

const workflows = `
import { defineWorkflow } from ${JSON.stringify(join(root, 'src/index.ts'))};
export const asking = defineWorkflow({ name: 'asking', async run({ squad, input }) {
  return (await squad.ask('tester', 'About squad <' + input.word + '>.')).text;
} });
`;

/** The provider's rate: a twentieth of it at once, the rest evenly. */
const requests = { perMinute: 300, atOnce: 15, perMs: (300 * 0.95) / 60_000 };
const ofMember = { perMinute: 20, perMs: 20 / 60_000 };
const ofCaller = { perMinute: 600, perMs: 600 / 60_000 };
const wrongKeys = { perMinute: 20, perMs: 20 / 60_000 };

beforeAll(async () => {
  writeFileSync(join(folder, 'workflows.ts'), workflows);
  writeFileSync(join(folder, 'squadra.yaml'), 'workflows: [./workflows.ts]\n');
  model = await startModelServer({
    keepCalls: false,
    behave: ({ body }) => {
      const [, squad = ''] = /About squad <([^>]+)>/.exec(body) ?? [];
      calledAt.set(squad, [...(calledAt.get(squad) ?? []), performance.now()]);
      return {};
    },
  });
  fleet = await Fleet.start({
    folder,
    apis: 2,
    workers: 2,
    isDurable: false,
    hasRedis: true,
    environment: {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'key',
      SQUADRA_MODEL_REQUESTS_PER_MINUTE: String(requests.perMinute),
      SQUADRA_AGENT_RATE_LIMIT_PER_MINUTE: String(ofMember.perMinute),
      SQUADRA_AGENT_RATE_LIMIT_BURST: '0',
      SQUADRA_RATE_LIMIT_PER_MINUTE: String(ofCaller.perMinute),
      SQUADRA_RATE_LIMIT_BURST: '0',
      SQUADRA_FAILED_AUTH_PER_MINUTE: String(wrongKeys.perMinute),
    },
  });
}, 120_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (place: number): string => {
  const process = fleet.apis[place % fleet.apis.length];
  if (process === undefined) throw new Error('There are two.');
  return process.url;
};
const api = (place: number) => createClient({ url: urlOf(place) });

async function newSquad(name: string): Promise<string> {
  return (await api(0).squads.create({ name, members: [{ role: 'tester' }] })).id;
}

/** Has a squad asked so many times, at both api processes. */
async function ask(squad: string, word: string, times: number): Promise<readonly string[]> {
  const asked = Array.from({ length: times }, async (_, place) => {
    const { id } = await api(place).submit({ workflow: 'asking', input: { word }, squad });
    return { place, id };
  });
  const ends = (await Promise.all(asked)).map(async ({ place, id }) => {
    for await (const { event } of api(place).events(id)) if (event === 'completed') break;
    return (await api(place).executions.get(id)).status;
  });
  return Promise.all(ends);
}

/** Of calls in the order in which they arrived, the first that was earlier than `atOnce` and the rate allow; -1 where none was. */
function tooEarly(times: readonly number[], beganAt: number, atOnce: number, perMs: number): number {
  return times.findIndex((at, place) => place + 1 > atOnce + 1e-3 + (at - beganAt) * perMs);
}

async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${line.replaceAll('{', '\\{')} (\\d+)$`, 'm').exec(text)?.[1]);
}

describe('two workers and one provider', () => {
  it('keep to the rate of the provider together, and both use it', async () => {
    const words = ['one', 'two', 'three', 'four'];
    const squads = await Promise.all(words.map(newSquad));
    const beganAt = performance.now();
    const ended = await Promise.all(squads.map((squad, place) => ask(squad, words[place] ?? '', 15)));
    expect(new Set(ended.flat())).toEqual(new Set(['completed']));
    const times = words.flatMap((word) => calledAt.get(word) ?? []).toSorted((a, b) => a - b);
    expect(times).toHaveLength(60);
    expect(tooEarly(times, beganAt, requests.atOnce, requests.perMs)).toBe(-1);
    for (const { url } of fleet.workers)
      expect(await metric(url, 'squadra_shared_limits_total{result="taken"}')).toBeGreaterThan(5);
  }, 120_000);

  it('keep to the rate of a member together', async () => {
    const squad = await newSquad('five');
    const beganAt = performance.now();
    expect(await ask(squad, 'five', 24)).toEqual(Array(24).fill('completed'));
    const times = calledAt.get('five') ?? [];
    expect(times).toHaveLength(24);
    expect(tooEarly(times, beganAt, ofMember.perMinute, ofMember.perMs)).toBe(-1);
  }, 120_000);

  it('go on without Redis, each by itself, say so, and keep to it together again when it is back', async () => {
    await fleet.redis?.end('SIGKILL');
    expect(await ask(await newSquad('six'), 'six', 6)).toEqual(Array(6).fill('completed'));
    const unavailable = fleet.workers.map(({ url }) =>
      metric(url, 'squadra_shared_limits_total{result="unavailable"}'),
    );
    expect((await Promise.all(unavailable)).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(6);
    await fleet.redis?.resume();
    for (const { url } of [...fleet.apis, ...fleet.workers])
      await expect.poll(() => metric(url, 'squadra_redis_reachable'), { timeout: 20_000 }).toBe(1);
  }, 120_000);
});

describe('two api processes', () => {
  /** Asks both in turn; how many were answered so, and how long it took, in milliseconds. */
  async function answered(times: number, status: number, init?: RequestInit) {
    const began = performance.now();
    const statuses: number[] = [];
    for (let place = 0; place < times; place += 1)
      statuses.push((await fetch(`${urlOf(place)}/api/v1/squads`, init)).status);
    const each = [0, 1].map((one) => statuses.filter((_, place) => place % 2 === one));
    return { count: statuses.filter((one) => one === status).length, each, ms: performance.now() - began };
  }

  it('let a caller have its rate once', async () => {
    const { count, each, ms } = await answered(900, 200);
    expect(count).toBeLessThanOrEqual(ofCaller.perMinute + 1 + ms * ofCaller.perMs);
    for (const statuses of each) expect(statuses).toContain(429);
  }, 60_000);

  it('listen to wrong keys as often as one would, and once more at most', async () => {
    const made = await squadra(folder, ['keys', 'create', '--name', 'first'], { env: fleet.environment });
    expect(made.code).toBe(0);
    const headers = { authorization: 'Bearer sk_wrong' };
    const { count, each, ms } = await answered(80, 401, { headers });
    expect(count).toBeLessThanOrEqual(wrongKeys.perMinute + 2 + ms * wrongKeys.perMs);
    for (const statuses of each) expect(statuses).toContain(429);
  }, 60_000);
});
