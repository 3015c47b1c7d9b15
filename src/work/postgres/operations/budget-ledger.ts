import { budgetName, excess, isNearlySpent, periodName, raiseFor } from '../../budget.ts';
import type { Amount, Budget } from '../../budget.ts';
import { overBudget, unpriced, warningOf } from '../../budget-refusal.ts';
import { budgetOf } from '../../rows/budget-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';

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

/*
 * What calls in flight hold, and what calls spent, of each budget that applies to them.
 *
 * B1  `reserved` of a period is the sum of its holds; a hold is there from the commit of an intent to the one that settles it.
 * B2  A call counts in the period in which it left, whenever it is settled.
 * B3  Everything that applies to a call has room for it, or its transaction does not commit.
 * B4  The rows of periods are taken by writing to them, in the order of their budgets, and judged as they are then: what another
 *     process reserved at the same time is in them.
 * B5  Both hold the table of budgets in a mode that `lockBudgets` waits for: while a budget is made or removed no call comes or goes.
 */

/** How many periods of a budget are kept: two months of days, five years of months. */
const keptPeriods = 62;

/**
 * PostgreSQL takes the locks of tables before it takes the snapshot of a statement: one that had to wait for `lockBudgets` sees
 * what that brought about. This part of a statement reads nothing; no row is locked.
 */
const guard = 'guard AS (SELECT 1 FROM budgets WHERE false FOR KEY SHARE)';

/** `budgetColumnNames`, of a budget `b` and the row of a period `p` as it is after the statement. */
const columns = `b.no, b.scope, b.scope_id, b.period, b.limit_micro_usd, b.limit_tokens, b.on_exceeded, b.updated_at,
  p.spent_micro_usd, p.spent_tokens, p.reserved_micro_usd, p.reserved_tokens, p.raised_micro_usd, p.raised_tokens, p.is_warned`;

/** In one statement: whoever is refused takes all of it back. */
const reserveSql = `WITH ${guard},
  b AS (
    SELECT budgets.*, CASE period WHEN 'day' THEN $3 WHEN 'month' THEN $4 ELSE '' END AS name FROM executions e
      CROSS JOIN LATERAL (VALUES ('execution', e.id), ('squad', e.squad_id), ('user', e.user_id), ('tenant', $2)) AS owner (scope, id)
      JOIN budgets ON budgets.tenant = $2 AND budgets.scope = owner.scope AND budgets.scope_id = owner.id COLLATE "C"
      WHERE e.no = $1
  ),
  p AS (
    INSERT INTO budget_periods AS p (budget, name, reserved_micro_usd, reserved_tokens)
      SELECT no, name, $5::bigint, $6::bigint FROM b ORDER BY no
      ON CONFLICT (budget, name) DO UPDATE SET reserved_micro_usd = p.reserved_micro_usd + excluded.reserved_micro_usd,
        reserved_tokens = p.reserved_tokens + excluded.reserved_tokens
      RETURNING *
  ),
  held AS (
    INSERT INTO budget_holds (execution, key, attempt, budget, period, micro_usd, tokens)
      SELECT $1::bigint, $7::text, $8::integer, no, name, $5::bigint, $6::bigint FROM b
  )
  SELECT ${columns}, p.name FROM b JOIN p ON p.budget = b.no ORDER BY b.no`;

/** What is there of the call goes, and what was spent comes, where the hold was. */
const settleSql = `WITH ${guard},
  released AS (
    DELETE FROM budget_holds WHERE execution = $1 AND key = $2 AND attempt = $3 RETURNING budget, period, micro_usd, tokens
  ),
  p AS (
    INSERT INTO budget_periods AS p (budget, name, spent_micro_usd, spent_tokens, reserved_micro_usd, reserved_tokens)
      SELECT budget, period, $4::bigint, $5::bigint, -micro_usd, -tokens FROM released ORDER BY budget
      ON CONFLICT (budget, name) DO UPDATE SET spent_micro_usd = p.spent_micro_usd + excluded.spent_micro_usd,
        spent_tokens = p.spent_tokens + excluded.spent_tokens, reserved_micro_usd = p.reserved_micro_usd + excluded.reserved_micro_usd,
        reserved_tokens = p.reserved_tokens + excluded.reserved_tokens
      RETURNING *
  )
  SELECT ${columns}, p.name FROM p JOIN budgets b ON b.no = p.budget ORDER BY b.no`;

interface Reserved {
  readonly no: number;
  /** Of the period. */
  readonly name: string;
  /** As it was before. */
  readonly budget: Budget;
}

/**
 * Throws `BUDGET_EXCEEDED` or `UNPRICED_MODEL`; the transaction that it is part of must then not be committed.
 */
