import { executionUsageOf, usageGroupsOf } from '../rows/report-rows.ts';
import { usageColumnNames, usageSums } from '../rows/usage-columns.ts';
import type {
  ExecutionUsage,
  ExecutionUsageFilter,
  UsageFilter,
  UsageGroup,
  UsageGrouping,
  UsageReports,
} from '../usage-report.ts';
import type { Database } from './database.ts';
import { Conditions } from './queries/conditions.ts';
import { jsonText } from './queries/json-text.ts';

const keys: Readonly<Record<UsageGrouping, string>> = {
  squad: 'executions.squad_id',
  member: 'work_items.member_id',
  workflow: 'executions.workflow',
  day: "to_char(to_timestamp(executions.created_at / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
  model: 'work_items.model',
};

/** Characters of a request that are read to tell executions apart. */
const requestLength = 1_000;

/** Usage reports on PostgreSQL. */
export class PostgresUsageReports implements UsageReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async usage(tenant: string, { groupBy, ...filter }: UsageFilter): Promise<readonly UsageGroup[]> {
    const byItem = groupBy === 'member' || groupBy === 'model';
    const key = groupBy === null ? 'NULL' : keys[groupBy];
    const items = `JOIN work_items ON work_items.execution_id = executions.id AND work_items.tenant = executions.tenant
      AND work_items.model_calls > 0`;
    const where = conditions(tenant, filter);
    const sql = `SELECT ${key}, max(executions.squad_id), max(executions.squad_version), count(DISTINCT executions.no),
        ${usageSums(byItem ? 'work_items' : 'executions')}
      FROM executions ${byItem ? items : ''} WHERE ${String(where)} ${groupBy === null ? '' : `GROUP BY ${key}`}`;
    return usageGroupsOf(await this.#database.all(sql, ...where.values));
  }

  async executions(tenant: string, filter: ExecutionUsageFilter): Promise<readonly ExecutionUsage[]> {
    const where = conditions(tenant, filter);
    const { after } = filter;
    if (after !== undefined)
      where.always(`(cost_micro_usd, id) < (${where.bind(after.costMicroUsd)}, ${where.bind(after.id)})`);
    const limit = where.bind(filter.limit);
    const request = `CASE WHEN is_request = 1 THEN left(${jsonText('input', 'message')}, ${requestLength}) END`;
    const sql = `SELECT id, workflow, ${request}, ${usageColumnNames} FROM executions WHERE ${String(where)}
      ORDER BY cost_micro_usd DESC, id DESC LIMIT ${limit}`;
    return (await this.#database.all(sql, ...where.values)).map(executionUsageOf);
  }
}

/** `model_calls > 0` as the index of executions with usage says it. */
function conditions(tenant: string, { squadId, from, to }: Omit<UsageFilter, 'groupBy'>): Conditions {
  return new Conditions()
    .add('executions.tenant = ?', tenant)
    .always('executions.model_calls > 0')
    .add('executions.created_at >= ?', from)
    .add('executions.created_at < ?', to)
    .add('executions.squad_id = ?', squadId);
}
