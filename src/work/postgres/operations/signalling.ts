import type { Statements } from '../database.ts';

/** A signal as it is stored. `payload` is JSON text. */
export interface NewSignal {
  readonly tenant: string;
  readonly at: number;
  readonly signalId: string;
  readonly name: string;
  readonly payload: string;
}

/** Whether an execution, by its number, was ever left a signal of this id. */
export async function isKnownSignal(statements: Statements, no: number, signalId: string): Promise<boolean> {
  return (await statements.first('SELECT 1 FROM signals WHERE execution = $1 AND id = $2', no, signalId)) !== undefined;
}

/**
 * Leaves a signal for an execution, by its number; false when it was there already. The engine is told also where the execution
 * is claimed, or is about to be: that run may be live in another process, or may park at this moment without seeing the signal.
 */
export async function leaveSignal(statements: Statements, no: number, signal: NewSignal): Promise<boolean> {
  const { tenant, at, signalId, name, payload } = signal;
  const row = await statements.first(
    `WITH come AS (
        INSERT INTO signals (id, tenant, execution, name, payload, at) VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (execution, id) DO NOTHING RETURNING execution
      ),
      woken AS (
        UPDATE executions SET wake_at = $6 FROM come
          WHERE no = come.execution AND status = 'waiting' AND (wake_at IS NULL OR wake_at > $6)
      ),
      told AS (
        INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at)
          SELECT no, id, e.tenant, priority, 0, $6 FROM executions e JOIN come ON come.execution = no
            WHERE status IN ('queued', 'running', 'waiting')
      )
      SELECT execution FROM come`,
    signalId,
    tenant,
    no,
    name,
    payload,
    at,
  );
  return row !== undefined;
}
