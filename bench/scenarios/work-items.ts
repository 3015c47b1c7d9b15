import type { Squadra } from '../../src/index.ts';
import { closedLoop, closedLoopFor, watchEventLoop } from '../measure/loops.ts';
import { percentiles, spread } from '../measure/statistics.ts';
import { atLeast, below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder, withSquadra } from '../workload/round.ts';

const atOnce = 200;
const readersAtOnce = 50;

interface Round {
  readonly cycles: number;
  readonly p50: number;
  readonly p99: number;
  readonly loopP99: number;
  readonly readsWhileWriting: number;
  readonly cyclesWhileReading: number;
  readonly reads: number;
}

/** Work items through the public API: create, get, change with compare and set; and reading while others write. */
export async function workItems({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [cycles, rounds] = isQuick ? [2_000, 1] : [30_000, 5];
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    measured.push(await inFolder(folder, 'items', (state) => measure(state, cycles)));
    const last = measured.at(-1);
    progress(
      `round ${round}: ${Math.round(last?.cycles ?? 0)} cycles/s, p99 ${last?.p99.toFixed(1)} ms, ${Math.round(last?.readsWhileWriting ?? 0)} reads/s`,
    );
  }
  const of = (key: keyof Round) => spread(measured.map((round) => round[key]));
  return {
    settings: { cycles, 'cycles at once': atOnce, 'reads at once': readersAtOnce, rounds },
    figures: [
      roundsFigure('create + get + change', 'cycles/s', of('cycles'), atLeast(10_000)),
      roundsFigure('one cycle, p50', 'ms', of('p50')),
      roundsFigure('one cycle, p99', 'ms', of('p99'), below(30)),
      roundsFigure('event loop late, p99', 'ms', of('loopP99')),
      roundsFigure('reads alone', '/s', of('reads')),
      roundsFigure('reads while the cycles run', '/s', of('readsWhileWriting')),
      roundsFigure('cycles while the reads run', 'cycles/s', of('cyclesWhileReading')),
    ],
    plots: [],
  };
}

function measure(folder: string, cycles: number): Promise<Round> {
  return withSquadra(folder, {}, async (squadra) => {
    // Readers are opened when first needed.
    await closedLoop(2_000, atOnce, async (n) => void (await cycle(squadra, n)));
    const ids: string[] = [];
    const times: number[] = [];
    const loop = watchEventLoop();
    const begun = performance.now();
    await closedLoop(cycles, atOnce, async (n) => {
      const since = performance.now();
      ids.push(await cycle(squadra, n));
      times.push(performance.now() - since);
    });
    const perSecond = (cycles * 1_000) / (performance.now() - begun);
    const { p99Ms } = loop();
    const readOne = async (n: number): Promise<void> => {
      await squadra.workItems.get(ids[(n * 7_919) % ids.length] ?? '');
    };
    const reads = await closedLoopFor(1_000, readersAtOnce, readOne);
    const [readsWhileWriting, cyclesWhileReading] = await Promise.all([
      closedLoopFor(2_000, readersAtOnce, readOne),
      closedLoopFor(2_000, atOnce, async (n) => void (await cycle(squadra, n))),
    ]);
    const { p50, p99 } = percentiles(times);
    return { cycles: perSecond, p50, p99, loopP99: p99Ms, reads, readsWhileWriting, cyclesWhileReading };
  });
}

/** Creates an item, reads it back, and changes the version that was read. Returns its id. */
async function cycle({ workItems: items }: Squadra, n: number): Promise<string> {
  const { id } = await items.create({ title: `item ${n}`, priority: n % 10, context: { n } });
  const read = await items.get(id);
  const changed = await items.update(id, read.version, { status: 'in_progress', metadata: { seen: read.version } });
  if (changed.version !== 2 || changed.status !== 'in_progress') throw new Error(`Work item ${id} was not changed.`);
  return id;
}
