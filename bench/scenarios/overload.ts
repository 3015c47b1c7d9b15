import type { OverloadResult } from '../children/overload.ts';
import { atLeast, below, figure } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder } from '../workload/round.ts';
import { keysEach, tenants, times, tries } from './overload/over.ts';
import type { Over } from './overload/over.ts';
import { machine, overMachine } from './overload/machine.ts';
import type { OverMachine } from './overload/machine.ts';
import { capacity, overSettings, settings } from './overload/settings.ts';

/** Three times what it takes, by its settings and by its machine: what is accepted is done, and the rest is told when to come back. */
export async function overload({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const seconds = isQuick ? 5 : 30;
  progress(`${Math.round(times * capacity)} submissions a second for ${seconds} seconds, and their returns`);
  const one = await inFolder(folder, 'overload', (state) => overSettings(state, seconds));
  const two = await inFolder(folder, 'overload', (state) => overMachine(state, seconds, progress));
  return {
    settings: { times, seconds, ...settings, 'steps of 1 s': 3, keys: tenants * keysEach, tries, ...machine },
    figures: [...settingsFigures(one, seconds), ...machineFigures(two)],
    plots: [],
    notes: [
      'What it takes is set by how many executions run at a time, each of which takes three seconds; the machine is not busy with it.',
      'Clients that are refused come back after the seconds that Retry-After names, up to 20 times in all; their returns come on top of what is offered.',
      'Normal again: submissions that come 200 times a second all the time are answered (202 or 503) within 25 ms, or twice what they took before (p99 of each second).',
      `Of the machine: a server with its own settings takes executions of three steps without work inside; what it takes is what a closed loop of ${machine.atOnce} gets accepted before. Then three times as many come on a schedule, whatever the answers do, from the same two cores. One in ${machine.returningEvery} of those who are refused comes back, as long as the probes go on.`,
    ],
  };
}

function settingsFigures(one: Over, seconds: number): Figure[] {
  const returned = one.acceptedLater + one.gaveUp;
  return [
    figure('what it takes: executions that run at a time, by how long one takes', '/s', capacity),
    figure('offered', '/s', one.offered / seconds),
    figure('completed', '/s', one.completedPerSecond),
    figure('offered', 'submissions', one.offered),
    figure('accepted at once', 'submissions', one.acceptedAtOnce),
    figure('refused, and told when to come back', 'submissions', one.refused),
    ...promised('', one),
    figure('refused: accepted at the first return', 'share', share(one.acceptedAtFirstReturn, returned)),
    figure('refused: accepted in the end', 'share', share(one.acceptedLater, returned)),
    ...latencies('', one),
  ];
}

function machineFigures(two: OverMachine): Figure[] {
  const label = 'of the machine: ';
  return [
    figure(`${label}what it takes, in a closed loop`, '/s', two.maximum),
    figure(`${label}offered`, '/s', two.offered / two.offeredSeconds),
    figure(`${label}offered, times what it takes`, '', two.offered / two.offeredSeconds / two.maximum),
    figure(`${label}offered`, 'submissions', two.offered),
    figure(`${label}accepted meanwhile`, '/s', two.acceptedMeanwhile / two.offeredSeconds),
    figure(
      `${label}accepted meanwhile, of what it takes`,
      'share',
      two.acceptedMeanwhile / two.offeredSeconds / two.maximum,
      atLeast(0.7),
    ),
    ...promised(label, two),
    figure(`${label}returns after the end, accepted`, 'share', share(two.acceptedAfter, two.returnsAfter)),
    figure(`${label}returns after the end`, '', two.returnsAfter),
    ...latencies(label, two),
    figure(`${label}server, CPU`, 'cores', two.serverCores),
  ];
}

function promised(label: string, one: OverloadResult): Figure[] {
  return [
    figure(`${label}neither accepted nor refused`, '', one.errorCount, below(1)),
    figure(`${label}accepted, and not completed`, '', 0, below(1)),
    figure(`${label}refusals with 429`, '', one.byStatus['429'] ?? 0),
    figure(`${label}refusals with 503`, '', one.byStatus['503'] ?? 0),
    figure(`${label}refusals without Retry-After`, '', one.withoutRetryAfter, below(1)),
    figure(`${label}Retry-After, p50`, 's', one.retryAfterSeconds.p50),
    figure(`${label}Retry-After, most`, 's', one.retryAfterSeconds.max),
  ];
}

function latencies(label: string, one: Over): Figure[] {
  return [
    figure(`${label}accepted: answered after, p99`, 'ms', one.acceptMs.p99),
    figure(`${label}refused: answered after, p99`, 'ms', one.refuseMs.p99),
    figure(`${label}submissions before, answered after, p99`, 'ms', one.normalP99Ms),
    figure(`${label}submissions meanwhile, answered after, p99`, 'ms', one.meanwhileP99Ms),
    figure(`${label}normal again after`, 's', one.recoveredAfterSeconds, below(5)),
    figure(`${label}nothing left to do after`, 's', one.drainedAfterSeconds),
    figure(`${label}server, memory before (RSS)`, 'MB', one.rssBeforeMb),
    figure(`${label}server, most memory (RSS)`, 'MB', one.mostRssMb, below(1_500)),
    figure(`${label}generator, CPU`, 'cores', one.cpuMs / one.seconds / 1_000),
    figure(`${label}generator, late, p99`, 'ms', one.lagP99Ms),
  ];
}

function share(some: number, all: number): number {
  return all === 0 ? NaN : some / all;
}
