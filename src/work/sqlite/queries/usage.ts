import type { DatabaseSync } from 'node:sqlite';
import type { ExecutionUsageFilter, UsageFilter, UsageGrouping } from '../../usage-report.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { usageColumnNames, usageSums } from '../../rows/usage-columns.ts';

const keys: Readonly<Record<UsageGrouping, string>> = {
  squad: 'executions.squad_id',
  member: 'work_items.member_id',
  workflow: 'executions.workflow',
  day: "date(executions.created_at / 1000, 'unixepoch')",
  model: 'work_items.model',
};

/** Characters of a request that are read to tell executions apart. */
const requestLength = 1_000;

export function usageQueries(database: DatabaseSync) {
  return {
    /** Rows of key, squad, version of the squad, number of executions, and the columns of a usage. */
    usage: ({ tenant, filter }: { readonly tenant: string; readonly filter: UsageFilter }): Row[] =>
      sumUsage(database, tenant, filter),
    /** Rows of id, workflow, request, and the columns of a usage. */
    usageOfExecutions: (of: { readonly tenant: string; readonly filter: ExecutionUsageFilter }): Row[] =>
      listUsage(database, of.tenant, of.filter),
  };
}

/** `model_calls > 0` as the index of executions with usage says it: SQLite uses it only where that stands word for word. */
function sumUsage(database: DatabaseSync, tenant: string, filter: UsageFilter): Row[] {
  const { squadId, from = 0, to = Number.MAX_SAFE_INTEGER, groupBy } = filter;
  const byItem = groupBy === 'member' || groupBy === 'model';
  const key = groupBy === null ? 'NULL' : keys[groupBy];
  const items = 'JOIN work_items ON work_items.execution_id = executions.id AND +work_items.tenant = executions.tenant';
  const sql = `SELECT ${key}, max(executions.squad_id), max(executions.squad_version), count(DISTINCT executions.no),
      ${usageSums(byItem ? 'work_items' : 'executions')}
    FROM executions ${byItem ? `${items} AND work_items.model_calls > 0` : ''}
    WHERE executions.tenant = ? AND executions.model_calls > 0 AND executions.created_at >= ? AND executions.created_at < ?
      ${squadId === undefined ? '' : 'AND +executions.squad_id = ?'} ${groupBy === null ? '' : `GROUP BY ${key}`}`;
  return prepare(database, sql).all(tenant, from, to, ...(squadId === undefined ? [] : [squadId]));
}

/** All of the time are looked at, for any may be the dearest; only those of the page are kept meanwhile. */
function listUsage(database: DatabaseSync, tenant: string, filter: ExecutionUsageFilter): Row[] {
  const { squadId, from = 0, to = Number.MAX_SAFE_INTEGER, after, limit } = filter;
  const sql = `SELECT id, workflow, CASE WHEN is_request THEN substr(json_extract(input, '$.message'), 1, ${requestLength}) END, ${usageColumnNames}
    FROM executions WHERE tenant = ? AND model_calls > 0 AND created_at >= ? AND created_at < ?
      ${squadId === undefined ? '' : 'AND +squad_id = ?'} ${after === undefined ? '' : 'AND (cost_micro_usd, id) < (?, ?)'}
    ORDER BY cost_micro_usd DESC, id DESC LIMIT ?`;
  const squad = squadId === undefined ? [] : [squadId];
  const place = after === undefined ? [] : [after.costMicroUsd, after.id];
  return prepare(database, sql).all(tenant, from, to, ...squad, ...place, limit);
}
