import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from '../../children/http-load.ts';
import { createClient } from '../../../src/client.ts';
import { requestText } from '../../load/connection.ts';
import { newKeys } from './tenant-keys.ts';
import { Generator } from '../../workload/served.ts';
import { RunningFleet } from './running-fleet.ts';

export interface ReadingSizes {
  readonly tenants: number;
  /** Of all tenants together. */
  readonly squads: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly readsPerSecond: number;
  readonly changesPerSecond: number;
  readonly submissionsPerSecond: number;
  readonly hasRedis: boolean;
  /** Of each kind, in memory; null leaves it to the default. */
  readonly entries: number | null;
}

export interface Reading {
  readonly reads: Load;
  /** Of all reads, those for which the database was not asked. */
  readonly cachedShare: number;
  readonly redisShare: number;
  readonly statementsPerRead: number;
}

export const mostLagMs = 10;
/** Of all reads, those of executions. */
const uncached = 0.2;
/** One after the other, again and again. */
const differentRequests = 2_000;

export async function measureReading(folder: string, sizes: ReadingSizes): Promise<Reading> {
  const environment: Record<string, string> = {
    // Nobody reaches it; with Redis each request asks there all the same.
    SQUADRA_RATE_LIMIT_PER_MINUTE: '1000000',
    ...(sizes.entries === null ? {} : { SQUADRA_CACHE_ENTRIES: String(sizes.entries) }),
  };
  await using running = await RunningFleet.start({
    folder,
    workers: 1,
    workflows: ['three-steps'],
    hasRedis: sizes.hasRedis,
    environment,
  });
  const keys = await newKeys(running.fleet, sizes.tenants);
  const tenants = keys.map((key) => ({ key, client: createClient({ url: running.fleet.url, key }) }));
  const tenantOf = (n: number): (typeof tenants)[number] => {
    const tenant = tenants[n % tenants.length];
    if (tenant === undefined) throw new Error('A fleet that is measured needs tenants.');
    return tenant;
  };
  const squads: string[] = [];
  for (let n = 0; n < sizes.squads; n++) {
    const members = ['product_manager', 'backend_developer', 'tester'].map((role) => ({ role }));
    squads.push((await tenantOf(n).client.squads.create({ name: `squad-${n}`, members })).id);
  }
  const submit = (n: number) => tenantOf(n).client.submit({ workflow: 'three-steps', input: {} });
  const executions = await Promise.all(Array.from({ length: 4 * tenants.length }, (_, n) => submit(n)));
  await running.idle();
  const requests = Array.from({ length: differentRequests }, (_, n) => {
    const place = zipf(squads.length);
    // Each kind of request is of every tenant.
    const other = Math.floor(n / 10);
    if (n % 10 < 7) return requestText('GET', `/api/v1/squads/${squads[place]}`, tenantOf(place));
    if (n % 10 === 7) return requestText('GET', '/api/v1/costs?groupBy=day', tenantOf(other));
    const { id } = executions[other % executions.length] ?? { id: '' };
    return requestText('GET', `/api/v1/executions/${id}`, tenantOf(other));
  });
  await using generator = new Generator({ port: running.port, connections: 200 }, { comesFirst: true });
  const reading = (seconds: number) =>
    ({
      kind: 'open-loop',
      perSecond: sizes.readsPerSecond,
      count: sizes.readsPerSecond * seconds,
      idsWanted: 0,
      requests,
      expected: 200,
    }) as const;
  const writing = new AbortController();
  const writes = Promise.all([
    every(1_000 / sizes.changesPerSecond, writing.signal, async () => {
      const place = zipf(squads.length);
      const { client } = tenantOf(place);
      const squad = await client.squads.get(squads[place] ?? '');
      await client.squads.update(squad, { description: `Changed at ${performance.now()}.` });
    }),
    every(1_000 / sizes.submissionsPerSecond, writing.signal, async (n) => void (await submit(n))),
  ]);
  await generator.load(reading(sizes.warmUpSeconds), Infinity);
  const [before, statements] = [await served(running), (await running.reading()).statements];
  const reads = await generator.load(reading(sizes.seconds), mostLagMs);
  const [after, statementsAfter] = [await served(running), (await running.reading()).statements];
  writing.abort();
  await writes;
  await running.idle();
  const [memory, redis] = [after.memory - before.memory, after.redis - before.redis];
  return {
    reads,
    cachedShare: (memory + redis) / (after.asked - before.asked + reads.answered * uncached),
    redisShare: redis / Math.max(1, memory + redis),
    statementsPerRead: (statementsAfter - statements) / reads.answered,
  };
}

/** How often all api processes asked their caches, and what was in memory and in Redis. */
async function served(running: RunningFleet): Promise<Record<'asked' | 'memory' | 'redis', number>> {
  const texts = await Promise.all(
    running.fleet.apis.map(async ({ url }) => await (await fetch(`${url}/metrics`)).text()),
  );
  const sum = (pattern: RegExp): number =>
    texts.flatMap((text) => [...text.matchAll(pattern)]).reduce((total, [, value]) => total + Number(value), 0);
  return {
    asked: sum(/^squadra_cache_(?:hits|misses)_total\{kind="(?:squad|cost)"\} (\d+)$/gm),
    memory: sum(/^squadra_cache_hits_total\{kind="(?:squad|cost)"\} (\d+)$/gm),
    redis: sum(/^squadra_cache_second_tier_total\{result="hit"\} (\d+)$/gm),
  };
}

/** Some are asked for much more often than others. */
function zipf(count: number): number {
  return Math.min(count - 1, Math.floor(count ** Math.random()) - 1);
}

async function every(ms: number, signal: AbortSignal, act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const begun = performance.now();
    await act(n);
    await pause(Math.max(0, ms - (performance.now() - begun)), undefined, { signal }).catch(() => {});
  }
}
