import { chmodSync } from 'node:fs';
import { spread } from '../measure/statistics.ts';
import { atLeast, below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder } from '../workload/round.ts';
import { measureReading, mostLagMs } from './fleet/reading.ts';
import type { Reading } from './fleet/reading.ts';

/** What processes of the fleet keep of what they have read. */
const variants = [
  { name: 'memory and Redis', hasRedis: true, entries: null },
  { name: 'memory alone', hasRedis: false, entries: null },
  { name: 'nothing', hasRedis: false, entries: 0 },
] as const;

/** Two api processes that are read from while something is written all the time: with both tiers of the cache, with one, with none. */
export async function fleetCache({ isQuick, rounds: asked, folder, progress }: RunOptions): Promise<Measured> {
  // The database has to run as another user: let it through.
  chmodSync(folder, 0o711);
  const rounds = isQuick ? 1 : asked;
  const sizes = isQuick
    ? {
        tenants: 2,
        squads: 50,
        warmUpSeconds: 1,
        seconds: 3,
        readsPerSecond: 100,
        changesPerSecond: 1,
        submissionsPerSecond: 5,
      }
    : {
        tenants: 10,
        squads: 500,
        // Until most of what is asked for has been asked for once: squads are kept for five minutes.
        warmUpSeconds: 20,
        seconds: 10,
        readsPerSecond: 300,
        changesPerSecond: 5,
        submissionsPerSecond: 20,
      };
  const all = new Map<string, Reading[]>(variants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++)
    for (const { name, hasRedis, entries } of variants) {
      const one = await inFolder(folder, 'reading', (own) => measureReading(own, { ...sizes, hasRedis, entries }));
      all.get(name)?.push(one);
      progress(
        `round ${round}, ${name}: ${(100 * one.cachedShare).toFixed(1)} % of reads from a cache, p50 ${one.reads.p50Ms.toFixed(2)}, p99 ${one.reads.p99Ms.toFixed(1)} ms, ${one.statementsPerRead.toFixed(2)} statements per read`,
      );
    }
  const of = (name: string, value: (one: Reading) => number) => spread((all.get(name) ?? []).map(value));
  const [both] = variants;
  return {
    settings: {
      api: 2,
      workers: 1,
      rounds,
      tenants: sizes.tenants,
      squads: sizes.squads,
      'reads of a second': sizes.readsPerSecond,
      'of ten reads: squads, costs, executions': '7, 1, 2',
      'changed squads of a second': sizes.changesPerSecond,
      'submissions of a second': sizes.submissionsPerSecond,
      seconds: sizes.seconds,
    },
    figures: [
      roundsFigure(
        'reads served by the cache',
        '',
        of(both.name, (one) => one.cachedShare),
        atLeast(0.7),
      ),
      roundsFigure(
        'of these, out of Redis',
        '',
        of(both.name, (one) => one.redisShare),
      ),
      ...variants.flatMap(({ name }) => [
        roundsFigure(
          `${name}: reads, p50`,
          'ms',
          of(name, ({ reads }) => reads.p50Ms),
        ),
        roundsFigure(
          `${name}: reads, p99`,
          'ms',
          of(name, ({ reads }) => reads.p99Ms),
        ),
        roundsFigure(
          `${name}: statements per read`,
          '',
          of(name, (one) => one.statementsPerRead),
        ),
        roundsFigure(
          `${name}: errors`,
          '',
          of(name, ({ reads }) => reads.errorCount),
          below(1),
        ),
      ]),
    ],
    plots: [],
    notes: [
      'Squads are asked for as people do: a few of them often (Zipf). Each execution that ends makes processes forget what the costs of its tenant are. Reads of executions are never kept, and count as not served by the cache. Shares are counted by the processes themselves (`/metrics`).',
      'Statements are all that PostgreSQL carried out meanwhile, also for the submissions and changes, which are the same in each case. Every request is counted against the rate of its key: with Redis, there.',
      `Reads come on a schedule, and a run in which the generator is ${mostLagMs} ms late (p99) fails.`,
    ],
  };
}
