import type { DatabaseSync } from 'node:sqlite';
import { toFailure } from '../../../kernel/failure.ts';
import { SquadraError } from '../../../kernel/errors.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import { prepare } from '../statements.ts';
import { askKeyOf } from '../../journal.ts';
import type { StepType } from '../../journal.ts';
import { isUsage } from '../../usage.ts';
import { amountOf } from '../../budget.ts';
import { usageColumns } from '../../rows/usage-columns.ts';
import { addItemUsageSql, addUsageSql } from '../usage-statements.ts';
import { budgetLedger } from './budget-ledger.ts';

/** Whose calls are settled, and when. */
export interface Settlement {
  readonly no: number;
  readonly executionId: string;
  readonly tenant: string;
  readonly at: number;
}

/**
 * Settles the calls that are in flight when their execution ends: nobody will hear of them, and the provider may charge
 * for them. Each becomes a failed attempt that counts at its reservation. Returns the names of the budgets that held it.
 */
export function settling(
  database: DatabaseSync,
  metrics: HappeningSink,
): (settlement: Settlement) => readonly string[] {
  const open = prepare(
    database,
    `SELECT key, type, attempt, json_extract(json_extract(data, '$.details'), '$.reservation') FROM journal AS intent
      WHERE execution = ?1 AND phase = 'intent' AND NOT EXISTS (SELECT 1 FROM journal AS later
        WHERE later.execution = ?1 AND later.key = intent.key AND later.attempt >= intent.attempt AND later.phase IN ('completed', 'failed'))`,
  );
  const fail = prepare(
    database,
    `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, data)
      SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, 'step', ?4, ?5, 'failed', ?6, ?7 FROM journal WHERE execution = ?1`,
  );
  const addUsage = prepare(database, addUsageSql);
  const addItemUsage = prepare(database, addItemUsageSql);
  const ledger = budgetLedger(database);
  return ({ no, executionId, tenant, at }) => {
    const budgets: string[] = [];
    for (const [key, type, attempt, reserved] of open.all(no)) {
      const reservation: unknown = typeof reserved === 'string' ? JSON.parse(reserved) : null;
      const usage = isUsage(reservation) ? reservation : null;
      const error = new SquadraError(
        'EXECUTION_CANCELLED',
        `Execution ${executionId} ended while '${String(key)}' was in flight.`,
      );
      const data = JSON.stringify({ error: { ...toFailure(error), stack: undefined }, details: null, usage });
      fail.run(no, tenant, at, String(key), String(type), Number(attempt), data);
      metrics.note({ kind: 'step', tenant, at, isModel: type === 'model', isFailed: true, usage, sentAt: null });
      if (usage === null) continue;
      const call = { no, executionId, tenant, at, key: String(key), attempt: Number(attempt) };
      budgets.push(...ledger.settle(call, amountOf(usage)));
      addUsage.run(...usageColumns(usage), no);
      const ask = askKeyOf({ key: String(key), type: type as StepType });
      if (ask !== null) addItemUsage.run(...usageColumns(usage), executionId, ask, tenant);
    }
    return budgets;
  };
}
