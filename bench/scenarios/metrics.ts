import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Squadra } from '../../src/index.ts';
import { interval } from '../measure/statistics.ts';
import type { Interval } from '../measure/statistics.ts';
import { below, figure, intervalFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder, submitAll, withSquadra } from '../workload/round.ts';

const submitsAtOnce = 200;
/** What the metrics may cost, in percent; and how wide an interval may be, to either side, to say so. */
const mostPercent = 1;
/** Until the code of all threads is as fast as it gets. */
const warmUpPairs = 20;

interface MeteredRound {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** What it costs to keep metrics: the same work with and without them in turn, each pair compared with itself. */
export async function metrics({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  // Many short rounds: what the machine does beside it changes within seconds, and within a pair hardly.
  const [count, pairs] = isQuick ? [1_000, 8] : [1_000, 400];
  const on: MeteredRound[] = [];
  const off: MeteredRound[] = [];
  // Both are open all the time: what a start takes, and code that is not warm yet, is no cost of metrics.
  await inFolder(folder, 'with', (withFolder) =>
    inFolder(folder, 'without', async (withoutFolder) => {
      await withSquadra(withFolder, { metrics: true }, (kept) =>
        withSquadra(withoutFolder, { metrics: false }, async (bare) => {
          progress('warm-up');
          for (let pair = 1; pair <= warmUpPairs; pair++)
            for (const squadra of [kept, bare]) await meteredRound(squadra, count);
          for (let pair = 1; pair <= pairs; pair++) {
            // Who is second finds a warmer machine, and a disk that has more to do: they take turns.
            for (const squadra of pair % 2 === 0 ? [kept, bare] : [bare, kept])
              (squadra === kept ? on : off).push(await meteredRound(squadra, count));
            if (pair % 20 === 0)
              progress(`pair ${pair} of ${pairs}: with ${told(on.at(-1))}, without ${told(off.at(-1))}`);
          }
        }),
      );
      for (const state of [withFolder, withoutFolder]) checkCompleted(state, count * (pairs + warmUpPairs));
      checkCounted(withFolder, count * (pairs + warmUpPairs));
    }),
  );
  // Of logarithms: the mean of quotients of two figures that vary is more than the quotient of their means.
  const change = (of: keyof MeteredRound): Interval => {
    const { mean, low, high, count } = interval(on.map((one, place) => Math.log(one[of] / (off[place]?.[of] ?? NaN))));
    return { mean: percent(mean), low: percent(low), high: percent(high), count };
  };
  const throughput = change('perSecond');
  const lost = { mean: -throughput.mean, low: -throughput.high, high: -throughput.low, count: throughput.count };
  const cpu = change('cpuMicroseconds');
  // A throughput that varies more than what is asked says nothing about it; the work that is done does.
  const isNarrow = (lost.high - lost.low) / 2 <= mostPercent;
  const mean = (rounds: readonly MeteredRound[], of: keyof MeteredRound): number =>
    rounds.reduce((sum, one) => sum + one[of], 0) / rounds.length;
  return {
    settings: { executions: count, steps: 3, 'submits at once': submitsAtOnce, pairs },
    figures: [
      intervalFigure('throughput lost', '%', lost, isNarrow ? below(mostPercent) : null),
      intervalFigure('CPU per execution, more', '%', cpu, isNarrow ? null : below(mostPercent)),
      figure('throughput with metrics', '/s', mean(on, 'perSecond')),
      figure('throughput without', '/s', mean(off, 'perSecond')),
      figure('CPU per execution with metrics', 'µs', mean(on, 'cpuMicroseconds')),
      figure('CPU per execution without', 'µs', mean(off, 'cpuMicroseconds')),
    ],
    plots: [],
    notes: [
      'Of what is lost and what is more, the extremes are the ends of the interval that holds the mean of the pairs with 95 % confidence.',
      'CPU is that of all threads of the process. Where the interval of the throughput is wider than ±1 %, the promise is held against CPU.',
    ],
  };
}

/** How much more a logarithm of a quotient says. */
function percent(logarithm: number): number {
  return Math.expm1(logarithm) * 100;
}

/** One round. What was counted is stored as ever: after ten seconds, so in one of many rounds. */
async function meteredRound(squadra: Squadra, count: number): Promise<MeteredRound> {
  const before = process.cpuUsage();
  const { perSecond } = await submitAll(squadra, count, submitsAtOnce);
  const { user, system } = process.cpuUsage(before);
  return { perSecond, cpuMicroseconds: (user + system) / count };
}

/** Throws unless the metrics of a file have counted so many executions, from their acceptance to their end, with their steps. */
function checkCounted(folder: string, count: number): void {
  using database = new DatabaseSync(join(folder, 'squadra.db'), { readOnly: true });
  const sums =
    'SELECT sum(submitted) AS submitted, sum(completed) AS completed, sum(steps) AS steps FROM metric_minutes';
  const { submitted, completed, steps } = database.prepare(sums).get() ?? {};
  if (submitted === count && completed === count && steps === count * 3) return;
  throw new Error(`Of ${count} executions the metrics count ${String(completed)} with ${String(steps)} steps.`);
}

function told(round: MeteredRound | undefined): string {
  return round === undefined ? '' : `${Math.round(round.perSecond)}/s at ${round.cpuMicroseconds.toFixed(1)} µs`;
}
