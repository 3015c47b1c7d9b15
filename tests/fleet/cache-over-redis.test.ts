import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Fleet } from '../../scripts/fleet/fleet.ts';
import { createClient } from '../../src/client.ts';
import { squadra } from '../cli/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'squadra-fleet-redis-'));
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start({ folder, apis: 2, workers: 1, isDurable: false, hasRedis: true });
}, 120_000);

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (place: number): string => {
  const process = fleet.apis[place];
  if (process === undefined) throw new Error('There are two.');
  return process.url;
};
const api = (place: number) => createClient({ url: urlOf(place) });

/** What an api process says of Redis. */
async function secondTier(place: number): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${urlOf(place)}/metrics`)).text();
  const value = (line: string): number => Number(new RegExp(`^${line} (\\d+)$`, 'm').exec(text)?.[1]);
  return {
    hits: value('squadra_cache_second_tier_total\\{result="hit"\\}'),
    misses: value('squadra_cache_second_tier_total\\{result="miss"\\}'),
    unavailable: value('squadra_cache_second_tier_total\\{result="unavailable"\\}'),
    isUp: value('squadra_redis_reachable'),
  };
}

it('spares one api process what another one has read, and forgets it when it is changed anywhere', async () => {
  const squad = await api(0).squads.create({ name: 'readers', members: [{ role: 'tester' }] });
  expect((await api(0).squads.get(squad.id)).name).toBe('readers');
  const before = await secondTier(1);
  expect(before).toMatchObject({ isUp: 1, unavailable: 0 });
  expect((await api(1).squads.get(squad.id)).name).toBe('readers');
  expect((await secondTier(1))['hits']).toBe((before['hits'] ?? 0) + 1);
  await api(1).squads.update(squad, { description: 'They read.' });
  await expect.poll(async () => (await api(0).squads.get(squad.id)).description).toBe('They read.');
  expect((await api(1).squads.get(squad.id)).description).toBe('They read.');
});

it('goes on without Redis, says so, and uses it again when it is back', async () => {
  const squad = await api(0).squads.create({ name: 'others', members: [{ role: 'tester' }] });
  await fleet.redis?.end('SIGKILL');
  await expect.poll(() => secondTier(0)).toMatchObject({ isUp: 0 });
  expect((await api(0).squads.get(squad.id)).name).toBe('others');
  const { id } = await api(1).submit({ message: 'Plan a login page', squad: squad.id });
  await expect.poll(async () => (await api(0).executions.get(id)).status, { timeout: 30_000 }).toBe('completed');
  await api(0).squads.update(squad, { description: 'Meanwhile.' });
  await fleet.redis?.resume();
  for (const place of [0, 1])
    await expect.poll(() => secondTier(place), { timeout: 20_000 }).toMatchObject({ isUp: 1 });
  await expect.poll(async () => (await api(1).squads.get(squad.id)).description).toBe('Meanwhile.');
}, 60_000);

it('is examined by doctor, which says when it is away', async () => {
  const doctor = (env: Readonly<Record<string, string>>) => squadra(folder, ['doctor'], { env });
  const { stdout } = await doctor(fleet.environment);
  expect(stdout).toMatch(/ok {2}Redis +127\.0\.0\.1:\d+: redis-server \d/);
  const away = await doctor({ ...fleet.environment, REDIS_URL: 'redis://:secret@127.0.0.1:1' });
  expect(away.stdout).toMatch(/! {3}Redis +127\.0\.0\.1:1: .*refused.*each process reads for itself/i);
  expect(away.stdout).not.toContain('secret');
});
