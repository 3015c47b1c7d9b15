import type { Statements } from '../database.ts';
import { childEnded } from './convoy-effects.ts';
import { settleOpenCalls } from './settling.ts';
import { itemEnded } from './work-item-effects.ts';

export interface Move {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
  /** Of a command that may be applied again. */
  readonly commandId?: string;
}

/** Moves an execution, by its number, to `queued`; the caller tells the engine. Its row is locked by who calls. */
export async function queueExecution(
  statements: Statements,
  no: number,
  { tenant, at, commandId }: Move,
): Promise<void> {
  await statements.run(
    `WITH moved AS (
        UPDATE executions SET status = 'queued', version = version + 1, error = NULL, ended_at = NULL, last_seq = last_seq + 1
          WHERE no = $1 RETURNING last_seq
      )
      INSERT INTO journal (execution, seq, tenant, at, kind, key, type)
        SELECT $1, last_seq, $2, $3, 'status', $4, 'queued' FROM moved`,
    no,
    tenant,
    at,
    commandId ?? null,
  );
}

/** Ends an execution, by its number, with everything it owns, and fences its owner. Nothing happens to one that has ended. */
export async function cancelExecution(
  statements: Statements,
  no: number,
  { tenant, id, at, reason }: Move & { readonly reason: string | null },
): Promise<void> {
  const moved = await statements.first(
    `UPDATE executions SET status = 'cancelled', version = version + 1, epoch = epoch + 1, reason = $1, ended_at = $2, wake_at = NULL
      WHERE no = $3 AND status NOT IN ('completed', 'failed', 'cancelled') RETURNING convoy_item`,
    reason,
    at,
    no,
  );
  if (moved === undefined) return;
  await settleOpenCalls(statements, { no, executionId: id, tenant, at });
  await statements.run(
    `WITH numbered AS (UPDATE executions SET last_seq = last_seq + 1 WHERE no = $1 RETURNING last_seq),
      unasked AS (UPDATE approvals SET status = 'cancelled' WHERE execution = $1 AND status = 'pending'),
      untold AS (DELETE FROM outbox WHERE execution = $1)
      INSERT INTO journal (execution, seq, tenant, at, kind, type, data)
        SELECT $1, last_seq, $2, $3, 'status', 'cancelled', $4 FROM numbered`,
    no,
    tenant,
    at,
    reason === null ? null : JSON.stringify({ reason }),
  );
  const items = await statements.all(
    `UPDATE work_items SET status = 'cancelled', reason = 'its execution was cancelled', version = version + 1, updated_at = $1
      WHERE execution_id = $2 AND tenant = $3 AND step_key IS NOT NULL AND status IN ('pending', 'ready', 'blocked', 'in_progress') RETURNING id`,
    at,
    id,
    tenant,
  );
  for (const [item] of items) await itemEnded(statements, tenant, String(item), 'was cancelled', at);
  if (typeof moved[0] === 'string') await childEnded(statements, tenant, moved[0], 'cancelled', reason, at);
}
