import { convoyColumnNames, convoyItemColumnNames } from '../../rows/convoy-row.ts';
import type { Row } from '../../rows/row.ts';
import { usageSums } from '../../rows/usage-columns.ts';
import type { Statements } from '../database.ts';

/** Asked of the convoy: its id is nobody else's, while records of others may name it. */
const itemsOf = 'work_items.convoy_id = $1 AND work_items.tenant = $2 AND work_items.item_key IS NOT NULL';
const children = `FROM work_items JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
  WHERE ${itemsOf}`;

/** Rows of `convoyColumnNames`. */
export function findConvoy(statements: Statements, tenant: string, id: string): Promise<readonly Row[]> {
  return statements.all(`SELECT ${convoyColumnNames} FROM convoys WHERE tenant = $1 AND id = $2`, tenant, id);
}

/** How many items of which convoy are in which status. */
export async function countItems(
  statements: Statements,
  tenant: string,
  convoys: readonly string[],
): Promise<readonly Row[]> {
  if (convoys.length === 0) return [];
  return statements.all(
    `SELECT convoy_id, status, count(*) FROM work_items
      WHERE convoy_id = ANY($1::text[]) AND tenant = $2 AND item_key IS NOT NULL GROUP BY convoy_id, status`,
    convoys,
    tenant,
  );
}

/** Rows of `convoyItemColumnNames`, in the order in which the items were given. */
export function convoyItems(statements: Statements, tenant: string, id: string): Promise<readonly Row[]> {
  return statements.all(
    `SELECT ${convoyItemColumnNames} FROM work_items
      LEFT JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
      WHERE ${itemsOf} ORDER BY work_items.no`,
    id,
    tenant,
  );
}

export function convoyUsage(statements: Statements, tenant: string, id: string): Promise<Row | undefined> {
  return statements.first(`SELECT ${usageSums('executions')} ${children}`, id, tenant);
}

/** Key and output, which is JSON, of each completed item. */
export function convoyOutputs(statements: Statements, tenant: string, id: string): Promise<readonly Row[]> {
  const sql = `SELECT item_key, executions.output ${children} AND work_items.status = 'completed'`;
  return statements.all(sql, id, tenant);
}

const openColumns = `tenant, (SELECT status FROM executions WHERE executions.tenant = convoys.tenant AND executions.id = parent_id),
  ${convoyColumnNames}`;

/** Before the columns of each running convoy: its tenant, and the status of the execution that made it. */
export function openConvoys(statements: Statements): Promise<readonly Row[]> {
  return statements.all(`SELECT ${openColumns} FROM convoys WHERE status = 'running' ORDER BY no`);
}

/** Rows of `openConvoys`, and before each of them: its number, how many items run, and how many are ready. */
export function dueConvoys(
  statements: Statements,
  now: number,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly Row[]> {
  return statements.all(
    `SELECT no, in_progress, ready, ${openColumns}
      FROM convoys CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE work_items.status = 'in_progress') AS in_progress,
            count(*) FILTER (WHERE work_items.status = 'ready') AS ready
          FROM work_items WHERE work_items.convoy_id = convoys.id AND work_items.tenant = convoys.tenant AND item_key IS NOT NULL
            AND work_items.status IN ('in_progress', 'ready')
      ) AS items
      WHERE convoys.status = 'running' AND no > $1 AND (
        deadline_at <= $2 OR ready > 0 AND (parallelism IS NULL OR in_progress < parallelism)
        OR EXISTS (SELECT 1 FROM executions WHERE executions.tenant = convoys.tenant AND executions.id = parent_id
          AND executions.status = 'cancelled'))
      ORDER BY no LIMIT $3`,
    after,
    now,
    limit,
  );
}
