import { SquadraError } from '../../kernel/errors.ts';
import { text, whole } from '../rows/columns.ts';
import type { MoveStatus, StateMove } from '../state-copy.ts';
import type { Statements } from './database.ts';

/** The move into this database; with `lock` nobody else changes it until the transaction ends. */
export async function readMove(
  statements: Statements,
  lock: '' | 'FOR UPDATE' | 'FOR SHARE' = '',
): Promise<StateMove | null> {
  const row = await statements.first(`SELECT id, source, status, attempt, changed_at FROM state_move ${lock}`);
  if (row === undefined) return null;
  const [id, source, status, attempt, changedAt] = row;
  // Only `complete` and its like write the column.
  const found = text(status) as MoveStatus;
  return { id: text(id), source: text(source), status: found, attempt: whole(attempt), changedAt: whole(changedAt) };
}

/** Throws where a state was to be moved into this database and that has not come to its end, or was taken back. */
export async function requireWholeState(statements: Statements): Promise<void> {
  const move = await readMove(statements);
  if (move === null || move.status === 'done') return;
  const what =
    move.status === 'undone'
      ? `The state of ${move.source} was moved here and taken back: it lives on there.`
      : `The state of ${move.source} is being moved here, and not all of it has arrived.`;
  throw new SquadraError('STORE_INCOMPLETE', what, { details: { ...move } });
}

/** Changes whenever the fleet does something with what was moved: by number, version and claim. */
const contentSql = `SELECT concat_ws(' ',
  (SELECT max(no) FROM journal),
  (SELECT concat_ws(',', count(*), max(no), sum(version), sum(epoch), sum(commits)) FROM executions),
  (SELECT concat_ws(',', count(*), max(no), sum(taken_at)) FROM signals),
  (SELECT concat_ws(',', count(*), count(answered_at)) FROM approvals),
  (SELECT concat_ws(',', count(*), max(no), sum(version)) FROM work_items),
  (SELECT concat_ws(',', count(*), sum(version)) FROM squads),
  (SELECT concat_ws(',', count(*), max(no), sum(version)) FROM convoys),
  (SELECT concat_ws(',', count(*), max(no), sum(updated_at)) FROM budgets),
  (SELECT concat_ws(',', count(*), max(no), sum(version), sum(fired_ticks)) FROM schedules),
  (SELECT concat_ws(',', count(*), max(id), count(revoked_at)) FROM api_keys))`;

/** What is in the tables now, in short: kept with a move at its end, to see later whether anything was done since. */
export async function readContent(statements: Statements): Promise<string> {
  return text((await statements.first(contentSql))?.[0]);
}
