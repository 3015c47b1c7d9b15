import type { DatabaseSync } from 'node:sqlite';
import type { ExecutionStatus } from '../../execution.ts';
import type { ExecutionFilter } from '../../execution-store.ts';
import { executionColumnNames } from '../execution-row.ts';
import { recordColumns } from '../journal-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** As the index of unfinished executions says it: SQLite uses the index only where the condition stands word for word. */
const unfinished = "status NOT IN ('completed', 'cancelled')";
const openStatuses = ['queued', 'running', 'waiting'] as const;

export function executionQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${executionColumnNames} FROM executions WHERE id = ? AND tenant = ?`);
  const records = prepare(
    database,
    `SELECT ${recordColumns} FROM journal WHERE execution = (SELECT no FROM executions WHERE id = ? AND tenant = ?) AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const open = prepare(
    database,
    `SELECT tenant, id, status, priority, wake_at, workflow FROM executions
      WHERE ${unfinished} AND status = ? AND id > ? AND (status <> 'waiting' OR wake_at IS NOT NULL) ORDER BY id LIMIT ?`,
  );
  // Two halves, each on an index that holds all it needs: rows with their input and output are not read.
  const counts = prepare(
    database,
    `SELECT status, count(*) FROM executions WHERE ${unfinished} GROUP BY status UNION ALL
      SELECT status, count(*) FROM executions WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') GROUP BY status`,
  );
  return {
    execution: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(id, tenant),
    executions: ({ tenant, filter }: { readonly tenant: string; readonly filter: ExecutionFilter }): Row[] =>
      listExecutions(database, tenant, filter),
    records: (of: {
      readonly tenant: string;
      readonly id: string;
      readonly after: number;
      readonly limit: number;
    }): Row[] => records.all(of.id, of.tenant, of.after, of.limit),
    openExecutions: ({ after, limit }: { readonly after: string; readonly limit: number }): readonly Row[] =>
      mergeById(openStatuses.map((status) => open.all(status, after, limit))).slice(0, limit),
    executionCounts: (_: null): Row[] => counts.all(),
  };
}

function isFinal(status: ExecutionStatus): boolean {
  return status === 'completed' || status === 'cancelled';
}

/** Rows of lists that are ordered by id, as one such list. */
function mergeById(lists: readonly (readonly Row[])[]): readonly Row[] {
  return lists.flat().sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
}

/** Newest first. Each shape of filter is a statement of its own, so that its index is used. */
function listExecutions(database: DatabaseSync, tenant: string, filter: ExecutionFilter): Row[] {
  const where = ['tenant = ?'];
  if (filter.status !== undefined && !isFinal(filter.status)) where.push(unfinished);
  const values: (string | number)[] = [tenant];
  const add = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  add('status = ?', filter.status);
  add('squad_id = ?', filter.squadId);
  add('workflow = ?', filter.workflow);
  add('created_at > ?', filter.createdAfter);
  add('id < ?', filter.before);
  return prepare(
    database,
    `SELECT ${executionColumnNames} FROM executions WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`,
  ).all(...values, filter.limit);
}
