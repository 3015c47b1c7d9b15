import { SquadraError } from '../../../kernel/errors.ts';
import type { CommitCharges, CommitMore, CommitUsage, StatusColumns } from '../../rows/commit-columns.ts';
import type { JournalColumns } from '../../rows/journal-row.ts';
import type { ItemChange } from '../../work-item.ts';
import type { Statements } from '../database.ts';
import { storedText } from '../stored-text.ts';
import { reserve, settle } from './budget-ledger.ts';
import { childEnded } from './convoy-effects.ts';
import { addUsage, settleOpenCalls } from './settling.ts';
import { itemCompleted, itemEnded } from './work-item-effects.ts';

/** What a run records: under which claim, and which of its commits it is. */
export interface PlainCommit {
  readonly no: number;
  readonly executionId: string;
  readonly tenant: string;
  readonly epoch: number;
  /** How many commits of this claim came before. */
  readonly place: number;
  readonly at: number;
  readonly records: readonly JournalColumns[];
  readonly status: StatusColumns | null;
}

export interface WholeCommit extends PlainCommit {
  readonly usage: CommitUsage | null;
  readonly more: CommitMore | null;
  readonly charges: CommitCharges | null;
}

/**
 * What is still to be told to the engine of those that end (a signal that came while they ran) is nobody's business any more.
 * By its number alone (IS TRUE): what the index of those that run holds is mostly over, and would be looked at in vain.
 */
const commitSql = `WITH moved AS (
    UPDATE executions e SET commits = e.commits + 1, last_seq = e.last_seq + g.n, status = coalesce(g.status, e.status),
        version = e.version + CASE WHEN g.status IS NULL THEN 0 ELSE 1 END,
        output = CASE WHEN g.status IS NULL THEN e.output ELSE g.output END, error = CASE WHEN g.status IS NULL THEN e.error ELSE g.error END,
        reason = CASE WHEN g.status IS NULL THEN e.reason ELSE g.reason END, wake_at = CASE WHEN g.status IS NULL THEN e.wake_at ELSE g.wake_at END,
        ended_at = CASE WHEN g.status IS NULL THEN e.ended_at WHEN g.status = 'waiting' THEN NULL ELSE g.at END
      FROM json_to_recordset($1::json) AS g (no bigint, epoch integer, place integer, at bigint, n integer, status text, output text, error text,
        reason text, wake_at bigint)
      WHERE e.no = g.no AND e.epoch = g.epoch AND (e.status = 'running') IS TRUE AND e.commits = g.place
      RETURNING e.no, e.last_seq - g.n AS base, g.at, e.tenant, e.convoy_item, e.status
  ),
  untold AS (
    DELETE FROM outbox WHERE no = ANY(ARRAY(SELECT mine.no FROM moved
      CROSS JOIN LATERAL (SELECT o.no FROM outbox o WHERE o.execution = moved.no OFFSET 0) AS mine WHERE status IN ('completed', 'failed')))
  ),
  noted AS (
    INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, input_hash, due_at, data, text)
      SELECT moved.no, base + nth, tenant, at, kind, key, type, phase, attempt, input_hash, due_at, data, text
        FROM moved JOIN json_to_recordset($2::json) AS r (no bigint, nth integer, kind text, key text, type text, phase text, attempt integer,
          input_hash text, due_at bigint, data text, text text) ON r.no = moved.no ORDER BY moved.no, nth
  )
  SELECT no, convoy_item FROM moved`;

/** Commits of different executions. Each with its own outcome, in their order: null when it is done. */
export async function commitPlain(
  statements: Statements,
  commits: readonly PlainCommit[],
): Promise<(SquadraError | null)[]> {
  const done = new Set((await append(statements, commits)).map(([no]) => Number(no)));
  return commits.map(({ no, executionId, epoch }) => (done.has(no) ? null : staleOwner(executionId, epoch)));
}

