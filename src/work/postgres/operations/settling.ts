import { toFailure } from '../../../kernel/failure.ts';
import { SquadraError } from '../../../kernel/errors.ts';
import { amountOf } from '../../budget.ts';
import { askKeyOf } from '../../journal.ts';
import type { StepType } from '../../journal.ts';
import { usageColumnList, usageColumns } from '../../rows/usage-columns.ts';
import type { UsageColumns } from '../../rows/usage-columns.ts';
import { isUsage } from '../../usage.ts';
import type { Statements } from '../database.ts';
import { settle } from './budget-ledger.ts';

/** Whose calls are settled, and when. */
export interface Settlement {
  readonly no: number;
  readonly executionId: string;
  readonly tenant: string;
  readonly at: number;
}

const additions = usageColumnList.map((name, place) => `${name} = ${name} + $${place + 1}`).join(', ');

/** Adds to the usage of an execution, and to that of the work item of an ask. A count is no change of the item, so its version stays. */
export async function addUsage(
  statements: Statements,
  { no, executionId, tenant }: Omit<Settlement, 'at'>,
  total: UsageColumns,
  asks: readonly (readonly [askKey: string, usage: UsageColumns])[],
): Promise<void> {
  await statements.run(`UPDATE executions SET ${additions} WHERE no = $9`, ...total, no);
  for (const [ask, columns] of asks)
    await statements.run(
      `UPDATE work_items SET ${additions} WHERE execution_id = $9 AND step_key = $10 AND tenant = $11`,
      ...columns,
      executionId,
      ask,
      tenant,
    );
}

/**
 * Settles the calls that are in flight when their execution ends: nobody will hear of them, and the provider may charge
 * for them. Each becomes a failed attempt that counts at its reservation. Returns the names of the budgets that held it.
 */
export async function settleOpenCalls(statements: Statements, settlement: Settlement): Promise<readonly string[]> {
  const { no, executionId, tenant, at } = settlement;
  const open = await statements.all(
    `SELECT key, type, attempt, data FROM journal AS intent WHERE execution = $1 AND phase = 'intent'
      AND NOT EXISTS (SELECT 1 FROM journal AS later WHERE later.execution = $1 AND later.key = intent.key
        AND later.attempt >= intent.attempt AND later.phase IN ('completed', 'failed')) ORDER BY seq`,
    no,
  );
  const budgets: string[] = [];
  for (const [key, type, attempt, intent] of open) {
    const usage = reservationIn(intent);
    const error = new SquadraError(
      'EXECUTION_CANCELLED',
      `Execution ${executionId} ended while '${String(key)}' was in flight.`,
    );
    const data = JSON.stringify({ error: { ...toFailure(error), stack: undefined }, details: null, usage });
    await statements.run(
      `WITH numbered AS (UPDATE executions SET last_seq = last_seq + 1 WHERE no = $1 RETURNING last_seq)
        INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, data)
          SELECT $1, last_seq, $2, $3, 'step', $4, $5, 'failed', $6, $7 FROM numbered`,
      no,
      tenant,
      at,
      String(key),
      String(type),
      Number(attempt),
      data,
    );
    if (usage === null) continue;
    const call = { no, executionId, tenant, at, key: String(key), attempt: Number(attempt) };
    budgets.push(...(await settle(statements, call, amountOf(usage))));
    const ask = askKeyOf({ key: String(key), type: type as StepType });
    const columns = usageColumns(usage);
    await addUsage(statements, settlement, columns, ask === null ? [] : [[ask, columns]]);
  }
  return budgets;
}

function reservationIn(data: unknown) {
  const { details } = JSON.parse(typeof data === 'string' ? data : '{}') as { details?: string | null };
  const said = JSON.parse(details ?? 'null') as { reservation?: unknown } | null;
  const given = said?.reservation;
  const reservation: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  return isUsage(reservation) ? reservation : null;
}
