import type { ConvoyFilter } from '../../convoy-store.ts';
import { convoyFigures } from '../../metrics/convoy-course.ts';
import type { ConvoyFigures, CourseItem } from '../../metrics/convoy-course.ts';
import { openStatuses } from '../../metrics/metric-store.ts';
import type { MinuteRange, MinuteReport, OpenCounts } from '../../metrics/metric-store.ts';
import { minuteMs } from '../../metrics/minute.ts';
import { MinuteReading } from '../../metrics/minute-report.ts';
import type { ResourceMinute } from '../../metrics/resource-minute.ts';
import { text, whole, wholeOrNull } from '../../rows/columns.ts';
import { convoyOf } from '../../rows/convoy-row.ts';
import { minuteColumnNames, resourceMinuteOf, tenantMinuteOf } from '../../rows/metric-row.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import type { Statements } from '../database.ts';
import { listConvoys } from './convoy-list.ts';

/** Minutes that are read at once: putting their histograms together holds the event loop for some 5 ms. */
const pageSize = 500;
/** Counting is never much later than the next time it is due; what is older than this waits for more than that. */
const lateMs = 60_000;

export async function readMinutes(
  statements: Statements,
  tenant: string,
  range: MinuteRange,
  now: number,
): Promise<MinuteReport> {
  const found = new MinuteReading(range);
  for (let from = range.from; ;) {
    const rows = await statements.all(
      `SELECT ${minuteColumnNames} FROM metric_minutes WHERE tenant = $1 AND minute >= $2 AND minute < $3 ORDER BY minute LIMIT $4`,
      tenant,
      from,
      range.to,
      pageSize,
    );
    for (const row of rows) found.add(tenantMinuteOf(row));
    if (rows.length < pageSize) break;
    from = whole(rows.at(-1)?.[1]) + 1;
  }
  const convoys = await statements.all(
    `SELECT 'created', count(*) FROM convoys WHERE tenant = $1 AND created_at >= $2 AND created_at < $3
      UNION ALL SELECT status, count(*) FROM convoys
        WHERE tenant = $1 AND ended_at IS NOT NULL AND ended_at >= $2 AND ended_at < $3 GROUP BY status`,
    tenant,
    range.from * minuteMs,
    range.to * minuteMs,
  );
  const counts = convoys.map(([end, count]) => [text(end), whole(count)] as const);
  return found.report(counts, (await oldestUncounted(statements)) > now - lateMs);
}

/** When the record was stored that is to be counted next; infinite where there is none. */
async function oldestUncounted(statements: Statements): Promise<number> {
  const row = await statements.first(
    `SELECT journal.at FROM journal
      WHERE (journal.xid, journal.no) > ((SELECT xid FROM metric_counted), (SELECT no FROM metric_counted))
      ORDER BY journal.xid, journal.no LIMIT 1`,
  );
  return wholeOrNull(row?.[0]) ?? Infinity;
}

export async function countOpen(statements: Statements, tenant: string): Promise<OpenCounts> {
  // The condition as the index says it: word for word.
  const rows = await statements.all(
    `SELECT status, count(*) FROM executions WHERE status NOT IN ('completed', 'cancelled') AND tenant = $1 GROUP BY status`,
    tenant,
  );
  const counts = new Map(rows.map(([status, count]) => [text(status), whole(count)]));
  const entries = openStatuses.map((status) => [status, counts.get(status) ?? 0] as const);
  return Object.fromEntries(entries) as OpenCounts;
}

/** How busy the machines were: the average over all samples of all processes, the highest of any. */
export async function readResources(
  statements: Statements,
  { from, to }: Pick<MinuteRange, 'from' | 'to'>,
): Promise<readonly ResourceMinute[]> {
  const rows = await statements.all(
    `SELECT minute, sum(samples), sum(cpu), max(highest_cpu), sum(memory), max(highest_memory), sum(loop_delay_ms), max(highest_loop_delay_ms)
      FROM metric_resources WHERE minute >= $1 AND minute < $2 GROUP BY minute ORDER BY minute`,
    from,
    to,
  );
  return rows.map(resourceMinuteOf);
}

export async function readCourses(
  statements: Statements,
  tenant: string,
  filter: ConvoyFilter,
  now: number,
): Promise<readonly ConvoyFigures[]> {
  const convoys = (await listConvoys(statements, tenant, filter)).map(convoyOf);
  const rows = await statements.all(
    `SELECT item.convoy_id, item.id, item.status, item.dependencies, executions.created_at, executions.ended_at, executions.cost_micro_usd
      FROM work_items AS item LEFT JOIN executions ON executions.tenant = item.tenant AND executions.id = item.execution_id
      WHERE item.convoy_id = ANY($1::text[]) AND item.tenant = $2 AND item.item_key IS NOT NULL`,
    convoys.map(({ id }) => id),
    tenant,
  );
  const items = Map.groupBy(rows, ([convoy]) => text(convoy));
  return convoys.map(({ id, squadId, status, createdAt, endedAt }) =>
    convoyFigures({ id, squadId, status, createdAt, endedAt }, (items.get(id) ?? []).map(courseItemOf), now),
  );
}

function courseItemOf([, id, status, needs, startedAt, endedAt, cost]: readonly unknown[]): CourseItem {
  return {
    id: text(id),
    // Only this adapter writes the column.
    status: status as WorkItemStatus,
    dependencies: JSON.parse(text(needs)) as readonly string[],
    startedAt: wholeOrNull(startedAt),
    endedAt: wholeOrNull(endedAt),
    costMicroUsd: whole(cost),
  };
}
