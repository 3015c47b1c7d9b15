import { periodName } from '../../budget.ts';
import type { BudgetKey } from '../../budget.ts';
import type { BudgetFilter } from '../../budget-store.ts';
import { budgetColumnNames, budgetsOf } from '../../rows/budget-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements, Value } from '../database.ts';

/** Rows of `budgetColumnNames`, with what counts in the periods that a time lies in. */
export function findBudget(
  statements: Statements,
  tenant: string,
  { scope, id, period }: BudgetKey,
  at: number,
): Promise<Row | undefined> {
  return statements.first(
    `SELECT ${budgetColumnNames} FROM ${budgetsOf('$5', '$6')} WHERE tenant = $1 AND scope = $2 AND scope_id = $3 AND period = $4`,
    tenant,
    scope,
    id,
    period,
    periodName('day', at),
    periodName('month', at),
  );
}

export function listBudgets(
  statements: Statements,
  tenant: string,
  { scope, id, after, limit }: BudgetFilter,
  at: number,
): Promise<readonly Row[]> {
  const values: Value[] = [periodName('day', at), periodName('month', at), tenant];
  const place = (value: Value): string => `$${values.push(value)}`;
  const where = ['tenant = $3'];
  if (scope !== undefined) where.push(`scope = ${place(scope)}`);
  if (id !== undefined) where.push(`scope_id = ${place(id)}`);
  if (after !== undefined) {
    const places = [after.scope, after.id, after.period].map(place).join(', ');
    where.push(`(scope COLLATE "C", scope_id, period COLLATE "C") > (${places})`);
  }
  return statements.all(
    `SELECT ${budgetColumnNames} FROM ${budgetsOf('$1', '$2')} WHERE ${where.join(' AND ')}
      ORDER BY scope COLLATE "C", scope_id, period COLLATE "C" LIMIT ${place(limit)}`,
    ...values,
  );
}
