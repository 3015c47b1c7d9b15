import { setTimeout as pause } from 'node:timers/promises';
import type { Load } from '../../children/http-load.ts';
import { createClient } from '../../../src/client.ts';
import { requestText } from '../../load/connection.ts';
import { Generator } from '../../workload/served.ts';
import { RunningFleet } from './running-fleet.ts';

export interface ReadingSizes {
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
    SQUADRA_RATE_LIMIT_PER_MINUTE: '0',
    ...(sizes.entries === null ? {} : { SQUADRA_CACHE_ENTRIES: String(sizes.entries) }),
  };
  await using running = await RunningFleet.start({
    folder,
    workers: 1,
    workflows: ['three-steps'],
    hasRedis: sizes.hasRedis,
    environment,
  });
  const client = createClient({ url: running.fleet.url });
  const squads: string[] = [];
  for (let n = 0; n < sizes.squads; n++) {
    const members = ['product_manager', 'backend_developer', 'tester'].map((role) => ({ role }));
    squads.push((await client.squads.create({ name: `squad-${n}`, members })).id);
  }
  const executions = await Promise.all(
    squads.slice(0, 20).map(() => client.submit({ workflow: 'three-steps', input: {} })),
  );
  await running.idle();
  const requests = Array.from({ length: differentRequests }, (_, n) => {
    if (n % 10 < 7) return requestText('GET', `/api/v1/squads/${squads[zipf(squads.length)]}`, {});
    if (n % 10 === 7) return requestText('GET', `/api/v1/costs?groupBy=${n % 20 === 7 ? 'day' : 'model'}`, {});
    return requestText('GET', `/api/v1/executions/${executions[n % executions.length]?.id}`, {});
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
      const squad = await client.squads.get(squads[zipf(squads.length)] ?? '');
      await client.squads.update(squad, { description: `Changed at ${performance.now()}.` });
    }),
    every(1_000 / sizes.submissionsPerSecond, writing.signal, async () => {
      await client.submit({ workflow: 'three-steps', input: {} });
    }),
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

async function every(ms: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    await act();
    await pause(Math.max(0, ms - (performance.now() - begun)), undefined, { signal }).catch(() => {});
  }
}
