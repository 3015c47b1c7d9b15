import type { DatabaseSync } from 'node:sqlite';
import type { ConvoyFilter } from '../../convoy-store.ts';
import { convoyFigures } from '../../metrics/convoy-course.ts';
import type { ConvoyFigures } from '../../metrics/convoy-course.ts';
import type { MinuteRange, MinuteReport } from '../../metrics/metric-store.ts';
import { openStatuses } from '../../metrics/metric-store.ts';
import { minuteMs } from '../../metrics/minute.ts';
import { MinuteReading } from '../../metrics/minute-report.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import { text, whole, wholeOrNull } from '../../rows/columns.ts';
import { convoyOf } from '../../rows/convoy-row.ts';
import { minuteColumnNames, resourceColumnNames, tenantMinuteOf } from '../../rows/metric-row.ts';
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
  const created = prepare(
    database,
    'SELECT count(*) FROM convoys WHERE tenant = ? AND created_at >= ? AND created_at < ?',
  );
  const ended = prepare(
    database,
    `SELECT status, count(*) FROM convoys WHERE tenant = ? AND ended_at IS NOT NULL AND ended_at >= ? AND ended_at < ? GROUP BY status`,
  );
  return ({ tenant, range }) => {
    const found = new MinuteReading(range);
    for (const row of minutes.all(tenant, range.from, range.to)) found.add(tenantMinuteOf(row));
    const time = [range.from * minuteMs, range.to * minuteMs] as const;
    const convoys = ended.all(tenant, ...time).map(([status, count]) => [text(status), whole(count)] as const);
    return found.report([['created', whole(created.first(tenant, ...time)?.[0])], ...convoys], isComplete());
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
