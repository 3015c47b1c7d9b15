import type { ConvoyFilter } from '../../convoy-store.ts';
import { convoyColumnNames } from '../../rows/convoy-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements, Value } from '../database.ts';

/** Rows of `convoyColumnNames`, newest first. */
export function listConvoys(statements: Statements, tenant: string, filter: ConvoyFilter): Promise<readonly Row[]> {
  const where = ['tenant = $1'];
  const values: Value[] = [tenant];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(`${condition} $${values.length}`);
  };
  // Word for word the condition of the index of those that are not over for good.
  const isOpen = filter.status !== undefined && filter.status !== 'completed' && filter.status !== 'cancelled';
  if (isOpen) where.push("status NOT IN ('completed', 'cancelled')");
  add('status =', filter.status);
  add('squad_id =', filter.squadId);
  add('id <', filter.before);
  values.push(filter.limit);
  const sql = `SELECT ${convoyColumnNames} FROM convoys WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT $${values.length}`;
  return statements.all(sql, ...values);
}
