import { SquadraError } from '../../../kernel/errors.ts';
import { approvalSignal } from '../../approval-store.ts';
import type { BudgetKey, BudgetLimits, BudgetScope } from '../../budget.ts';
import type { Freed } from '../../budget-store.ts';
import type { Statements } from '../database.ts';
import { lockBudgets } from './budget-ledger.ts';
import { countPastCharges } from './past-charges.ts';
import { leaveSignal } from './signalling.ts';

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

/** Steps that wait at a ceiling have such keys. */
const overBudgetKeys = '%/over-budget-%';

const owners = { execution: 'executions', squad: 'squads' } as const;

/** Throws `NOT_FOUND` for an execution or squad that is unknown. */
export async function setBudget(statements: Statements, budget: SetBudget): Promise<readonly Freed[]> {
  const { tenant, key, at } = budget;
  const { scope, id } = key;
  await lockBudgets(statements);
  if (scope === 'execution' || scope === 'squad') {
    const owner = await statements.first(
      `SELECT 1 FROM ${owners[scope]} WHERE tenant = $1 AND id = $2 FOR KEY SHARE`,
      tenant,
      id,
    );
    if (owner === undefined) throw new SquadraError('NOT_FOUND', `There is no ${scope} ${id}.`);
  }
  const known = await find(statements, tenant, key);
  if (known === undefined) {
    const no = await insertBudget(statements, budget);
    await countPastCharges(statements, no, tenant, key, at);
  } else await changeBudget(statements, Number(known[0]), budget);
  return free(statements, tenant, at);
}

/** Throws `NOT_FOUND`. */
export async function removeBudget(
  statements: Statements,
  { tenant, key, at }: RemoveBudget,
): Promise<readonly Freed[]> {
  await lockBudgets(statements);
  const known = await find(statements, tenant, key);
  if (known === undefined)
    throw new SquadraError('NOT_FOUND', `There is no budget of ${key.scope} ${key.id} by ${key.period}.`);
  await removeAll(statements, [Number(known[0])]);
  return free(statements, tenant, at);
}

/** Deletes the budgets of squads or executions that go. */
export async function removeBudgetsOf(
  statements: Statements,
  tenant: string,
  scope: BudgetScope,
  ids: readonly string[],
): Promise<void> {
  const sql = 'SELECT no FROM budgets WHERE tenant = $1 AND scope = $2 AND scope_id = ANY($3::text[])';
  const found = await statements.all(sql, tenant, scope, ids);
  if (found.length === 0) return;
  // An execution that goes makes no calls any more; those of a squad go on without it.
  if (scope !== 'execution') await lockBudgets(statements);
  const nos = found.map(([no]) => Number(no));
  await removeAll(statements, nos);
}

/** Stores one; returns its number. */
async function insertBudget(statements: Statements, { tenant, key, limits, at }: SetBudget): Promise<number> {
  const row = await statements.first(
    `INSERT INTO budgets (tenant, scope, scope_id, period, limit_micro_usd, limit_tokens, on_exceeded, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING no`,
    tenant,
    key.scope,
    key.id,
    key.period,
    limits.limitMicroUsd,
    limits.limitTokens,
    limits.onExceeded,
    at,
  );
  return Number(row?.[0]);
}

async function changeBudget(statements: Statements, no: number, { limits, at }: SetBudget): Promise<void> {
  // Another ceiling has another mark to tell of.
  await statements.run(
    `WITH rearmed AS (
        UPDATE budget_periods SET is_warned = 0 FROM budgets WHERE budgets.no = $1 AND budget = $1 AND is_warned = 1
          AND (limit_micro_usd IS DISTINCT FROM $2 OR limit_tokens IS DISTINCT FROM $3)
      )
      UPDATE budgets SET limit_micro_usd = $2, limit_tokens = $3, on_exceeded = $4, updated_at = $5 WHERE no = $1`,
    no,
    limits.limitMicroUsd,
    limits.limitTokens,
    limits.onExceeded,
    at,
  );
}

function find(statements: Statements, tenant: string, { scope, id, period }: BudgetKey) {
  const sql = 'SELECT no FROM budgets WHERE tenant = $1 AND scope = $2 AND scope_id = $3 AND period = $4';
  return statements.first(sql, tenant, scope, id, period);
}

async function removeAll(statements: Statements, nos: readonly number[]): Promise<void> {
  await statements.run(
    `WITH holds AS (DELETE FROM budget_holds WHERE budget = ANY($1::bigint[])),
        periods AS (DELETE FROM budget_periods WHERE budget = ANY($1::bigint[]))
      DELETE FROM budgets WHERE no = ANY($1::bigint[])`,
    nos,
  );
}

/** Lets the executions of a tenant that wait at a ceiling try again; whether there is room they find out themselves. */
async function free(statements: Statements, tenant: string, at: number): Promise<readonly Freed[]> {
  const expired = await statements.all(
    `WITH expired AS (
        UPDATE approvals SET status = 'expired' WHERE tenant = $1 AND status = 'pending' AND step_key LIKE '${overBudgetKeys}'
          RETURNING id, execution, execution_id, step_key
      )
      SELECT expired.id, execution, execution_id, step_key, priority FROM expired
        LEFT JOIN executions ON executions.no = execution ORDER BY execution, expired.id`,
    tenant,
  );
  const payload = JSON.stringify({ timedOut: true });
  const freed: Freed[] = [];
  for (const [id, execution, executionId, stepKey, priority] of expired) {
    const name = approvalSignal(String(stepKey));
    await leaveSignal(statements, Number(execution), { signalId: String(id), tenant, name, payload, at });
    freed.push({ executionId: String(executionId), priority: Number(priority ?? 0) });
  }
  return freed;
}
