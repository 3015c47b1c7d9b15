import type { ParkedSignals, ParkedSignalsArgument } from '../children/parked-signals.ts';
import type { ParkedSteps, ParkedStepsArgument } from '../children/parked-steps.ts';
import { Child } from '../measure/child.ts';
import { spread } from '../measure/statistics.ts';
import { below, figure, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';

const megabyte = 1_000_000;

/** Executions that wait: ten thousand that work or sleep for three seconds, a hundred thousand that wait for a signal. */
export async function parked({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, waiting, rounds] = isQuick ? [1_000, 5_000, 1] : [10_000, 100_000, 3];
  const working: ParkedSteps[] = [];
  const sleeping: ParkedSteps[] = [];
  for (let round = 1; round <= rounds; round++) {
    working.push(await inFlight(folder, count, 'steps'));
    sleeping.push(await inFlight(folder, count, 'sleeps'));
    progress(`round ${round}: ${seconds(working.at(-1))} s working, ${seconds(sleeping.at(-1))} s sleeping`);
  }
  const signals = await waitingForSignals(folder, waiting);
  const rows = (name: string, list: readonly ParkedSteps[]) => [
    roundsFigure(
      `${name}: done after the last submit`,
      's',
      spread(list.map((one) => one.afterLastSubmitMs / 1_000)),
      below(4),
    ),
    roundsFigure(
      `${name}: most memory (RSS)`,
      'MB',
      spread(list.map((one) => one.peakRssBytes / megabyte)),
      below(500),
    ),
    roundsFigure(`${name}: submitted`, '/s', spread(list.map((one) => one.submitsPerSecond))),
    roundsFigure(`${name}: event loop late, p99`, 'ms', spread(list.map((one) => one.loopP99Ms))),
  ];
  return {
    settings: { 'in flight': count, steps: 3, 'seconds per step': 1, 'waiting for a signal': waiting, rounds },
    figures: [
      ...rows('steps of 1 s', working),
      ...rows('sleeps of 1 s', sleeping),
      figure('waiting for a signal: memory when settled (RSS)', 'MB', signals.settledRssBytes / megabyte, below(300)),
      figure('… when the last has parked, before any collection', 'MB', signals.parkedRssBytes / megabyte),
      figure('… before the first execution', 'MB', signals.emptyRssBytes / megabyte),
      figure('… most memory from first submit to last outcome (RSS)', 'MB', signals.peakRssBytes / megabyte),
      figure('… submitted and parked', '/s', signals.parkedPerSecond),
      figure('… signalled, resumed and completed', '/s', signals.resumedPerSecond),
    ],
    plots: [],
    notes: [
      'Settled: after collections as V8 makes them when memory is short; otherwise it keeps emptied pages for later.',
      `All ${waiting} that waited got the signal meant for them; every execution is completed in the file.`,
    ],
  };
}

function inFlight(parent: string, count: number, form: ParkedStepsArgument['form']): Promise<ParkedSteps> {
  return inFolder(parent, form, async (folder) => {
    await using child = new Child<ParkedSteps>('children/parked-steps', {
      folder,
      count,
      form,
    } satisfies ParkedStepsArgument);
    const message = await child.next('done');
    await child.exited();
    checkCompleted(folder, count);
    return message;
  });
}

function waitingForSignals(parent: string, count: number): Promise<ParkedSignals> {
  return inFolder(parent, 'signals', async (folder) => {
    const argument = { folder, count } satisfies ParkedSignalsArgument;
    await using child = new Child<ParkedSignals>('children/parked-signals', argument, ['--expose-gc']);
    const message = await child.next('done');
    await child.exited();
    checkCompleted(folder, count, 1);
    return message;
  });
}

function seconds(steps: ParkedSteps | undefined): string {
  return ((steps?.afterLastSubmitMs ?? NaN) / 1_000).toFixed(2);
}
