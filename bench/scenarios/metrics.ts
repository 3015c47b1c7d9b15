import { interval } from '../measure/statistics.ts';
import type { Interval } from '../measure/statistics.ts';
import { below, figure, intervalFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder, submitAll, withSquadra } from '../workload/round.ts';

const submitsAtOnce = 200;
/** What the metrics may cost, in percent; and how wide an interval may be, to either side, to say so. */
const mostPercent = 1;

interface MeteredRound {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** What it costs to keep metrics: the same work with and without them in turn, each pair compared with itself. */
export async function metrics({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, pairs] = isQuick ? [3_000, 4] : [20_000, 30];
  const round = (isKept: boolean): Promise<MeteredRound> =>
    inFolder(folder, 'round', (state) => meteredRound(state, count, isKept));
  progress('warm-up');
  for (const isKept of [true, false]) await round(isKept);

  const on: MeteredRound[] = [];
  const off: MeteredRound[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    // Who is second finds a warmer machine, and a disk that has more to do: they take turns.
    const order = pair % 2 === 0 ? [true, false] : [false, true];
    for (const isKept of order) (isKept ? on : off).push(await round(isKept));
    progress(`pair ${pair} of ${pairs}: with ${told(on.at(-1))}, without ${told(off.at(-1))}`);
  }
  const change = (of: keyof MeteredRound): Interval =>
    interval(on.map((one, place) => (one[of] / (off[place]?.[of] ?? NaN) - 1) * 100));
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
      'Values in brackets are the ends of the interval that holds the mean of the pairs with 95 % confidence.',
      'CPU is that of all threads of the process. Where the interval of the throughput is wider than ±1 %, the promise is held against CPU.',
    ],
  };
}

/** One round on a new state. What was counted is stored and read within it. */
async function meteredRound(folder: string, count: number, isKept: boolean): Promise<MeteredRound> {
  const measured = await withSquadra(folder, { metrics: isKept }, async (squadra) => {
    // The reader that answers is opened now: it is there for other things.
    await squadra.metrics.stats();
    const before = process.cpuUsage();
    const { perSecond } = await submitAll(squadra, count, submitsAtOnce);
    const { totals } = await squadra.metrics.stats();
    const { user, system } = process.cpuUsage(before);
    if (isKept && totals.completed !== count)
      throw new Error(`Of ${count} executions ${totals.completed} were counted.`);
    return { perSecond, cpuMicroseconds: (user + system) / count };
  });
  checkCompleted(folder, count);
  return measured;
}

function told(round: MeteredRound | undefined): string {
  return round === undefined ? '' : `${Math.round(round.perSecond)}/s at ${round.cpuMicroseconds.toFixed(1)} µs`;
}