export async function reserve(
  statements: Statements,
  { no, tenant, at, key, attempt }: ChargedCall,
  { amount, isUnpriced, mayRaise }: Reservation,
): Promise<void> {
  const periods = [periodName('day', at), periodName('month', at)] as const;
  const rows = await statements.all(reserveSql, no, tenant, ...periods, amount.microUsd, amount.tokens, key, attempt);
  if (rows.length === 0) return;
  const reserved = rows.map((row) => reservedOf(row, amount, at));
  const limitsMoney = reserved.find(({ budget }) => budget.limitMicroUsd !== null);
  if (isUnpriced && limitsMoney !== undefined) throw unpriced(limitsMoney.budget, key);
  const over = reserved.flatMap((one) => {
    const by = excess(one.budget, amount);
    return by === null ? [] : [{ ...one, by }];
  });
  const against = over.filter(({ budget }) => !mayRaise || budget.onExceeded === 'fail');
  if (against.length > 0) throw overBudget(against, amount, key);
  if (over.length > 0) await raise(statements, over);
  const begun = reserved.filter(({ budget }) => budget.spent.tokens === 0 && budget.reserved.tokens === 0);
  if (begun.length > 0) await forgetOld(statements, begun);
}

function reservedOf(row: Row, amount: Amount, at: number): Reserved {
  const budget = budgetOf(row, at);
  const { microUsd, tokens } = budget.reserved;
  const before = { microUsd: microUsd - amount.microUsd, tokens: tokens - amount.tokens };
  return { no: Number(row[0]), name: String(row[15]), budget: { ...budget, reserved: before } };
}

async function raise(statements: Statements, over: readonly (Reserved & { readonly by: Amount })[]): Promise<void> {
  const raises = over.map(({ budget, by }) => raiseFor(budget, by));
  await statements.run(
    `UPDATE budget_periods SET raised_micro_usd = raised_micro_usd + given.micro_usd, raised_tokens = raised_tokens + given.tokens
      FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS given (budget, name, micro_usd, tokens)
      WHERE budget_periods.budget = given.budget AND budget_periods.name = given.name`,
    over.map(({ no }) => no),
    over.map(({ name }) => name),
    raises.map(({ microUsd }) => microUsd),
    raises.map(({ tokens }) => tokens),
  );
}

async function forgetOld(statements: Statements, begun: readonly Reserved[]): Promise<void> {
  await statements.run(
    `DELETE FROM budget_periods AS p WHERE budget = ANY($1::bigint[]) AND reserved_micro_usd = 0 AND reserved_tokens = 0 AND name <
      (SELECT name FROM budget_periods WHERE budget = p.budget ORDER BY name DESC LIMIT 1 OFFSET ${keptPeriods - 1})
      AND NOT EXISTS (SELECT 1 FROM budget_holds WHERE budget_holds.budget = p.budget AND period = p.name)`,
    begun.map(({ no }) => no),
  );
}

/** Returns the names of the budgets that held something for it: there may be room in them now. */
export async function settle(statements: Statements, call: ChargedCall, spent: Amount): Promise<readonly string[]> {
  const rows = await statements.all(settleSql, call.no, call.key, call.attempt, spent.microUsd, spent.tokens);
  const names: string[] = [];
  for (const row of rows) {
    const budget = budgetOf(row, call.at);
    names.push(budgetName(budget));
    const isSpent = spent.microUsd > 0 || spent.tokens > 0;
    if (isSpent && row[14] === 0 && isNearlySpent(budget))
      await warn(statements, call, budget, { no: Number(row[0]), name: String(row[15]) });
  }
  return names;
}

/** Tells, in the journal of the execution whose call it was, that a budget is nearly spent: once in each of its periods. */
async function warn(
  statements: Statements,
  { no, tenant, at, key, attempt }: ChargedCall,
  budget: Budget,
  period: { readonly no: number; readonly name: string },
): Promise<void> {
  const details = JSON.stringify(warningOf(budget, period.name));
  const data = JSON.stringify({ error: null, details, usage: null });
  await statements.run(
    'UPDATE budget_periods SET is_warned = 1 WHERE budget = $1 AND name = $2',
    period.no,
    period.name,
  );
  await statements.run(
    `WITH numbered AS (UPDATE executions SET last_seq = last_seq + 1 WHERE no = $1 RETURNING last_seq)
      INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, data)
        SELECT $1, last_seq, $2, $3, 'step', $4, 'model', 'warning', $5, $6 FROM numbered`,
    no,
    tenant,
    at,
    key,
    attempt,
    data,
  );
}

/** Waits until no call comes or goes, and keeps them waiting until the transaction ends. */
export async function lockBudgets(statements: Statements): Promise<void> {
  await statements.run('LOCK TABLE budgets IN EXCLUSIVE MODE');
}
