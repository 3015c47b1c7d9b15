import type { DatabaseSync } from 'node:sqlite';
import { budgetName, excess, isNearlySpent, periodName, raiseFor } from '../../budget.ts';
import type { Amount, Budget, BudgetPeriod, BudgetScope } from '../../budget.ts';
import { overBudget, unpriced, warningOf } from '../../budget-refusal.ts';
import { budgetColumnNames, budgetOf, budgetsOf } from '../../rows/budget-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { appendRecordSql } from './append-record.ts';

/** Which attempt of which call, of which execution. */
export interface ChargedCall {
  readonly no: number;
  readonly executionId: string;
  readonly tenant: string;
  readonly at: number;
  readonly key: string;
  readonly attempt: number;
}

/** What a call may cost at most; `isUnpriced` when nobody knows. `mayRaise`: a person said that the ceiling may be raised for it. */
export interface Reservation {
  readonly amount: Amount;
  readonly isUnpriced: boolean;
  readonly mayRaise: boolean;
}

/** How many periods of a budget are kept: two months of days, five years of months. */
const keptPeriods = 62;

/**
 * What calls in flight hold, and what calls spent, of each budget that applies to them.
 *
 * B1  `reserved` of a period is the sum of its holds; a hold is there from the commit of an intent to the one that settles it.
 * B2  A call counts in the period in which it left, whenever it is settled.
 * B3  Everything that applies to a call has room for it, or nothing is written.
 */
export interface BudgetLedger {
  /** Throws `BUDGET_EXCEEDED` or `UNPRICED_MODEL` before anything is written. */
  reserve(call: ChargedCall, reservation: Reservation): void;
  /** Returns the names of the budgets that held something for it: there may be room in them now. */
  settle(call: ChargedCall, spent: Amount): readonly string[];
}

const none: readonly string[] = [];

export function budgetLedger(database: DatabaseSync): BudgetLedger {
  const applying = prepare(
    database,
    `SELECT ${budgetColumnNames} FROM executions CROSS JOIN ${budgetsOf('?3', '?4')}
      WHERE executions.no = ?1 AND budgets.tenant = ?2 AND (scope, scope_id) IN
        (VALUES ('execution', executions.id), ('squad', executions.squad_id), ('user', executions.user_id), ('tenant', ?2))`,
  );
  const reserve = prepare(
    database,
    `INSERT INTO budget_periods (budget, name, reserved_micro_usd, reserved_tokens, raised_micro_usd, raised_tokens) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      ON CONFLICT (budget, name) DO UPDATE SET reserved_micro_usd = reserved_micro_usd + ?3, reserved_tokens = reserved_tokens + ?4,
        raised_micro_usd = raised_micro_usd + ?5, raised_tokens = raised_tokens + ?6`,
  );
  const hold = prepare(
    database,
    'INSERT INTO budget_holds (execution, key, attempt, budget, period, micro_usd, tokens) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const release = prepare(
    database,
    'DELETE FROM budget_holds WHERE execution = ? AND key = ? AND attempt = ? RETURNING budget, period, micro_usd, tokens',
  );
  const spend = prepare(
    database,
    `UPDATE budget_periods SET reserved_micro_usd = reserved_micro_usd - ?3, reserved_tokens = reserved_tokens - ?4,
      spent_micro_usd = spent_micro_usd + ?5, spent_tokens = spent_tokens + ?6 WHERE budget = ?1 AND name = ?2`,
  );
  const forgetOld = prepare(
    database,
    `DELETE FROM budget_periods WHERE budget = ?1 AND reserved_micro_usd = 0 AND reserved_tokens = 0 AND name <
      (SELECT name FROM budget_periods WHERE budget = ?1 ORDER BY name DESC LIMIT 1 OFFSET ${keptPeriods - 1})`,
  );
  const keyOf = prepare(database, 'SELECT scope, scope_id, period FROM budgets WHERE no = ?');
  const nameOf = (budget: number): string => {
    const [scope, id, period] = keyOf.first(budget) ?? [];
    return budgetName({ scope: scope as BudgetScope, id: String(id), period: period as BudgetPeriod });
  };
  const warn = warning(database);
  return {
    reserve: (call, { amount, isUnpriced, mayRaise }) => {
      const { no, tenant, at, key, attempt } = call;
      const rows = applying.all(no, tenant, periodName('day', at), periodName('month', at));
      if (rows.length === 0) return;
      const budgets = rows.map((row) => budgetOf(row, at));
      const limitsMoney = budgets.find(({ limitMicroUsd }) => limitMicroUsd !== null);
      if (isUnpriced && limitsMoney !== undefined) throw unpriced(limitsMoney, key);
      const over = budgets.flatMap((budget) => {
        const by = excess(budget, amount);
        return by === null ? [] : [{ budget, by }];
      });
      const against = over.filter(({ budget }) => !mayRaise || budget.onExceeded === 'fail');
      if (against.length > 0) throw overBudget(against, amount, key);
      for (const [place, budget] of budgets.entries()) {
        const by = over.find((one) => one.budget === budget)?.by;
        const raise = by === undefined ? { microUsd: 0, tokens: 0 } : raiseFor(budget, by);
        const [budgetNo, name] = [Number(rows[place]?.[0]), periodName(budget.period, at)];
        reserve.run(budgetNo, name, amount.microUsd, amount.tokens, raise.microUsd, raise.tokens);
        hold.run(no, key, attempt, budgetNo, name, amount.microUsd, amount.tokens);
        if (budget.spent.tokens === 0 && budget.reserved.tokens === 0) forgetOld.run(budgetNo);
      }
    },
    settle: (call, spent) => {
      const held = release.all(call.no, call.key, call.attempt);
      for (const [budget, period, microUsd, tokens] of held) {
        spend.run(Number(budget), String(period), Number(microUsd), Number(tokens), spent.microUsd, spent.tokens);
        if (spent.microUsd > 0 || spent.tokens > 0) warn(call, Number(budget), String(period));
      }
      return held.length === 0 ? none : held.map(([budget]) => nameOf(Number(budget)));
    },
  };
}

/** Tells, in the journal of the execution whose call it was, that a budget is nearly spent: once in each of its periods. */
function warning(database: DatabaseSync): (call: ChargedCall, budget: number, period: string) => void {
  const find = prepare(
    database,
    `SELECT ${budgetColumnNames} FROM budgets JOIN budget_periods ON budget_periods.budget = budgets.no
      WHERE budgets.no = ? AND budget_periods.name = ? AND is_warned = 0`,
  );
  const note = prepare(database, 'UPDATE budget_periods SET is_warned = 1 WHERE budget = ? AND name = ?');
  const append = prepare(database, appendRecordSql);
  return ({ no, tenant, at, key, attempt }, budgetNo, period) => {
    const row: Row | undefined = find.first(budgetNo, period);
    if (row === undefined) return;
    const budget: Budget = budgetOf(row, at);
    if (!isNearlySpent(budget)) return;
    note.run(budgetNo, period);
    const details = JSON.stringify(warningOf(budget, period));
    const data = JSON.stringify({ error: null, details, usage: null });
    append.run(no, tenant, at, 'step', key, 'model', 'warning', attempt, null, null, data, null);
  };
}
