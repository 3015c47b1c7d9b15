import type { WorkItemStatus } from '../../work-item.ts';
import type { WorkItemFilter, WorkItemPlace } from '../../work-item-store.ts';
import type { Row } from '../../rows/row.ts';
import { usageColumnNames } from '../../rows/usage-columns.ts';
import { workItemColumnNames } from '../../rows/work-item-row.ts';
import type { Statements } from '../database.ts';
import { Conditions } from './conditions.ts';

/** The columns of a work item as `workItemOf` reads them: its usage in one, and none of the many rows without any. */
export const workItemRowSql = `${workItemColumnNames}, CASE WHEN model_calls > 0 THEN json_build_array(${usageColumnNames})::text END`;

/** As the index of open items says it. */
const open = "status NOT IN ('completed', 'failed', 'cancelled')";
const openStatuses: ReadonlySet<WorkItemStatus> = new Set(['pending', 'ready', 'blocked', 'in_progress']);

export function findItem(statements: Statements, tenant: string, id: string): Promise<Row | undefined> {
  return statements.first(`SELECT ${workItemRowSql} FROM work_items WHERE tenant = $1 AND id = $2`, tenant, id);
}

/** By priority (high first), then age. */
export async function listItems(
  statements: Statements,
  tenant: string,
  filter: WorkItemFilter,
): Promise<readonly Row[]> {
  const { status, after } = filter;
  const where = new Conditions().add('tenant = ?', tenant).add('execution_id = ?', filter.executionId);
  if (status !== undefined && openStatuses.has(status)) where.always(open);
  where.add('status = ?', status).add('member_id = ?', filter.memberId).add('convoy_id = ?', filter.convoyId);
  if (after !== undefined) {
    const no = where.bind(await numberOf(statements, tenant, after));
    where.add(`priority <= ? AND (priority < ? OR no > ${no})`, after.priority);
  }
  const limit = where.bind(filter.limit);
  const sql = `SELECT ${workItemRowSql} FROM work_items WHERE ${String(where)} ORDER BY priority DESC, no LIMIT ${limit}`;
  return statements.all(sql, ...where.values);
}

export function countItems(statements: Statements, tenant: string): Promise<readonly Row[]> {
  const sql = 'SELECT status, member_id, count(*) FROM work_items WHERE tenant = $1 GROUP BY status, member_id';
  return statements.all(sql, tenant);
}

/** The number of an item, by which age is told. Where it is gone, that of the youngest that was older stands for it. */
async function numberOf(
  statements: Statements,
  tenant: string,
  { id, priority, createdAt }: WorkItemPlace,
): Promise<number> {
  const row = await statements.first('SELECT no FROM work_items WHERE tenant = $1 AND id = $2', tenant, id);
  if (row !== undefined) return Number(row[0]);
  const older = 'SELECT coalesce(max(no), 0) FROM work_items WHERE tenant = $1 AND priority = $2 AND created_at < $3';
  return Number((await statements.first(older, tenant, priority, createdAt))?.[0] ?? 0);
}
