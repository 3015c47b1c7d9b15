import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { ApprovalAnswer } from '../../approval-store.ts';
import { approvalSignal } from '../../approval-store.ts';
import { isEnded } from '../../execution.ts';
import type { ExecutionStatus } from '../../execution.ts';
import type { Changed } from '../../execution-store.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import { approvalColumnNames } from '../../rows/approval-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { convoyEffects } from './convoy-effects.ts';
import { settling } from './settling.ts';
import { signalling } from './signalling.ts';
import type { Signalling } from './signalling.ts';
import { workItemEffects } from './work-item-effects.ts';

export interface ExecutionCommand {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
  /** Of a command that may be applied again. */
  readonly commandId?: string;
}
export interface CancelCommand extends ExecutionCommand {
  readonly reason: string | null;
}
export interface SignalCommand extends ExecutionCommand {
  readonly signalId: string;
  readonly name: string;
  readonly payload: string;
}
export interface AnswerCommand {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
  readonly answer: ApprovalAnswer;
  readonly commandId?: string;
}

/** The approval as a row of `approvalColumnNames`, and the priority of its execution. */
export interface AnswerResult {
  readonly row: Row;
  readonly priority: number;
}

interface Found {
  readonly no: number;
  readonly status: ExecutionStatus;
  readonly priority: number;
}

/**
 * The commands that come from outside a run. Each refuses before it writes. One that is applied again under the same id is
 * answered as the first time and changes nothing: a status it made bears its id as key, a signal as its own.
 */
export interface Commands {
  start(command: ExecutionCommand): Changed;
  cancel(command: CancelCommand): Changed;
  retry(command: ExecutionCommand): Changed;
  signal(command: SignalCommand): Changed;
  answer(command: AnswerCommand): AnswerResult;
}

export function commands(database: DatabaseSync, metrics: HappeningSink): Commands {
  const byId = prepare(database, 'SELECT no, status, priority FROM executions WHERE id = ? AND tenant = ?');
  const find = ({ tenant, id }: { readonly tenant: string; readonly id: string }): Found => {
    const row = byId.first(id, tenant);
    if (row === undefined)
      throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
    return { no: Number(row[0]), status: row[1] as ExecutionStatus, priority: Number(row[2]) };
  };
  const convoyOf = prepare(
    database,
    'SELECT convoy_id FROM executions JOIN work_items AS item ON item.tenant = executions.tenant AND item.id = convoy_item WHERE executions.no = ?',
  );
  const move = moving(database, metrics);
  const signal = signalling(database);

  return {
    start: (command) => {
      const { no, status, priority } = find(command);
      if (move.wasMade(no, command)) return { status: 'queued', changed: true, priority };
      if (isEnded(status)) throw ended(command.id, status, 'started');
      if (status !== 'created') return { status, changed: false, priority };
      move.queue(no, command);
      return { status: 'queued', changed: true, priority };
    },
    retry: (command) => {
      const { no, status, priority } = find(command);
      // It may have failed once more meanwhile; that is another failure.
      if (move.wasMade(no, command)) return { status: 'queued', changed: true, priority };
      if (status !== 'failed') {
        throw new SquadraError(
          'ILLEGAL_TRANSITION',
          `Execution ${command.id} is ${status}; only a failed one can be retried.`,
          { details: { executionStatus: status } },
        );
      }
      const convoy = convoyOf.first(no)?.[0];
      if (typeof convoy === 'string')
        throw new SquadraError(
          'ILLEGAL_TRANSITION',
          `Execution ${command.id} is an item of convoy ${convoy}; retry the convoy.`,
          { details: { executionStatus: status, convoyId: convoy } },
        );
      move.queue(no, command);
      move.readyItems(command);
      return { status: 'queued', changed: true, priority };
    },
    cancel: (command) => {
      const { no, status, priority } = find(command);
      if (status === 'cancelled') return { status, changed: false, priority };
      if (status === 'completed' || status === 'failed') throw ended(command.id, status, 'cancelled');
      move.cancel(no, command);
      return { status: 'cancelled', changed: true, priority };
    },
    signal: (command) => {
      const { no, status, priority } = find(command);
      if (isEnded(status) && !signal.isKnown(no, command.signalId)) throw ended(command.id, status, 'signalled');
      return { status, changed: signal.leave(no, command), priority };
    },
    answer: answering(database, signal),
  };
}

function ended(id: string, status: ExecutionStatus, verb: string): SquadraError {
  return new SquadraError('ALREADY_ENDED', `Execution ${id} is ${status} and cannot be ${verb}.`, {
    details: { executionStatus: status },
  });
}

