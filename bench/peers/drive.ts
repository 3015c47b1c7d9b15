/** What every engine is put through: as many executions as it can do, then a few that arrive on a schedule. */
import { childArgument, tell } from '../measure/child.ts';
import { closedLoopFor, openLoop } from '../measure/loops.ts';
import { percentiles } from '../measure/statistics.ts';

export interface PeerArgument {
  readonly folder: string;
  readonly warmUpSeconds: number;
  readonly closedSeconds: number;
  readonly atOnce: number;
  readonly openSeconds: number;
  readonly openPerSecond: number;
}

export type PeerMessage =
  | { readonly kind: 'done'; readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number }
  /** The engine cannot run here. */
  | { readonly kind: 'skipped'; readonly why: string };

export const argument = childArgument<PeerArgument>();

/** Measures `execute`, which resolves when an execution of three steps is done. */
export async function drive(execute: (n: number) => Promise<void>): Promise<void> {
  const { warmUpSeconds, closedSeconds, atOnce, openSeconds, openPerSecond } = argument;
  await closedLoopFor(warmUpSeconds * 1_000, atOnce, execute);
  const perSecond = await closedLoopFor(closedSeconds * 1_000, atOnce, execute);
  const latencies: number[] = [];
  await openLoop({ perSecond: openPerSecond, count: openPerSecond * openSeconds }, async (intendedAt, n) => {
    await execute(n);
    latencies.push(performance.now() - intendedAt);
  });
  const { p50, p99 } = percentiles(latencies);
  tell<PeerMessage>({ kind: 'done', perSecond, p50Ms: p50, p99Ms: p99 });
}
