import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import { approvalSignal } from '../../approval-store.ts';
import type { BudgetKey, BudgetLimits } from '../../budget.ts';
import type { Freed } from '../../budget-store.ts';
import { prepare } from '../statements.ts';
import { pastCharges } from './past-charges.ts';
import { signalling } from './signalling.ts';

/** Limits of money and tokens, and what happens at them. */
export type BudgetLimitColumns = readonly [
  limitMicroUsd: number | null,
  limitTokens: number | null,
  onExceeded: string,
];

export interface SetBudget {
  readonly tenant: string;
  readonly key: BudgetKey;
  readonly limits: BudgetLimits;
  readonly at: number;
}
export interface RemoveBudget {
  readonly tenant: string;
  readonly key: BudgetKey;
  readonly at: number;
}

/** tenant, scope, id, period, then `BudgetLimitColumns` and the time. */
export const insertBudgetSql = `INSERT INTO budgets (tenant, scope, scope_id, period, limit_micro_usd, limit_tokens, on_exceeded, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING no`;

/** Steps that wait at a ceiling have such keys. */
const overBudgetKeys = '*/over-budget-*';

export interface BudgetOperations {
  setBudget(budget: SetBudget): readonly Freed[];
  removeBudget(budget: RemoveBudget): readonly Freed[];
}

export function budgetOperations(database: DatabaseSync): BudgetOperations {
  const find = prepare(
    database,
    'SELECT no, limit_micro_usd, limit_tokens FROM budgets WHERE tenant = ? AND scope = ? AND scope_id = ? AND period = ?',
  );
  const insert = prepare(database, insertBudgetSql);
  const update = prepare(
    database,
    'UPDATE budgets SET limit_micro_usd = ?, limit_tokens = ?, on_exceeded = ?, updated_at = ? WHERE no = ?',
  );
  const rearm = prepare(database, 'UPDATE budget_periods SET is_warned = 0 WHERE budget = ?');
  const owners = {
    execution: prepare(database, 'SELECT 1 FROM executions WHERE tenant = ? AND id = ?'),
    squad: prepare(database, 'SELECT 1 FROM squads WHERE tenant = ? AND id = ?'),
  };
  const remove = budgetRemoval(database);
  const count = pastCharges(database);
  const free = freeing(database);
  return {
    setBudget: ({ tenant, key, limits: { limitMicroUsd, limitTokens, onExceeded }, at }) => {
      const { scope, id, period } = key;
      const owner = scope === 'execution' || scope === 'squad' ? owners[scope] : null;
      if (owner !== null && owner.first(tenant, id) === undefined)
        throw new SquadraError('NOT_FOUND', `There is no ${scope} ${id}.`);
      const known = find.first(tenant, scope, id, period);
      if (known === undefined) {
        const row = insert.first(tenant, scope, id, period, limitMicroUsd, limitTokens, onExceeded, at);
        count(Number(row?.[0]), tenant, key, at);
      } else {
        update.run(limitMicroUsd, limitTokens, onExceeded, at, Number(known[0]));
        // Another ceiling has another mark to tell of.
        if (known[1] !== limitMicroUsd || known[2] !== limitTokens) rearm.run(Number(known[0]));
      }
      return free(tenant, at);
    },
    removeBudget: ({ tenant, key: { scope, id, period }, at }) => {
      const known = find.first(tenant, scope, id, period);
      if (known === undefined)
        throw new SquadraError('NOT_FOUND', `There is no budget of ${scope} ${id} by ${period}.`);
      remove(Number(known[0]));
      return free(tenant, at);
    },
  };
}

/** Deletes a budget, by its number, with all that counts against it. */
function budgetRemoval(database: DatabaseSync): (budgetNo: number) => void {
  const parts = ['budget_holds WHERE budget', 'budget_periods WHERE budget', 'budgets WHERE no'].map((part) =>
    prepare(database, `DELETE FROM ${part} = ?`),
  );
  return (budgetNo) => {
    for (const part of parts) part.run(budgetNo);
  };
}

/** Deletes the budgets of a squad or an execution that goes. */
export function budgetsRemoval(database: DatabaseSync): (tenant: string, scope: string, id: string) => void {
  const find = prepare(database, 'SELECT no FROM budgets WHERE tenant = ? AND scope = ? AND scope_id = ?');
  const remove = budgetRemoval(database);
  return (tenant, scope, id) => {
    for (const [budgetNo] of find.all(tenant, scope, id)) remove(Number(budgetNo));
  };
}

/** Lets the executions of a tenant that wait at a ceiling try again; whether there is room they find out themselves. */
function freeing(database: DatabaseSync): (tenant: string, at: number) => readonly Freed[] {
  const expire = prepare(
    database,
    `UPDATE approvals SET status = 'expired' WHERE tenant = ? AND status = 'pending' AND step_key GLOB '${overBudgetKeys}'
      RETURNING id, execution, execution_id, step_key`,
  );
  const priorityOf = prepare(database, 'SELECT priority FROM executions WHERE no = ?');
  const signal = signalling(database);
  const payload = JSON.stringify({ timedOut: true });
  return (tenant, at) =>
    expire.all(tenant).map(([id, execution, executionId, stepKey]) => {
      const [no, name] = [Number(execution), approvalSignal(String(stepKey))];
      signal.leave(no, { signalId: String(id), tenant, name, payload, at });
      return { executionId: String(executionId), priority: Number(priorityOf.first(no)?.[0] ?? 0) };
    });
}
