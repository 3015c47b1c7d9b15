import { join } from 'node:path';
import { spread } from '../measure/statistics.ts';
import { rawLimit, rowsOf } from '../raw-limit.ts';
import { atLeast, below, figure, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { freshRound, inFolder } from '../workload/round.ts';
import type { Round } from '../workload/round.ts';

const submitsAtOnce = 200;
const slowCommitMs = 3;
const slowName = `${slowCommitMs} ms added to every commit`;

/** Three-step executions as fast as they go, beside the raw limit, and again on a disk that takes its time. */
export async function throughput({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, rounds] = isQuick ? [2_000, 1] : [20_000, 5];
  const ours = (settings = {}): Promise<Round> =>
    inFolder(folder, 'ours', (state) => freshRound(state, count, submitsAtOnce, settings));
  await inFolder(folder, 'same', (parent) => checkSameRows(parent));
  progress('warm-up');
  await ours();
  await inFolder(folder, 'raw', (state) => rawLimit(state, count));
  await ours({ commitDelayMs: slowCommitMs });

  const fast: Round[] = [];
  const slow: Round[] = [];
  const raw: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    fast.push(await ours());
    raw.push(await inFolder(folder, 'raw', (state) => rawLimit(state, count)));
    slow.push(await ours({ commitDelayMs: slowCommitMs }));
    progress(
      `round ${round}: ${Math.round(fast.at(-1)?.perSecond ?? 0)}/s, raw ${Math.round(raw.at(-1) ?? 0)}/s, slow ${Math.round(slow.at(-1)?.perSecond ?? 0)}/s`,
    );
  }
  const of = (list: readonly Round[], key: keyof Round) => spread(list.map((round) => round[key]));
  const ratio = spread(fast.map(({ perSecond }, round) => perSecond / (raw[round] ?? NaN)));
  const slowed = spread(slow.map(({ perSecond }, round) => perSecond / (fast[round]?.perSecond ?? NaN)));
  const bar = (label: string, value: number) => ({ label, value });
  return {
    settings: {
      executions: count,
      steps: 3,
      'input bytes': 200,
      'bytes per step': 1_024,
      'submits at once': submitsAtOnce,
      rounds,
    },
    figures: [
      roundsFigure('three-step executions', '/s', of(fast, 'perSecond'), atLeast(5_000, 'rate')),
      roundsFigure('share of the raw limit', '', ratio, atLeast(0.5, 'rate')),
      roundsFigure('raw limit', '/s', spread(raw)),
      roundsFigure('event loop late, p99', 'ms', of(fast, 'loopP99Ms')),
      roundsFigure('event loop late, most', 'ms', of(fast, 'loopMaxMs')),
      figure('commits per 100 executions', '', (of(fast, 'groups').median * 100) / count),
      roundsFigure(`${slowName}: executions`, '/s', of(slow, 'perSecond')),
      roundsFigure(`${slowName}: share of without`, '', slowed, atLeast(0.6)),
      roundsFigure(`${slowName}: event loop late, p99`, 'ms', of(slow, 'loopP99Ms'), below(10)),
      roundsFigure(`${slowName}: event loop late, most`, 'ms', of(slow, 'loopMaxMs')),
    ],
    plots: [
      {
        kind: 'bars',
        name: 'throughput',
        title: 'Three-step executions per second',
        unit: '/s',
        bars: [
          bar('raw limit', spread(raw).median),
          bar('Squadra', of(fast, 'perSecond').median),
          bar(`Squadra, ${slowName}`, of(slow, 'perSecond').median),
        ],
      },
    ],
    notes: [
      'Per execution both write 7 rows (1 execution, 3 steps, 3 changes of status) and update one; checked to be the same rows.',
      'The raw limit is five synced commits per hundred executions, one thread, prepared statements, the same schema and pragmas.',
    ],
  };
}

/** The limit is only one when it writes what we write. */
async function checkSameRows(parent: string): Promise<void> {
  const count = 200;
  const [ours, raw] = [join(parent, 'ours'), join(parent, 'raw')];
  await freshRound(ours, count, submitsAtOnce);
  await inFolder(parent, 'raw', (state) => {
    rawLimit(state, count);
    const [expected, got] = [rowsOf(join(ours, 'squadra.db')), rowsOf(join(raw, 'squadra.db'))];
    if (expected !== got) throw new Error(`The raw limit writes other rows.\nours: ${expected}\nraw:  ${got}`);
  });
}
