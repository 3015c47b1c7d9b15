import { SquadraError } from '../../../kernel/errors.ts';
import { isEnded } from '../../execution.ts';
import type { ExecutionStatus } from '../../execution.ts';
import type { Changed } from '../../execution-store.ts';
import type { Statements } from '../database.ts';
import { cancelExecution, queueExecution } from './moving.ts';
import type { Move } from './moving.ts';
import { toOutbox } from './outbox.ts';
import { isKnownSignal, leaveSignal } from './signalling.ts';

export interface SignalMove extends Move {
  readonly signalId: string;
  readonly name: string;
  readonly payload: string;
}

interface Found {
  readonly no: number;
  readonly status: ExecutionStatus;
  readonly priority: number;
}

/** `created → queued`. Throws `NOT_FOUND` or `ALREADY_ENDED`. */
export async function startExecution(statements: Statements, command: Move): Promise<Changed> {
  const { no, status, priority } = await find(statements, command);
  if (await wasMade(statements, no, command)) return { status: 'queued', changed: true, priority };
  if (isEnded(status)) throw ended(command.id, status, 'started');
  if (status !== 'created') return { status, changed: false, priority };
  await queue(statements, { no, priority, command });
  return { status: 'queued', changed: true, priority };
}

/** `failed → queued`. Throws `NOT_FOUND` or `ILLEGAL_TRANSITION`. */
export async function retryExecution(statements: Statements, command: Move): Promise<Changed> {
  const { no, status, priority } = await find(statements, command);
  // It may have failed once more meanwhile; that is another failure.
  if (await wasMade(statements, no, command)) return { status: 'queued', changed: true, priority };
  if (status !== 'failed')
    throw new SquadraError(
      'ILLEGAL_TRANSITION',
      `Execution ${command.id} is ${status}; only a failed one can be retried.`,
      { details: { executionStatus: status } },
    );
  const convoy = await statements.first(
    `SELECT convoy_id FROM executions JOIN work_items AS item ON item.tenant = executions.tenant AND item.id = convoy_item
      WHERE executions.no = $1`,
    no,
  );
  if (typeof convoy?.[0] === 'string')
    throw new SquadraError(
      'ILLEGAL_TRANSITION',
      `Execution ${command.id} is an item of convoy ${convoy[0]}; retry the convoy.`,
      { details: { executionStatus: status, convoyId: convoy[0] } },
    );
  await queue(statements, { no, priority, command });
  await statements.run(
    `UPDATE work_items SET status = 'ready', reason = NULL, version = version + 1, updated_at = $1
      WHERE execution_id = $2 AND tenant = $3 AND status = 'failed' AND step_key IS NOT NULL`,
    command.at,
    command.id,
    command.tenant,
  );
  return { status: 'queued', changed: true, priority };
}

/** Throws `NOT_FOUND`, or `ALREADY_ENDED` unless it is cancelled already. */
export async function cancelOne(
  statements: Statements,
  command: Move & { readonly reason: string | null },
): Promise<Changed> {
  const { no, status, priority } = await find(statements, command);
  if (status === 'cancelled') return { status, changed: false, priority };
  if (status === 'completed' || status === 'failed') throw ended(command.id, status, 'cancelled');
  await cancelExecution(statements, no, command);
  return { status: 'cancelled', changed: true, priority };
}

/** Throws `NOT_FOUND` or `ALREADY_ENDED`. */
export async function signalExecution(statements: Statements, command: SignalMove): Promise<Changed> {
  const { no, status, priority } = await find(statements, command);
  if (isEnded(status) && !(await isKnownSignal(statements, no, command.signalId)))
    throw ended(command.id, status, 'signalled');
  return { status, changed: await leaveSignal(statements, no, command), priority };
}

async function find(statements: Statements, { tenant, id }: Move): Promise<Found> {
  const row = await statements.first(
    'SELECT no, status, priority FROM executions WHERE id = $1 AND tenant = $2 FOR UPDATE',
    id,
    tenant,
  );
  if (row === undefined)
    throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
  return { no: Number(row[0]), status: row[1] as ExecutionStatus, priority: Number(row[2]) };
}

async function wasMade(statements: Statements, no: number, { commandId }: Move): Promise<boolean> {
  if (commandId === undefined) return false;
  const sql = "SELECT 1 FROM journal WHERE execution = $1 AND kind = 'status' AND key = $2";
  return (await statements.first(sql, no, commandId)) !== undefined;
}

async function queue(
  statements: Statements,
  { no, priority, command }: { readonly no: number; readonly priority: number; readonly command: Move },
): Promise<void> {
  const { tenant, id, at } = command;
  await queueExecution(statements, no, command);
  await toOutbox(statements, { no, id, tenant, priority, isStart: true, at });
}

function ended(id: string, status: ExecutionStatus, verb: string): SquadraError {
  return new SquadraError('ALREADY_ENDED', `Execution ${id} is ${status} and cannot be ${verb}.`, {
    details: { executionStatus: status },
  });
}
