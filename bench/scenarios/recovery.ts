import type { RecoveryArgument, RecoveryFirst } from '../children/recovery-first.ts';
import type { RecoverySecond } from '../children/recovery-second.ts';
import { Child } from '../measure/child.ts';
import { spread } from '../measure/statistics.ts';
import { below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';

interface Recovery {
  readonly workingMs: number;
  readonly acceptingMs: number;
  readonly doneMs: number;
  readonly stepsDone: number;
}

/** A process is killed in the middle of many executions: how soon does the next one work again? */
export async function recovery({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, rounds] = isQuick ? [2_000, 1] : [20_000, 5];
  const recoveries: Recovery[] = [];
  for (let round = 1; round <= rounds; round++) {
    recoveries.push(await inFolder(folder, 'recovery', (state) => killAndRecover({ folder: state, count })));
    progress(`round ${round}: working again after ${Math.round(recoveries.at(-1)?.workingMs ?? 0)} ms`);
  }
  const of = (key: keyof Recovery) => spread(recoveries.map((one) => one[key]));
  return {
    settings: { executions: count, steps: 3, 'completed when killed': Math.floor(count / 2), rounds },
    figures: [
      roundsFigure('start of the process → first new step committed', 'ms', of('workingMs'), below(1_000)),
      roundsFigure('start of the process → first new submission accepted', 'ms', of('acceptingMs')),
      roundsFigure('start of the process → all completed', 'ms', of('doneMs')),
      roundsFigure('steps left when it was killed', '', of('stepsDone')),
    ],
    plots: [],
    notes: [
      'Afterwards the file holds every execution completed, with each step committed once; a run that finds otherwise fails.',
    ],
  };
}

async function killAndRecover(argument: RecoveryArgument): Promise<Recovery> {
  await using first = new Child<RecoveryFirst>('children/recovery-first', argument);
  await first.next('accepted');
  await first.next('half');
  await first.kill();
  await using second = new Child<RecoverySecond>('children/recovery-second', argument);
  const times = new Map<RecoverySecond['kind'], number>();
  let stepsDone = 0;
  while (!times.has('done')) {
    const { message, at } = await second.any();
    times.set(message.kind, at - second.startedAt);
    if (message.kind === 'done') ({ stepsDone } = message);
  }
  await second.exited();
  // One more than before: the second process takes a new one, too.
  checkCompleted(argument.folder, argument.count + 1);
  const of = (kind: RecoverySecond['kind']): number => times.get(kind) ?? NaN;
  return { workingMs: of('working'), acceptingMs: of('accepting'), doneMs: of('done'), stepsDone };
}
