import { LogHistogram } from '../../telemetry/log-histogram.ts';
import type { Percentiles } from '../../telemetry/log-histogram.ts';
import type { ConvoyStatus } from '../convoy.ts';
import type { WorkItemStatus } from '../work-item.ts';

/** An item of a convoy as its course shows it. Times are epoch milliseconds. */
export interface CourseItem {
  readonly id: string;
  readonly status: WorkItemStatus;
  /** Ids of the items that had to be completed before. */
  readonly dependencies: readonly string[];
  /** When its execution was made, and when that ended; null before. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly costMicroUsd: number;
}

/** A convoy whose course is to be told. */
export interface CourseOf {
  readonly id: string;
  readonly squadId: string;
  readonly status: ConvoyStatus;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** How a convoy went, or goes. Times in milliseconds. */
export interface ConvoyFigures extends CourseOf {
  readonly items: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Until its end; until now while it runs. */
  readonly durationMs: number;
  /** Items under way side by side: on average over its duration, and at most. */
  readonly parallelism: { readonly average: number; readonly highest: number };
  /** From when an item could start until it was; null where none was started. */
  readonly waitMs: Percentiles | null;
  /** How long items took that ended. */
  readonly durationOfItemsMs: Percentiles | null;
  readonly costMicroUsd: number;
}

/** What the items of a convoy come to at a time. */
export function convoyFigures(convoy: CourseOf, items: readonly CourseItem[], now: number): ConvoyFigures {
  const end = Math.max(convoy.createdAt, convoy.endedAt ?? now);
  const endOf = new Map(items.map(({ id, endedAt }) => [id, endedAt]));
  const waits = new LogHistogram();
  const durations = new LogHistogram();
  const steps: [at: number, by: 1 | -1][] = [];
  let busyMs = 0;
  for (const { startedAt, endedAt, dependencies } of items) {
    if (startedAt === null) continue;
    const readyAt = dependencies.reduce((latest, id) => Math.max(latest, endOf.get(id) ?? 0), convoy.createdAt);
    waits.add(startedAt - readyAt);
    if (endedAt !== null) durations.add(endedAt - startedAt);
    const until = Math.max(startedAt, endedAt ?? end);
    busyMs += until - startedAt;
    steps.push([startedAt, 1], [until, -1]);
  }
  const count = (status: WorkItemStatus): number => items.filter((item) => item.status === status).length;
  const durationMs = end - convoy.createdAt;
  return {
    ...convoy,
    items: items.length,
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    durationMs,
    parallelism: { average: durationMs === 0 ? 0 : busyMs / durationMs, highest: highestOf(steps) },
    waitMs: waits.percentiles(),
    durationOfItemsMs: durations.percentiles(),
    costMicroUsd: items.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0),
  };
}

/** One that ends when another starts made room for it; one that took no time at all ran all the same. */
function highestOf(steps: [at: number, by: 1 | -1][]): number {
  let [running, highest] = [0, 0];
  for (const [, by] of steps.sort(([a, x], [b, y]) => a - b || x - y)) {
    running += by;
    highest = Math.max(highest, running);
  }
  return steps.length > 0 ? Math.max(1, highest) : 0;
}
