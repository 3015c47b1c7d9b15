import type { Statements } from '../database.ts';

/** An execution that the engine is to advance. `isStart`: it is `queued`. */
export interface Runnable {
  readonly no: number;
  readonly id: string;
  readonly tenant: string;
  readonly priority: number;
  readonly isStart: boolean;
  readonly at: number;
}

/** Notes, in the transaction that made it runnable, that the engine is to advance an execution. */
export async function toOutbox(
  statements: Statements,
  { no, id, tenant, priority, isStart, at }: Runnable,
): Promise<void> {
  await statements.run(
    'INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at) VALUES ($1, $2, $3, $4, $5, $6)',
    no,
    id,
    tenant,
    priority,
    isStart ? 1 : 0,
    at,
  );
}
