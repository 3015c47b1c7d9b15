import type { DatabaseSync } from 'node:sqlite';
import type { ConvoyFilter } from '../../convoy-store.ts';
import { convoyColumnNames, convoyItemColumnNames } from '../../rows/convoy-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { usageSums } from '../../rows/usage-columns.ts';

/** A convoy by its id. */
export interface ConvoyPlace {
  readonly tenant: string;
  readonly id: string;
}

/** Convoys, and how many of their items are in which status. */
export interface ConvoyRows {
  readonly convoys: readonly Row[];
  readonly counts: readonly Row[];
}

export function convoyQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${convoyColumnNames} FROM convoys WHERE tenant = ? AND id = ?`);
  const counts = prepare(
    database,
    'SELECT convoy_id, status, count(*) FROM work_items WHERE convoy_id = ? AND item_key IS NOT NULL GROUP BY status',
  );
  // Asked of the convoy: its id is nobody else's, while records of others may name it.
  const items = prepare(
    database,
    `SELECT ${convoyItemColumnNames} FROM work_items
      LEFT JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
      WHERE convoy_id = ? AND +work_items.tenant = ? AND item_key IS NOT NULL ORDER BY work_items.no`,
  );
  const children = `FROM work_items JOIN executions ON executions.tenant = work_items.tenant AND executions.id = work_items.execution_id
      WHERE work_items.convoy_id = ? AND work_items.tenant = ? AND work_items.item_key IS NOT NULL`;
  const usage = prepare(database, `SELECT ${usageSums('executions')} ${children}`);
  const results = prepare(
    database,
    `SELECT item_key, json_extract(executions.output, '$.text') ${children} AND work_items.status = 'completed'`,
  );
  const open = prepare(
    database,
    `SELECT tenant, (SELECT status FROM executions WHERE executions.tenant = convoys.tenant AND executions.id = parent_id), ${convoyColumnNames}
      FROM convoys WHERE status = 'running' ORDER BY no`,
  );
  const counted = (rows: readonly Row[]): ConvoyRows => ({
    convoys: rows,
    counts: rows.flatMap((row) => counts.all(String(row[0]))),
  });
  return {
    convoy: ({ tenant, id }: ConvoyPlace): ConvoyRows => counted(byId.all(tenant, id)),
    convoys: ({ tenant, filter }: { readonly tenant: string; readonly filter: ConvoyFilter }): ConvoyRows =>
      counted(listConvoys(database, tenant, filter)),
    convoyItems: ({ tenant, id }: ConvoyPlace): Row[] => items.all(id, tenant),
    convoyUsage: ({ tenant, id }: ConvoyPlace): Row | undefined => usage.first(id, tenant),
    convoyResults: ({ tenant, id }: ConvoyPlace): Row[] => results.all(id, tenant),
    openConvoys: (_: object): Row[] => open.all(),
  };
}

/** Rows of `convoyColumnNames`, newest first. */
export function listConvoys(database: DatabaseSync, tenant: string, filter: ConvoyFilter): Row[] {
  const where = ['tenant = ?'];
  const values: (string | number)[] = [tenant];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  // Word for word the condition of the index of those that are not over for good.
  const isOpen = filter.status !== undefined && filter.status !== 'completed' && filter.status !== 'cancelled';
  if (isOpen) where.push("status NOT IN ('completed', 'cancelled')");
  add('status = ?', filter.status);
  add('squad_id = ?', filter.squadId);
  add('id < ?', filter.before);
  const sql = `SELECT ${convoyColumnNames} FROM convoys WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`;
  return prepare(database, sql).all(...values, filter.limit);
}
