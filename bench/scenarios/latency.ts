import { openLoop } from '../measure/loops.ts';
import { percentiles, spread } from '../measure/statistics.ts';
import type { Spread } from '../measure/statistics.ts';
import { below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder, submitAll, withSquadra } from '../workload/round.ts';
import { input, threeSteps } from '../workload/three-steps.ts';

/** Executions before the measured ones, as fast as they go: a server is warm after its first seconds. */
const warmUp = 2_000;

/** One round at one rate. */
interface Latencies {
  readonly result: ReturnType<typeof percentiles>;
  readonly accepted: ReturnType<typeof percentiles>;
}

/** Three-step executions that arrive on a schedule: how long until they are accepted, how long until they are done. */
export async function latency({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const rounds = isQuick ? 1 : 3;
  const seconds = isQuick ? { 20: 2, 500: 2 } : { 20: 30, 500: 10 };
  const slow: Latencies[] = [];
  const fast: Latencies[] = [];
  for (let round = 1; round <= rounds; round++) {
    slow.push(await measure(folder, 20, seconds[20]));
    fast.push(await measure(folder, 500, seconds[500]));
    progress(
      `round ${round}: p99 ${slow.at(-1)?.result.p99.toFixed(1)} ms at 20/s, ${fast.at(-1)?.result.p99.toFixed(1)} ms at 500/s`,
    );
  }
  const of = (list: readonly Latencies[], what: keyof Latencies, share: 'p50' | 'p99' | 'max'): Spread =>
    spread(list.map((one) => one[what][share]));
  const rows = (rate: number, list: readonly Latencies[], resultBelow: number) => [
    roundsFigure(`${rate}/s: submit → result, p50`, 'ms', of(list, 'result', 'p50')),
    roundsFigure(`${rate}/s: submit → result, p99`, 'ms', of(list, 'result', 'p99'), below(resultBelow)),
    roundsFigure(`${rate}/s: submit → result, most`, 'ms', of(list, 'result', 'max')),
    roundsFigure(`${rate}/s: submit → accepted, p50`, 'ms', of(list, 'accepted', 'p50')),
    roundsFigure(`${rate}/s: submit → accepted, p99`, 'ms', of(list, 'accepted', 'p99'), below(4)),
  ];
  const bar = (label: string, { median }: Spread) => ({ label, value: median });
  return {
    settings: { steps: 3, 'seconds at 20/s': seconds[20], 'seconds at 500/s': seconds[500], rounds },
    figures: [...rows(20, slow, 8), ...rows(500, fast, 25)],
    plots: [
      {
        kind: 'bars',
        name: 'latency',
        title: 'From submit to the result of three steps',
        unit: 'ms',
        bars: [
          bar('20/s, p50', of(slow, 'result', 'p50')),
          bar('20/s, p99', of(slow, 'result', 'p99')),
          bar('500/s, p50', of(fast, 'result', 'p50')),
          bar('500/s, p99', of(fast, 'result', 'p99')),
        ],
      },
    ],
    notes: [
      'Arrivals keep their schedule whatever the answers do; each latency counts from the intended time, the lateness of the timer (up to 1 ms) included.',
      'What is promised holds where a bare commit takes less than 0.3 ms.',
    ],
  };
}

function measure(parent: string, perSecond: number, seconds: number): Promise<Latencies> {
  return inFolder(parent, 'latency', async (folder) => {
    const count = perSecond * seconds;
    const accepted: number[] = [];
    const result: number[] = [];
    await withSquadra(folder, {}, async (squadra) => {
      await submitAll(squadra, warmUp, 200);
      await openLoop({ perSecond, count }, async (intendedAt) => {
        const run = await squadra.submit(threeSteps, { input });
        const acceptedAt = performance.now();
        await run.result();
        accepted.push(acceptedAt - intendedAt);
        result.push(performance.now() - intendedAt);
      });
    });
    checkCompleted(folder, warmUp + count);
    return { result: percentiles(result), accepted: percentiles(accepted) };
  });
}