/** One with all that few commits have, in a transaction. `STALE_OWNER`, `BUDGET_EXCEEDED` and `UNPRICED_MODEL` leave nothing. */
export async function commitWhole(
  statements: Statements,
  commit: WholeCommit,
): Promise<{ readonly awake: boolean; readonly settled: readonly string[] }> {
  const { no, executionId, tenant, epoch, at, records, status, usage, more, charges } = commit;
  const own = await statements.first(
    `SELECT convoy_item FROM executions WHERE no = $1 AND epoch = $2 AND status = 'running' AND commits = $3 FOR UPDATE`,
    no,
    epoch,
    commit.place,
  );
  if (own === undefined) throw staleOwner(executionId, epoch);
  const settled: string[] = [];
  const call = { no, executionId, tenant, at };
  for (const [key, attempt, microUsd, tokens] of charges?.settles ?? [])
    settled.push(...(await settle(statements, { ...call, key, attempt }, { microUsd, tokens })));
  if (charges?.reserves) {
    const [key, attempt, microUsd, tokens, isUnpriced, mayRaise] = charges.reserves;
    await reserve(statements, { ...call, key, attempt }, { amount: { microUsd, tokens }, isUnpriced, mayRaise });
  }
  if (more?.closesItems === true) settled.push(...(await settleOpenCalls(statements, call)));
  if ((await append(statements, [{ ...commit, records }])).length === 0) throw staleOwner(executionId, epoch);
  if (status?.[0] === 'completed')
    await statements.run("UPDATE approvals SET status = 'cancelled' WHERE execution = $1 AND status = 'pending'", no);
  const ended = status?.[0] ?? null;
  const awake = more === null ? false : await applyExtras(statements, commit, more, ended);
  if (typeof own[0] === 'string' && (ended === 'completed' || ended === 'failed'))
    await childEnded(statements, tenant, own[0], ended, reasonOf(status), at);
  if (usage !== null) await addUsage(statements, call, usage.total, usage.asks);
  return { awake, settled };
}

/**
 * Finds out whether the commit whose answer was lost is stored, and sees to it that otherwise it never will be: `place` is given
 * to no other. Safe to ask again. Returns the place of the next one.
 */
export async function resolveDoubt(
  statements: Statements,
  { no, epoch, place, executionId }: Pick<PlainCommit, 'no' | 'epoch' | 'place' | 'executionId'>,
): Promise<{ readonly isStored: boolean; readonly next: number }> {
  const row = await statements.first(
    'UPDATE executions SET commits = CASE WHEN commits < $3 + 2 THEN commits + 2 ELSE commits END WHERE no = $1 AND epoch = $2 RETURNING commits',
    no,
    epoch,
    place,
  );
  if (row === undefined) throw staleOwner(executionId, epoch);
  return { isStored: Number(row[0]) === place + 3, next: Number(row[0]) };
}

function append(statements: Statements, commits: readonly PlainCommit[]) {
  const heads = commits.map(({ no, epoch, place, at, records, status }) => {
    const [name, output, error, reason, wakeAt] = status ?? [null, null, null, null, null];
    const texts = { output: safe(output), error: safe(error), reason: safe(reason) };
    return { no, epoch, place, at, n: records.length, status: name, ...texts, wake_at: wakeAt };
  });
  const lines = commits.flatMap(({ no, records }) =>
    records.map(([kind, key, type, phase, attempt, inputHash, dueAt, data, text], index) => ({
      no,
      nth: index + 1,
      kind,
      key: safe(key),
      type,
      phase,
      attempt,
      input_hash: inputHash,
      due_at: dueAt,
      data: safe(data),
      text: safe(text),
    })),
  );
  return statements.all(commitSql, JSON.stringify(heads), JSON.stringify(lines));
}

