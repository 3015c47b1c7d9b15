import type { DatabaseSync } from 'node:sqlite';
import type { ExecutionFilter } from '../../execution-store.ts';
import { executionColumnNames } from '../execution-row.ts';
import { recordColumns } from '../journal-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

export function executionQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${executionColumnNames} FROM executions WHERE id = ? AND tenant = ?`);
  const records = prepare(
    database,
    `SELECT ${recordColumns} FROM journal WHERE execution = (SELECT no FROM executions WHERE id = ? AND tenant = ?) AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const open = prepare(
    database,
    `SELECT tenant, id, status, priority, wake_at FROM executions
      WHERE id > ? AND (status IN ('queued', 'running') OR (status = 'waiting' AND wake_at IS NOT NULL)) ORDER BY id LIMIT ?`,
  );
  const counts = prepare(database, 'SELECT status, count(*) FROM executions GROUP BY status');
  return {
    execution: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined => byId.first(id, tenant),
    executions: ({ tenant, filter }: { readonly tenant: string; readonly filter: ExecutionFilter }): Row[] => listExecutions(database, tenant, filter),
    records: (of: { readonly tenant: string; readonly id: string; readonly after: number; readonly limit: number }): Row[] =>
      records.all(of.id, of.tenant, of.after, of.limit),
    openExecutions: ({ after, limit }: { readonly after: string; readonly limit: number }): Row[] => open.all(after, limit),
    executionCounts: (_: null): Row[] => counts.all(),
  };
}

/** Newest first. Each shape of filter is a statement of its own, so that its index is used. */
function listExecutions(database: DatabaseSync, tenant: string, filter: ExecutionFilter): Row[] {
  const where = ['tenant = ?'];
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
  return prepare(database, `SELECT ${executionColumnNames} FROM executions WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`).all(...values, filter.limit);
}