/** Moves executions to another status, with what goes along. */
export function moving(database: DatabaseSync, metrics: HappeningSink) {
  const queue = prepare(
    database,
    "UPDATE executions SET status = 'queued', version = version + 1, error = NULL, ended_at = NULL WHERE no = ?",
  );
  const cancel = prepare(
    database,
    "UPDATE executions SET status = 'cancelled', version = version + 1, epoch = epoch + 1, reason = ?, ended_at = ?, wake_at = NULL WHERE no = ? RETURNING convoy_item, created_at",
  );
  const record = prepare(
    database,
    `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, data)
      SELECT ?, coalesce(max(seq), 0) + 1, ?, ?, 'status', ?, ?, ? FROM journal WHERE execution = ?`,
  );
  const made = prepare(database, "SELECT 1 FROM journal WHERE execution = ? AND kind = 'status' AND key = ?");
  const readyItems = prepare(
    database,
    "UPDATE work_items SET status = 'ready', reason = NULL, version = version + 1, updated_at = ? WHERE execution_id = ? AND tenant = ? AND status = 'failed' AND step_key IS NOT NULL",
  );
  const cancelItems = prepare(
    database,
    `UPDATE work_items SET status = 'cancelled', reason = 'its execution was cancelled', version = version + 1, updated_at = ?
      WHERE execution_id = ? AND tenant = ? AND step_key IS NOT NULL AND status IN ('pending', 'ready', 'blocked', 'in_progress') RETURNING id`,
  );
  const effects = workItemEffects(database);
  const settle = settling(database, metrics);
  const convoys = convoyEffects(database);
  const cancelApprovals = prepare(
    database,
    "UPDATE approvals SET status = 'cancelled' WHERE execution = ? AND status = 'pending'",
  );
  return {
    queue(no: number, { tenant, at, commandId }: ExecutionCommand): void {
      queue.run(no);
      record.run(no, tenant, at, commandId ?? null, 'queued', null, no);
    },
    wasMade: (no: number, { commandId }: ExecutionCommand): boolean =>
      commandId !== undefined && made.first(no, commandId) !== undefined,
    readyItems: ({ tenant, id, at }: ExecutionCommand): void => void readyItems.run(at, id, tenant),
    cancel(no: number, { tenant, id, at, reason }: CancelCommand): void {
      const [item, acceptedAt] = cancel.first(reason, at, no) ?? [];
      metrics.note({ kind: 'ended', tenant, at, status: 'cancelled', acceptedAt: Number(acceptedAt) });
      settle({ no, executionId: id, tenant, at });
      record.run(no, tenant, at, null, 'cancelled', reason === null ? null : JSON.stringify({ reason }), no);
      for (const [item] of cancelItems.all(at, id, tenant)) effects.ended(tenant, String(item), 'was cancelled', at);
      cancelApprovals.run(no);
      if (typeof item === 'string') convoys.childEnded(tenant, item, 'cancelled', reason, at);
    },
  };
}

function answering(database: DatabaseSync, signal: Signalling): (command: AnswerCommand) => AnswerResult {
  const find = prepare(
    database,
    `SELECT execution, step_key, choices, approvals.status, by, priority
      FROM approvals JOIN executions ON no = execution WHERE approvals.id = ? AND approvals.tenant = ?`,
  );
  // The same name may be asked again by now: what a command answered is told by its signal.
  const answered = prepare(
    database,
    `SELECT ${approvalColumnNames} FROM approvals
      WHERE execution = ?1 AND step_key = (SELECT substr(name, ?3) FROM signals WHERE execution = ?1 AND id = ?2)`,
  );
  const answer = prepare(
    database,
    `UPDATE approvals SET status = 'answered', choice = ?, by = ?, comment = ?, text = ?, answered_at = ? WHERE id = ? RETURNING ${approvalColumnNames}`,
  );
  return ({ tenant, id, at, answer: given, commandId }) => {
    const row = find.first(id, tenant);
    if (row === undefined) throw new SquadraError('NOT_FOUND', `There is no approval ${id}.`);
    const [no, stepKey, choices, status, by] = [Number(row[0]), String(row[1]), String(row[2]), String(row[3]), row[4]];
    const priority = Number(row[5]);
    const before = commandId === undefined ? undefined : answered.first(no, commandId, approvalSignal('').length + 1);
    if (before !== undefined) return { row: before, priority };
    if (status !== 'pending') {
      const how = status === 'answered' ? `answered by ${String(by)} already` : status;
      throw new SquadraError('ALREADY_ANSWERED', `Approval ${id} is ${how}.`, { details: { status } });
    }
    const offered: unknown = JSON.parse(choices);
    if (!Array.isArray(offered) || !offered.includes(given.choice)) {
      throw new SquadraError(
        'UNKNOWN_CHOICE',
        `Approval ${id} does not offer '${given.choice.slice(0, 80)}'; it offers ${choices}.`,
        { details: { choices: offered } },
      );
    }
    const changed = answer.first(given.choice, given.by, given.comment ?? null, given.text ?? null, at, id);
    if (changed === undefined) throw new SquadraError('INTERNAL', `Approval ${id} vanished while it was answered.`);
    const payload = JSON.stringify(given);
    signal.leave(no, { signalId: commandId ?? id, tenant, name: approvalSignal(stepKey), payload, at });
    return { row: changed, priority };
  };
}