async function applyExtras(
  statements: Statements,
  { no, executionId, tenant, at }: PlainCommit,
  more: CommitMore,
  ended: string | null,
): Promise<boolean> {
  for (const item of more.items) await changeItem(statements, item, executionId, tenant, at);
  for (const [id, key, title, details, choices] of more.approvals)
    await statements.run(
      `INSERT INTO approvals (id, step_key, title, details, choices, tenant, execution, execution_id, status, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9) ON CONFLICT (id) DO NOTHING`,
      id,
      key,
      title,
      details,
      choices,
      tenant,
      no,
      executionId,
      at,
    );
  if (more.endedApprovals.length > 0)
    await statements.run(
      "UPDATE approvals SET status = 'expired' WHERE execution = $1 AND step_key = ANY($2::text[]) AND status = 'pending'",
      no,
      more.endedApprovals,
    );
  if (more.closesItems && (ended === 'failed' || ended === 'completed')) {
    const [how, why] =
      ended === 'failed' ? ['failed', 'its execution failed'] : ['cancelled', 'its execution was completed without it'];
    const open = await statements.all(
      `UPDATE work_items SET status = $1, reason = $2, version = version + 1, updated_at = $3
        WHERE execution_id = $4 AND tenant = $5 AND status = 'in_progress' AND step_key IS NOT NULL RETURNING id`,
      how ?? '',
      why ?? '',
      at,
      executionId,
      tenant,
    );
    for (const [id] of open)
      await itemEnded(statements, tenant, String(id), ended === 'failed' ? 'failed' : 'was cancelled', at);
  }
  if (more.takesSignal !== null)
    await statements.run(
      'UPDATE signals SET taken_at = $1 WHERE id = $2 AND execution = $3 AND taken_at IS NULL',
      at,
      more.takesSignal,
      no,
    );
  if (more.awaitedSignals.length === 0) return false;
  // The run that is told to go on may die before it does: the engine is told as well.
  const awake = await statements.first(
    `WITH woken AS (
        UPDATE executions SET wake_at = $3 WHERE no = $1
          AND EXISTS (SELECT 1 FROM signals WHERE execution = $1 AND name = ANY($2::text[]) AND taken_at IS NULL)
          RETURNING no, id, tenant, priority
      )
      INSERT INTO outbox (execution, execution_id, tenant, priority, is_start, created_at)
        SELECT no, id, tenant, priority, 0, $3 FROM woken RETURNING 1`,
    no,
    more.awaitedSignals,
    at,
  );
  return awake !== undefined;
}

async function changeItem(
  statements: Statements,
  item: ItemChange,
  executionId: string,
  tenant: string,
  at: number,
): Promise<void> {
  if (item.change === 'begin') {
    await statements.run(
      `INSERT INTO work_items AS w (id, tenant, status, version, priority, member_id, execution_id, step_key, created_at, updated_at, title, model,
          context, metadata, artifacts, labels, dependencies)
        VALUES ($1, $2, 'in_progress', 1, 0, $3, $4, $5, $6, $6, $7, $8, 'null', 'null', 'null', '[]', '[]')
        ON CONFLICT (tenant, id) DO UPDATE SET status = 'in_progress', version = w.version + CASE WHEN w.status = 'ready' THEN 1 ELSE 0 END,
          updated_at = excluded.updated_at, reason = NULL, model = excluded.model
          WHERE w.status = 'ready' OR (w.status = 'in_progress' AND w.model IS NULL AND excluded.model IS NOT NULL)`,
      item.id,
      tenant,
      item.memberId,
      executionId,
      item.stepKey,
      at,
      item.title,
      item.model,
    );
    return;
  }
  if (item.change === 'attach') {
    // JSON is put together as text: U+0000 in it is no business of the database.
    await statements.run(
      `UPDATE work_items SET artifacts = CASE WHEN artifacts LIKE '[%' AND artifacts <> '[]' THEN left(artifacts, -1) || ',' ELSE '[' END || $1 || ']',
        version = version + 1, updated_at = $2 WHERE id = $3 AND tenant = $4`,
      JSON.stringify(item.artifact),
      at,
      item.id,
      tenant,
    );
    return;
  }
  const [how, why] = item.change === 'complete' ? ['completed', null] : ['failed', item.reason];
  const changed = await statements.run(
    "UPDATE work_items SET status = $1, reason = $2, version = version + 1, updated_at = $3 WHERE id = $4 AND tenant = $5 AND status = 'in_progress'",
    how ?? '',
    why ?? null,
    at,
    item.id,
    tenant,
  );
  if (changed === 0) return;
  if (item.change === 'complete') await itemCompleted(statements, tenant, item.id, at);
  else await itemEnded(statements, tenant, item.id, 'failed', at);
}

const safe = (text: string | null): string | null => (text === null ? null : storedText(text));

/** What the error of a failed execution says. */
function reasonOf(status: StatusColumns | null): string | null {
  const error: unknown = JSON.parse(status?.[2] ?? 'null');
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : null;
}

function staleOwner(executionId: string, epoch: number): SquadraError {
  return new SquadraError(
    'STALE_OWNER',
    `Execution ${executionId} is no longer owned by epoch ${epoch}; that run stops.`,
    {
      details: { executionId, epoch },
    },
  );
}
