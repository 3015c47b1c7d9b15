import type { DatabaseSync } from 'node:sqlite';
import type { ConvoyFilter } from '../../convoy-store.ts';
import { convoyFigures } from '../../metrics/convoy-course.ts';
import type { ConvoyFigures } from '../../metrics/convoy-course.ts';
import type { MinuteRange, MinuteReport } from '../../metrics/metric-store.ts';
import { openStatuses } from '../../metrics/metric-store.ts';
import { MinuteFigures, minuteMs, summaryOf } from '../../metrics/minute.ts';
import type { MinuteCounts } from '../../metrics/minute.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import { text, whole, wholeOrNull } from '../columns.ts';
import { convoyOf } from '../convoy-row.ts';
import { minuteColumnNames, resourceColumnNames, tenantMinuteOf } from '../metric-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { listConvoys } from './convoys.ts';
import { countSlice } from './metric-slice.ts';

export interface TenantRange {
  readonly tenant: string;
  readonly range: MinuteRange;
}

export function metricQueries(database: DatabaseSync) {
  const resources = prepare(
    database,
    `SELECT ${resourceColumnNames} FROM metric_resources WHERE minute >= ? AND minute < ? ORDER BY minute`,
  );
  const gap = prepare(database, 'SELECT after, through FROM metric_gaps WHERE through > 0 ORDER BY through LIMIT 1');
  // As the index says it: word for word.
  const open = prepare(
    database,
    `SELECT count(*) FROM executions WHERE status NOT IN ('completed', 'cancelled') AND status = ? AND tenant = ?`,
  );
  return {
    metricMinutes: reading(database, () => gap.first() === undefined),
    metricResources: ({ from, to }: Pick<MinuteRange, 'from' | 'to'>): Row[] => resources.all(from, to),
    /** Row of `after` and `through` of a gap. */
    metricGap: (_: null): Row | undefined => gap.first(),
    metricSlice: countSlice(database),
    openCounts: ({ tenant }: { readonly tenant: string }): number[] =>
      openStatuses.map((status) => whole(open.first(status, tenant)?.[0])),
    convoyCourses: coursing(database),
  };
}

function reading(database: DatabaseSync, isComplete: () => boolean): (asked: TenantRange) => MinuteReport {
  const minutes = prepare(
    database,
    `SELECT ${minuteColumnNames} FROM metric_minutes WHERE tenant = ? AND minute >= ? AND minute < ? ORDER BY minute`,
  );
  const addConvoys = countingConvoys(database);
  return ({ tenant, range: { from, to, bucketMinutes } }) => {
    const buckets = new Map<number, MinuteFigures>();
    const total = new MinuteFigures();
    for (const row of minutes.all(tenant, from, to)) {
      const { minute, figures } = tenantMinuteOf(row);
      const first = minute - ((minute - from) % bucketMinutes);
      let bucket = buckets.get(first);
      if (bucket === undefined) buckets.set(first, (bucket = new MinuteFigures()));
      bucket.merge(figures);
    }
    for (const bucket of buckets.values()) total.merge(bucket);
    addConvoys(tenant, from * minuteMs, to * minuteMs, total.counts);
    return {
      total: summaryOf(total),
      buckets: [...buckets].map(([minute, figures]) => [minute, summaryOf(figures)]),
      isComplete: isComplete(),
    };
  };
}

const endCounts: Readonly<Record<string, keyof MinuteCounts>> = {
  completed: 'convoysCompleted',
  partial: 'convoysPartial',
  failed: 'convoysFailed',
  cancelled: 'convoysCancelled',
};

/** Convoys are counted where they stand; those that were deleted, when they were. */
function countingConvoys(
  database: DatabaseSync,
): (tenant: string, from: number, to: number, counts: MinuteCounts) => void {
  const created = prepare(
    database,
    'SELECT count(*) FROM convoys WHERE tenant = ? AND created_at >= ? AND created_at < ?',
  );
  const ended = prepare(
    database,
    `SELECT status, count(*) FROM convoys WHERE tenant = ? AND ended_at IS NOT NULL AND ended_at >= ? AND ended_at < ? GROUP BY status`,
  );
  return (tenant, from, to, counts) => {
    counts.convoysCreated += whole(created.first(tenant, from, to)?.[0]);
    for (const [status, count] of ended.all(tenant, from, to)) {
      const name = endCounts[text(status)];
      if (name !== undefined) counts[name] += whole(count);
    }
  };
}

function coursing(
  database: DatabaseSync,
): (asked: { readonly tenant: string; readonly filter: ConvoyFilter; readonly now: number }) => ConvoyFigures[] {
  const items = prepare(
    database,
    `SELECT item.id, item.status, item.dependencies, executions.created_at, executions.ended_at, executions.cost_micro_usd
      FROM work_items AS item LEFT JOIN executions ON executions.tenant = item.tenant AND executions.id = item.execution_id
      WHERE item.convoy_id = ? AND +item.tenant = ? AND item.item_key IS NOT NULL`,
  );
  return ({ tenant, filter, now }) =>
    listConvoys(database, tenant, filter).map((row) => {
      const { id, squadId, status, createdAt, endedAt } = convoyOf(row);
      const course = items.all(id, tenant).map(([item, itemStatus, needs, startedAt, itemEndedAt, cost]) => ({
        id: text(item),
        // Only this adapter writes the column.
        status: itemStatus as WorkItemStatus,
        dependencies: JSON.parse(text(needs)) as readonly string[],
        startedAt: wholeOrNull(startedAt),
        endedAt: wholeOrNull(itemEndedAt),
        costMicroUsd: whole(cost),
      }));
      return convoyFigures({ id, squadId, status, createdAt, endedAt }, course, now);
    });
}
