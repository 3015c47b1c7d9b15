import type { DatabaseSync } from 'node:sqlite';
import { amountOf, periodBounds, periodName } from '../../budget.ts';
import type { Amount, BudgetKey } from '../../budget.ts';
import { isUsage } from '../../usage.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** An attempt of a model call that is in flight, and what it may cost. */
interface OpenCall {
  readonly key: string;
  readonly attempt: number;
  readonly reserved: Amount;
}

const owners = { execution: 'id', squad: 'squad_id', user: 'user_id', tenant: 'tenant' } as const;

/**
 * Counts, for a budget that is new, what its calls have spent in the present period and what those in flight hold: from
 * the rows of the executions, as their ledger would have done from the beginning.
 */
export function pastCharges(
  database: DatabaseSync,
): (budgetNo: number, tenant: string, key: BudgetKey, at: number) => void {
  const begin = prepare(
    database,
    'INSERT INTO budget_periods (budget, name, spent_micro_usd, spent_tokens, reserved_micro_usd, reserved_tokens) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const hold = prepare(
    database,
    'INSERT INTO budget_holds (execution, key, attempt, budget, period, micro_usd, tokens) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const calls = prepare(
    database,
    `SELECT key, attempt, phase, at, json_extract(data, '$.usage'), json_extract(json_extract(data, '$.details'), '$.reservation')
      FROM journal WHERE execution = ? AND type = 'model' AND phase IN ('intent', 'completed', 'failed') ORDER BY seq`,
  );
  return (budgetNo, tenant, { scope, id, period }, at) => {
    const start = periodBounds(period, at)?.start ?? 0;
    const name = periodName(period, at);
    // Written into the statement only as one of the four names above.
    const of = `tenant = ?1 AND ${owners[scope]} = ?2`;
    const spent = sumOf(database, of).first(tenant, id, start) ?? [0, 0];
    const total = { microUsd: Number(spent[0]), tokens: Number(spent[1]) };
    const reserved = { microUsd: 0, tokens: 0 };
    for (const [no, isYoung] of olderOrRunning(database, of).all(tenant, id, start)) {
      const counted = countCalls(calls.all(Number(no)), start);
      // What the young ones spent is in the sum already.
      if (Number(isYoung) === 0) add(total, counted.spent);
      for (const { key, attempt, reserved: held } of counted.open) {
        hold.run(Number(no), key, attempt, budgetNo, name, held.microUsd, held.tokens);
        add(reserved, held);
      }
    }
    begin.run(budgetNo, name, total.microUsd, total.tokens, reserved.microUsd, reserved.tokens);
  };
}

/** All that the executions spent which were created in the period. */
const sumOf = (database: DatabaseSync, of: string) =>
  prepare(
    database,
    `SELECT coalesce(sum(cost_micro_usd), 0), coalesce(sum(input_tokens + output_tokens), 0) FROM executions
      WHERE ${of} AND model_calls > 0 AND created_at >= ?3`,
  );

/** Those whose calls have to be looked at one by one: begun before the period and at work in it, or with calls in flight. */
const olderOrRunning = (database: DatabaseSync, of: string) =>
  prepare(
    database,
    `SELECT no, created_at >= ?3 FROM executions
      WHERE ${of} AND model_calls > 0 AND created_at < ?3 AND (ended_at IS NULL OR ended_at >= ?3)
      UNION SELECT no, created_at >= ?3 FROM executions
      WHERE ${of} AND status NOT IN ('completed', 'cancelled') AND status = 'running'`,
  );

/** A call counts in the period in which it left. */
function countCalls(
  rows: readonly Row[],
  start: number,
): { readonly spent: Amount; readonly open: readonly OpenCall[] } {
  const spent = { microUsd: 0, tokens: 0 };
  const open = new Map<string, OpenCall & { readonly at: number }>();
  for (const [key, attempt, phase, at, usage, reservation] of rows) {
    const call = `${String(attempt)} ${String(key)}`;
    if (phase === 'intent') {
      const reserved = amountIn(reservation);
      if (reserved !== null) open.set(call, { key: String(key), attempt: Number(attempt), reserved, at: Number(at) });
      continue;
    }
    const left = open.get(call)?.at ?? Number(at);
    open.delete(call);
    const amount = amountIn(usage);
    if (amount !== null && left >= start) add(spent, amount);
  }
  return { spent, open: [...open.values()].filter(({ at }) => at >= start) };
}

function amountIn(value: unknown): Amount | null {
  const usage: unknown = typeof value === 'string' ? JSON.parse(value) : null;
  return isUsage(usage) ? amountOf(usage) : null;
}

function add(sum: { microUsd: number; tokens: number }, { microUsd, tokens }: Amount): void {
  sum.microUsd += microUsd;
  sum.tokens += tokens;
}
