import { amountOf, periodBounds, periodName } from '../../budget.ts';
import type { Amount, BudgetKey } from '../../budget.ts';
import { isUsage } from '../../usage.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';

/** An attempt of a model call that is in flight, and what it may cost. */
interface OpenCall {
  readonly execution: number;
  readonly key: string;
  readonly attempt: number;
  readonly reserved: Amount;
}

const owners = { execution: 'id', squad: 'squad_id', user: 'user_id', tenant: 'tenant' } as const;

/** Of so many executions the calls are read at once. */
const atOnce = 100;

/**
 * Counts, for a budget that is new, what its calls have spent in the present period and what those in flight hold: from
 * the rows of the executions, as their ledger would have done from the beginning. No call may come or go meanwhile.
 */
export async function countPastCharges(
  statements: Statements,
  budgetNo: number,
  tenant: string,
  { scope, id, period }: BudgetKey,
  at: number,
): Promise<void> {
  const start = periodBounds(period, at)?.start ?? 0;
  const name = periodName(period, at);
  // Written into the statements only as one of the four names above.
  const of = `tenant = $1 AND ${owners[scope]} = $2`;
  const [microUsd, tokens] = (await statements.first(sumOf(of), tenant, id, start)) ?? [0, 0];
  const spent = { microUsd: Number(microUsd), tokens: Number(tokens) };
  const found = await statements.all(olderOrRunning(of), tenant, id, start);
  const isYoung = new Set(found.filter(([, young]) => young === true).map(([no]) => Number(no)));
  const open: OpenCall[] = [];
  for (let place = 0; place < found.length; place += atOnce) {
    const nos = found.slice(place, place + atOnce).map(([no]) => Number(no));
    for (const [no, rows] of byExecution(await statements.all(calls, nos))) {
      const counted = countCalls(no, rows, start);
      // What the young ones spent is in the sum already.
      if (!isYoung.has(no)) add(spent, counted.spent);
      open.push(...counted.open);
    }
  }
  await hold(statements, budgetNo, name, open);
  const reserved = { microUsd: 0, tokens: 0 };
  for (const call of open) add(reserved, call.reserved);
  await statements.run(
    `INSERT INTO budget_periods (budget, name, spent_micro_usd, spent_tokens, reserved_micro_usd, reserved_tokens)
      VALUES ($1, $2, $3, $4, $5, $6)`,
    budgetNo,
    name,
    spent.microUsd,
    spent.tokens,
    reserved.microUsd,
    reserved.tokens,
  );
}

/** All that the executions spent which were created in the period. */
const sumOf = (of: string): string =>
  `SELECT coalesce(sum(cost_micro_usd), 0), coalesce(sum(input_tokens + output_tokens), 0) FROM executions
    WHERE ${of} AND model_calls > 0 AND created_at >= $3`;

/** Those whose calls have to be looked at one by one: begun before the period and at work in it, or with calls in flight. */
const olderOrRunning = (of: string): string =>
  `SELECT no, created_at >= $3 FROM executions
    WHERE ${of} AND model_calls > 0 AND created_at < $3 AND (ended_at IS NULL OR ended_at >= $3)
    UNION SELECT no, created_at >= $3 FROM executions
    WHERE ${of} AND status NOT IN ('completed', 'cancelled') AND status = 'running'`;

const calls = `SELECT execution, key, attempt, phase, at, data FROM journal
  WHERE execution = ANY($1::bigint[]) AND type = 'model' AND phase IN ('intent', 'completed', 'failed') ORDER BY execution, seq`;

async function hold(statements: Statements, budgetNo: number, name: string, open: readonly OpenCall[]): Promise<void> {
  if (open.length === 0) return;
  await statements.run(
    `INSERT INTO budget_holds (execution, key, attempt, budget, period, micro_usd, tokens)
      SELECT given.execution, given.key, given.attempt, $1, $2, given.micro_usd, given.tokens
        FROM unnest($3::bigint[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[])
          AS given (execution, key, attempt, micro_usd, tokens)`,
    budgetNo,
    name,
    open.map(({ execution }) => execution),
    open.map(({ key }) => key),
    open.map(({ attempt }) => attempt),
    open.map(({ reserved }) => reserved.microUsd),
    open.map(({ reserved }) => reserved.tokens),
  );
}

function byExecution(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const found = new Map<number, Row[]>();
  for (const row of rows) {
    const no = Number(row[0]);
    const known = found.get(no);
    if (known === undefined) found.set(no, [row]);
    else known.push(row);
  }
  return found;
}

/** A call counts in the period in which it left. */
function countCalls(
  execution: number,
  rows: readonly Row[],
  start: number,
): { readonly spent: Amount; readonly open: readonly OpenCall[] } {
  const spent = { microUsd: 0, tokens: 0 };
  const open = new Map<string, OpenCall & { readonly at: number }>();
  for (const [, key, attempt, phase, at, data] of rows) {
    const call = `${String(attempt)} ${String(key)}`;
    const { usage, details } = objectIn(data);
    if (phase === 'intent') {
      const reserved = amountIn(objectIn(details)['reservation']);
      const of = { execution, key: String(key), attempt: Number(attempt) };
      if (reserved !== null) open.set(call, { ...of, reserved, at: Number(at) });
      continue;
    }
    const left = open.get(call)?.at ?? Number(at);
    open.delete(call);
    const amount = amountIn(usage);
    if (amount !== null && left >= start) add(spent, amount);
  }
  return { spent, open: [...open.values()].filter(({ at }) => at >= start) };
}

/** The fields of an object that is written as JSON. */
function objectIn(text: unknown): Readonly<Record<string, unknown>> {
  const value: unknown = typeof text === 'string' ? JSON.parse(text) : null;
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function amountIn(value: unknown): Amount | null {
  return isUsage(value) ? amountOf(value) : null;
}

function add(sum: { microUsd: number; tokens: number }, { microUsd, tokens }: Amount): void {
  sum.microUsd += microUsd;
  sum.tokens += tokens;
}
