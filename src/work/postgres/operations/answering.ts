import { SquadraError } from '../../../kernel/errors.ts';
import { approvalSignal } from '../../approval-store.ts';
import type { ApprovalAnswer } from '../../approval-store.ts';
import { approvalColumnNames } from '../../rows/approval-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';
import { leaveSignal } from './signalling.ts';

export interface AnswerCommand {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
  readonly answer: ApprovalAnswer;
  readonly commandId: string | undefined;
}

/**
 * Leaves an answer for the step that waits for it. Returns a row of `approvalColumnNames` and the priority of the execution. Throws
 * `NOT_FOUND`, `ALREADY_ANSWERED` or `UNKNOWN_CHOICE`.
 */
export async function answerApproval(
  statements: Statements,
  { tenant, id, at, answer, commandId }: AnswerCommand,
): Promise<{ readonly row: Row; readonly priority: number }> {
  const found = await statements.first(
    `SELECT execution, step_key, choices, approvals.status, by, priority
      FROM approvals JOIN executions ON no = execution WHERE approvals.id = $1 AND approvals.tenant = $2 FOR UPDATE`,
    id,
    tenant,
  );
  if (found === undefined) throw new SquadraError('NOT_FOUND', `There is no approval ${id}.`);
  const [execution, stepKey, choices, status, by] = found;
  const [no, priority] = [Number(execution), Number(found[5])];
  const before = commandId === undefined ? undefined : await answeredBy(statements, no, commandId);
  if (before !== undefined) return { row: before, priority };
  if (status !== 'pending') {
    const how = status === 'answered' ? `answered by ${String(by)} already` : String(status);
    throw new SquadraError('ALREADY_ANSWERED', `Approval ${id} is ${how}.`, { details: { status } });
  }
  const offered: unknown = JSON.parse(String(choices));
  if (!Array.isArray(offered) || !offered.includes(answer.choice))
    throw new SquadraError(
      'UNKNOWN_CHOICE',
      `Approval ${id} does not offer '${answer.choice.slice(0, 80)}'; it offers ${String(choices)}.`,
      { details: { choices: offered } },
    );
  const row = await statements.first(
    `UPDATE approvals SET status = 'answered', choice = $1, by = $2, comment = $3, text = $4, answered_at = $5
      WHERE id = $6 RETURNING ${approvalColumnNames}`,
    answer.choice,
    answer.by,
    answer.comment ?? null,
    answer.text ?? null,
    at,
    id,
  );
  if (row === undefined) throw new SquadraError('INTERNAL', `Approval ${id} vanished while it was answered.`);
  const name = approvalSignal(String(stepKey));
  await leaveSignal(statements, no, {
    signalId: commandId ?? id,
    tenant,
    name,
    payload: JSON.stringify(answer),
    at,
  });
  return { row, priority };
}

/** What a command answered: the same name may be asked again by now, but its signal tells which it was. */
function answeredBy(statements: Statements, no: number, commandId: string): Promise<Row | undefined> {
  return statements.first(
    `SELECT ${approvalColumnNames} FROM approvals
      WHERE execution = $1 AND step_key = (SELECT substr(name, $3) FROM signals WHERE execution = $1 AND id = $2)`,
    no,
    commandId,
    approvalSignal('').length + 1,
  );
}
