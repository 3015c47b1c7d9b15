/** Finds out what it can do, then does half of that for as long as it is told, and tells every few seconds how it is. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openSquadra } from '../../src/index.ts';
import { childArgument, tell } from '../measure/child.ts';
import { openLoop } from '../measure/loops.ts';
import { percentiles } from '../measure/statistics.ts';
import { submitAll } from '../workload/round.ts';
import { input, threeSteps } from '../workload/three-steps.ts';

export interface SoakArgument {
  readonly folder: string;
  readonly minutes: number;
  readonly sampleSeconds: number;
  readonly retentionSeconds: number;
  /** Executions with which the maximum is found. */
  readonly probe: number;
}

export interface SoakSample {
  readonly kind: 'sample';
  readonly atSeconds: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** The database and its write-ahead log. */
  readonly fileBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
}

export type SoakMessage =
  | { readonly kind: 'maximum'; readonly perSecond: number }
  | SoakSample
  | { readonly kind: 'done'; readonly completed: number };

const { folder, minutes, sampleSeconds, retentionSeconds, probe } = childArgument<SoakArgument>();
const settings = { retentionDays: retentionSeconds / 86_400 };
await using squadra = await openSquadra({ stateDir: folder, settings, workflows: [threeSteps] });
await submitAll(squadra, probe, 200);
const { perSecond: maximum } = await submitAll(squadra, probe, 200);
tell<SoakMessage>({ kind: 'maximum', perSecond: maximum });

const begun = performance.now();
let latencies: number[] = [];
let completed = 0;
const sampling = setInterval(() => {
  const { p50, p99 } = percentiles(latencies);
  const { rss, heapUsed } = process.memoryUsage();
  const [atSeconds, count] = [(performance.now() - begun) / 1_000, latencies.length];
  tell<SoakMessage>({
    kind: 'sample',
    atSeconds,
    rssBytes: rss,
    heapBytes: heapUsed,
    fileBytes: fileBytes(),
    p50Ms: p50,
    p99Ms: p99,
    count,
  });
  latencies = [];
}, sampleSeconds * 1_000);
const perSecond = maximum / 2;
await openLoop({ perSecond, count: Math.floor(perSecond * minutes * 60) }, async (intendedAt) => {
  const run = await squadra.submit(threeSteps, { input });
  const { status } = await run.result();
  if (status !== 'completed') throw new Error(`Execution ${run.id} is ${status}.`);
  completed++;
  latencies.push(performance.now() - intendedAt);
});
clearInterval(sampling);
tell<SoakMessage>({ kind: 'done', completed });

function fileBytes(): number {
  const paths = ['squadra.db', 'squadra.db-wal'].map((name) => join(folder, name));
  return paths.reduce((total, path) => total + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
