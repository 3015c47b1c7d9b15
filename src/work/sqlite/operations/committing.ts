import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { ItemChange } from '../../work-item.ts';
import type { JournalColumns } from '../journal-row.ts';
import { prepare } from '../statements.ts';

/** The new status with what comes along. `output` and `error` are JSON text. */
export type StatusColumns = readonly [status: string, output: string | null, error: string | null, reason: string | null, wakeAt: number | null];

/** Tokens, cost and counts in the order of the columns of `executions`. */
export type UsageColumns = readonly [number, number, number, number, number, number, number, number];

/** id, step key, title, details, choices (JSON). */
export type ApprovalColumns = readonly [string, string, string, string | null, string];

/** One transaction of a run as it travels to the writer thread. */
export type CommitArguments = readonly [
  no: number,
  epoch: number,
  seq: number,
  at: number,
  tenant: string,
  executionId: string,
  records: readonly JournalColumns[],
  status: StatusColumns | null,
  usage: UsageColumns | null,
  more: CommitMore | null,
];

/** What few commits have. */
export interface CommitMore {
  readonly items: readonly ItemChange[];
  readonly approvals: readonly ApprovalColumns[];
  /** Step keys of approvals that ended; those without an answer expire. */
  readonly endedApprovals: readonly string[];
  readonly takesSignal: string | null;
  readonly awaitedSignals: readonly string[];
}

/** Appends records under the epoch; true when a parked run has a signal it waits for. */
export function committing(database: DatabaseSync): (commit: CommitArguments) => boolean {
  const owned = prepare(database, "SELECT 1 FROM executions WHERE no = ? AND epoch = ? AND status = 'running'");
  const insert = prepare(
    database,
    `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, input_hash, due_at, data, text)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const setStatus = prepare(
    database,
    `UPDATE executions SET status = ?, output = ?, error = ?, reason = ?, wake_at = ?, ended_at = ?, version = version + 1
      WHERE no = ? AND epoch = ? AND status = 'running'`,
  );
  const addUsage = prepare(
    database,
    `UPDATE executions SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, cached_tokens = cached_tokens + ?,
      reasoning_tokens = reasoning_tokens + ?, cost_micro_usd = cost_micro_usd + ?, model_calls = model_calls + ?,
      estimated_calls = estimated_calls + ?, unpriced_calls = unpriced_calls + ? WHERE no = ?`,
  );
  const extras = commitExtras(database);

  return ([no, epoch, seq, at, tenant, executionId, records, status, usage, more]) => {
    if (status === null) {
      if (owned.first(no, epoch) === undefined) throw staleOwner(executionId, epoch);
    } else {
      const [name, output, error, reason, wakeAt] = status;
      const endedAt = name === 'waiting' ? null : at;
      if (setStatus.run(name, output, error, reason, wakeAt, endedAt, no, epoch) === 0) throw staleOwner(executionId, epoch);
      if (name === 'failed') extras.failOpenItems(executionId, at);
    }
    let next = seq;
    for (const columns of records) insert.run(no, next++, tenant, at, ...columns);
    if (usage !== null) addUsage.run(...usage, no);
    return more === null ? false : extras.apply(no, executionId, tenant, at, more);
  };
}

function staleOwner(executionId: string, epoch: number): SquadraError {
  return new SquadraError('STALE_OWNER', `Execution ${executionId} is no longer owned by epoch ${epoch}; that run stops.`, { details: { executionId, epoch } });
}

interface CommitExtras {
  apply(no: number, executionId: string, tenant: string, at: number, more: CommitMore): boolean;
  failOpenItems(executionId: string, at: number): void;
}

function commitExtras(database: DatabaseSync): CommitExtras {
  const begin = prepare(
    database,
    `INSERT INTO work_items (id, tenant, status, version, priority, member_id, execution_id, step_key, created_at, updated_at, title, context, metadata, artifacts,
      labels, dependencies) VALUES (?, ?, 'in_progress', 1, 0, ?, ?, ?, ?, ?, ?, 'null', 'null', 'null', '[]', '[]')
      ON CONFLICT (id) DO UPDATE SET status = 'in_progress', version = version + 1, updated_at = excluded.updated_at, reason = NULL WHERE status = 'ready'`,
  );
  const end = prepare(
    database,
    "UPDATE work_items SET status = ?, reason = ?, version = version + 1, updated_at = ? WHERE id = ? AND tenant = ? AND status = 'in_progress'",
  );
  const failOpen = prepare(
    database,
    `UPDATE work_items SET status = 'failed', reason = 'its execution failed', version = version + 1, updated_at = ?
      WHERE execution_id = ? AND status = 'in_progress' AND step_key IS NOT NULL`,
  );
  const ask = prepare(
    database,
    `INSERT INTO approvals (id, step_key, title, details, choices, tenant, execution, execution_id, status, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?) ON CONFLICT (id) DO NOTHING`,
  );
  const expire = prepare(database, "UPDATE approvals SET status = 'expired' WHERE execution = ? AND step_key = ? AND status = 'pending'");
  const take = prepare(database, 'UPDATE signals SET taken_at = ? WHERE id = ? AND execution = ? AND taken_at IS NULL');
  const waiting = prepare(database, 'SELECT 1 FROM signals WHERE execution = ? AND name = ? AND taken_at IS NULL LIMIT 1');

  const change = (item: ItemChange, executionId: string, tenant: string, at: number): void => {
    if (item.change === 'begin') begin.run(item.id, tenant, item.memberId, executionId, item.stepKey, at, at, item.title);
    else end.run(item.change === 'complete' ? 'completed' : 'failed', item.change === 'fail' ? item.reason : null, at, item.id, tenant);
  };

  return {
    failOpenItems: (executionId, at) => void failOpen.run(at, executionId),
    apply: (no, executionId, tenant, at, more) => {
      for (const item of more.items) change(item, executionId, tenant, at);
      for (const approval of more.approvals) ask.run(...approval, tenant, no, executionId, at);
      for (const key of more.endedApprovals) expire.run(no, key);
      if (more.takesSignal !== null) take.run(at, more.takesSignal, no);
      return more.awaitedSignals.some((name) => waiting.first(no, name) !== undefined);
    },
  };
}
