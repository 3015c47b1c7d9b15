import type { DatabaseSync } from 'node:sqlite';
import type { ApprovalFilter } from '../../approval-store.ts';
import { approvalColumnNames } from '../../rows/approval-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

export function approvalQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${approvalColumnNames} FROM approvals WHERE id = ? AND tenant = ?`);
  return {
    approval: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(id, tenant),
    approvals: ({ tenant, filter }: { readonly tenant: string; readonly filter: ApprovalFilter }): Row[] =>
      listApprovals(database, tenant, filter),
  };
}

/** Newest first. Each shape of filter is a statement of its own, so that its index is used. */
function listApprovals(database: DatabaseSync, tenant: string, filter: ApprovalFilter): Row[] {
  const where = ['tenant = ?'];
  const values: (string | number)[] = [tenant];
  // Written out, not bound: only then is the index of pending ones used.
  if (filter.status === 'pending') where.push("status = 'pending'");
  else if (filter.status !== undefined) {
    where.push('status = ?');
    values.push(filter.status);
  }
  if (filter.executionId !== undefined) {
    where.push('execution = (SELECT no FROM executions WHERE id = ? AND tenant = ?)');
    values.push(filter.executionId, tenant);
  }
  if (filter.before !== undefined) {
    where.push('id < ?');
    values.push(filter.before);
  }
  const sql = `SELECT ${approvalColumnNames} FROM approvals WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`;
  return prepare(database, sql).all(...values, filter.limit);
}
