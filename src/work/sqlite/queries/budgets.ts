import type { DatabaseSync } from 'node:sqlite';
import { periodName } from '../../budget.ts';
import type { BudgetKey } from '../../budget.ts';
import type { BudgetFilter } from '../../budget-store.ts';
import { budgetColumnNames, budgetsOf } from '../../rows/budget-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** Rows of `budgetColumnNames`, with what counts in the periods that a time lies in. */
export function budgetQueries(database: DatabaseSync) {
  const one = prepare(
    database,
    `SELECT ${budgetColumnNames} FROM ${budgetsOf('?5', '?6')} WHERE tenant = ?1 AND scope = ?2 AND scope_id = ?3 AND period = ?4`,
  );
  return {
    budget: ({ tenant, key, at }: { readonly tenant: string; readonly key: BudgetKey; readonly at: number }) =>
      one.first(tenant, key.scope, key.id, key.period, periodName('day', at), periodName('month', at)),
    budgets: ({
      tenant,
      filter,
      at,
    }: {
      readonly tenant: string;
      readonly filter: BudgetFilter;
      readonly at: number;
    }) => listBudgets(database, tenant, filter, at),
  };
}

function listBudgets(database: DatabaseSync, tenant: string, filter: BudgetFilter, at: number): Row[] {
  const { scope, id, after, limit } = filter;
  const where = ['tenant = ?3'];
  const values: (string | number)[] = [];
  const add = (condition: string, ...given: string[]): void => {
    where.push(condition);
    values.push(...given);
  };
  if (scope !== undefined) add('scope = ?', scope);
  if (id !== undefined) add('scope_id = ?', id);
  if (after !== undefined) add('(scope, scope_id, period) > (?, ?, ?)', after.scope, after.id, after.period);
  const sql = `SELECT ${budgetColumnNames} FROM ${budgetsOf('?1', '?2')} WHERE ${where.join(' AND ')} ORDER BY scope, scope_id, period LIMIT ?`;
  return prepare(database, sql).all(periodName('day', at), periodName('month', at), tenant, ...values, limit);
}
