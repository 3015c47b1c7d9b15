import { periodBounds } from '../budget.ts';
import type { Budget, BudgetPeriod, BudgetReaction, BudgetScope } from '../budget.ts';
import { text, whole } from './columns.ts';
import type { Row } from './row.ts';

/** The columns that `budgetOf` reads, of `budgets` joined with the period that they are asked for. */
export const budgetColumnNames = `budgets.no, scope, scope_id, period, limit_micro_usd, limit_tokens, on_exceeded, updated_at,
  coalesce(spent_micro_usd, 0), coalesce(spent_tokens, 0), coalesce(reserved_micro_usd, 0), coalesce(reserved_tokens, 0),
  coalesce(raised_micro_usd, 0), coalesce(raised_tokens, 0), coalesce(is_warned, 0)`;

/** Joins each budget with what counts against it; `day` and `month` are the parameters that name the present ones. */
export const budgetsOf = (day: string, month: string): string =>
  `budgets LEFT JOIN budget_periods ON budget_periods.budget = budgets.no
    AND budget_periods.name = CASE period WHEN 'day' THEN ${day} WHEN 'month' THEN ${month} ELSE '' END`;

/** The budget of a row, at a time. The casts are safe because only checked keys and limits are written. */
export function budgetOf(row: Row, at: number): Budget {
  const [, scope, id, period, limitMicroUsd, limitTokens, onExceeded, updatedAt] = row;
  const bounds = periodBounds(period as BudgetPeriod, at);
  return {
    scope: scope as BudgetScope,
    id: text(id),
    period: period as BudgetPeriod,
    limitMicroUsd: limitMicroUsd === null ? null : whole(limitMicroUsd),
    limitTokens: limitTokens === null ? null : whole(limitTokens),
    onExceeded: onExceeded as BudgetReaction,
    spent: { microUsd: whole(row[8]), tokens: whole(row[9]) },
    reserved: { microUsd: whole(row[10]), tokens: whole(row[11]) },
    raised: { microUsd: whole(row[12]), tokens: whole(row[13]) },
    periodStart: bounds?.start ?? null,
    periodEnd: bounds?.end ?? null,
    updatedAt: whole(updatedAt),
  };
}
