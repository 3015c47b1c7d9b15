/** Very many executions that wait for a signal; tells the memory they take when all is settled, then signals each. */
import { setTimeout as pause } from 'node:timers/promises';
import { openSquadra } from '../../src/index.ts';
import { childArgument, tell } from '../measure/child.ts';
import { closedLoop } from '../measure/loops.ts';
import { signalled } from '../workload/waiting.ts';

export interface ParkedSignalsArgument {
  readonly folder: string;
  readonly count: number;
}

export interface ParkedSignals {
  readonly kind: 'done';
  readonly parkedPerSecond: number;
  readonly emptyRssBytes: number;
  /** When the last has parked, before anything is collected. */
  readonly parkedRssBytes: number;
  readonly settledRssBytes: number;
  readonly peakRssBytes: number;
  readonly resumedPerSecond: number;
}

/**
 * Collects as V8 does when memory is short: a plain collection keeps the emptied pages for later, so what it leaves is the
 * most there has been, not what is held.
 */
async function settledRss(): Promise<number> {
  // With --expose-gc; its types do not know the flavour yet.
  const collect = globalThis.gc as
    | ((options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void)
    | undefined;
  for (let n = 0; n < 3; n++) {
    collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await pause(500);
  }
  return process.memoryUsage.rss();
}

const { folder, count } = childArgument<ParkedSignalsArgument>();
await using squadra = await openSquadra({ stateDir: folder, workflows: [signalled] });
const emptyRssBytes = await settledRss();
const begun = performance.now();
const ids: string[] = [];
await closedLoop(count, 200, async () => {
  ids.push((await squadra.submit(signalled, { input: null })).id);
});
while (squadra.statistics().engine.running > 0) await pause(5);
const parkedPerSecond = (count * 1_000) / (performance.now() - begun);
const parkedRssBytes = process.memoryUsage.rss();
const settledRssBytes = await settledRss();

const resumed = performance.now();
await closedLoop(count, 200, async (n) => {
  const run = squadra.run(ids[n] ?? '');
  await run.signal('go', n);
  const outcome = await run.result();
  if (outcome.status !== 'completed' || outcome.output !== n)
    throw new Error(`Execution ${run.id} did not get its signal.`);
});
tell<ParkedSignals>({
  kind: 'done',
  parkedPerSecond,
  emptyRssBytes,
  parkedRssBytes,
  settledRssBytes,
  peakRssBytes: process.resourceUsage().maxRSS * 1_024,
  resumedPerSecond: (count * 1_000) / (performance.now() - resumed),
});
