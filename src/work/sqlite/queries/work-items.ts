import type { DatabaseSync } from 'node:sqlite';
import type { WorkItemStatus } from '../../work-item.ts';
import type { WorkItemFilter, WorkItemPlace } from '../../work-item-store.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { workItemRowSql } from '../usage-statements.ts';

/** As the index of open items says it: SQLite uses the index only where the condition stands word for word. */
const open = "status NOT IN ('completed', 'failed', 'cancelled')";
const openStatuses: ReadonlySet<WorkItemStatus> = new Set(['pending', 'ready', 'blocked', 'in_progress']);

export function workItemQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${workItemRowSql} FROM work_items WHERE tenant = ? AND id = ?`);
  const counts = prepare(
    database,
    'SELECT status, member_id, count(*) FROM work_items WHERE tenant = ? GROUP BY status, member_id',
  );
  return {
    workItem: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(tenant, id),
    workItems: ({ tenant, filter }: { readonly tenant: string; readonly filter: WorkItemFilter }): Row[] =>
      listItems(database, tenant, filter),
    workItemCounts: ({ tenant }: { readonly tenant: string }): Row[] => counts.all(tenant),
  };
}

/** By priority (high first), then age. Each shape of filter is a statement of its own, so that its index is used. */
function listItems(database: DatabaseSync, tenant: string, filter: WorkItemFilter): Row[] {
  // The plus keeps SQLite from walking all of the tenant in order when an execution's few are asked for.
  const where = [filter.executionId === undefined ? 'tenant = ?' : '+tenant = ?'];
  const values: (string | number)[] = [tenant];
  const add = (condition: string, ...given: readonly (string | number | undefined)[]): void => {
    const there = given.filter((value) => value !== undefined);
    if (there.length < given.length) return;
    where.push(condition);
    values.push(...there);
  };
  add('execution_id = ?', filter.executionId);
  if (filter.status !== undefined && openStatuses.has(filter.status)) where.push(open);
  add('status = ?', filter.status);
  add('member_id = ?', filter.memberId);
  add('convoy_id = ?', filter.convoyId);
  if (filter.after !== undefined) {
    const { priority } = filter.after;
    const no = numberOf(database, tenant, filter.after);
    add('priority <= ? AND (priority < ? OR no > ?)', priority, priority, no);
  }
  const sql = `SELECT ${workItemRowSql} FROM work_items WHERE ${where.join(' AND ')} ORDER BY priority DESC, no LIMIT ?`;
  return prepare(database, sql).all(...values, filter.limit);
}

/** The number of an item, by which age is told. Where it is gone, that of the youngest that was older stands for it. */
function numberOf(database: DatabaseSync, tenant: string, { id, priority, createdAt }: WorkItemPlace): number {
  const row = prepare(database, 'SELECT no FROM work_items WHERE tenant = ? AND id = ?').first(tenant, id);
  if (row !== undefined) return Number(row[0]);
  const older = 'SELECT coalesce(max(no), 0) FROM work_items WHERE tenant = ? AND priority = ? AND created_at < ?';
  return Number(prepare(database, older).first(tenant, priority, createdAt)?.[0] ?? 0);
}
