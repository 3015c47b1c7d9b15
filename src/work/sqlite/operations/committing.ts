import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { ItemChange } from '../../work-item.ts';
import type { JournalColumns } from '../../rows/journal-row.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import { prepare } from '../statements.ts';
import { addItemUsageSql, addUsageSql } from '../usage-statements.ts';
import type { CommitCharges, CommitMore, CommitUsage, StatusColumns } from '../../rows/commit-columns.ts';
import { appendRecordSql } from './append-record.ts';
import { budgetLedger } from './budget-ledger.ts';
import type { ChargedCall } from './budget-ledger.ts';
import { convoyEffects } from './convoy-effects.ts';
import { settling } from './settling.ts';
import { notingSteps } from './step-notes.ts';
import { workItemEffects } from './work-item-effects.ts';

/** One transaction of a run as it travels to the writer thread. */
export type CommitArguments = readonly [
  no: number,
  epoch: number,
  at: number,
  tenant: string,
  executionId: string,
  records: readonly JournalColumns[],
  status: StatusColumns | null,
  usage: CommitUsage | null,
  more: CommitMore | null,
  charges: CommitCharges | null,
];

/** `awake`: a parked run has a signal it waits for. `settled`: names of the budgets that held something for calls that ended. */
export interface CommitAnswer {
  readonly awake: boolean;
  readonly settled: readonly string[];
}

/** The answer to most commits, which travels for less. */
const nothingToTell = null;
const noBudgets: readonly string[] = [];

/**
 * Appends records under the epoch; null when there is nothing to tell.
 * The id is asked for beside the number because numbers of deleted executions are given again.
 */
export function committing(
  database: DatabaseSync,
  metrics: HappeningSink,
): (commit: CommitArguments) => CommitAnswer | null {
  const owned = prepare(
    database,
    "SELECT 1 FROM executions WHERE no = ? AND id = ? AND epoch = ? AND status = 'running'",
  );
  const insert = prepare(database, appendRecordSql);
  const setStatus = prepare(
    database,
    `UPDATE executions SET status = ?, output = ?, error = ?, reason = ?, wake_at = ?, ended_at = ?, version = version + 1
      WHERE no = ? AND id = ? AND epoch = ? AND status = 'running' RETURNING convoy_item, created_at`,
  );
  const addUsage = prepare(database, addUsageSql);
  const addItemUsage = prepare(database, addItemUsageSql);
  const settle = settling(database, metrics);
  const dropApprovals = prepare(
    database,
    "UPDATE approvals SET status = 'cancelled' WHERE execution = ? AND status = 'pending'",
  );
  const extras = commitExtras(database);
  const convoys = convoyEffects(database);
  const charge = charging(database);
  const noteStep = notingSteps(database, metrics);

  return ([no, epoch, at, tenant, executionId, records, status, usage, more, charges]) => {
    let item: unknown = null;
    let acceptedAt = at;
    if (status === null) {
      if (owned.first(no, executionId, epoch) === undefined) throw staleOwner(executionId, epoch);
    } else {
      const [name, output, error, reason, wakeAt] = status;
      const endedAt = name === 'waiting' ? null : at;
      const moved = setStatus.first(name, output, error, reason, wakeAt, endedAt, no, executionId, epoch);
      if (moved === undefined) throw staleOwner(executionId, epoch);
      item = moved[0];
      acceptedAt = Number(moved[1]);
      // A question that a race left open has nobody to answer to. After a failure it stays: a retry asks it again.
      if (name === 'completed') dropApprovals.run(no);
    }
    // Before anything else: it may refuse the commit.
    let settled = charges === null ? noBudgets : charge({ no, executionId, tenant, at }, charges);
    if (more?.closesItems === true) settled = [...settled, ...settle({ no, executionId, tenant, at })];
    for (const columns of records) {
      insert.run(no, tenant, at, ...columns);
      noteStep(no, tenant, at, columns);
    }
    const ended = status?.[0] ?? null;
    if (ended === 'completed' || ended === 'failed')
      metrics.note({ kind: 'ended', tenant, at, status: ended, acceptedAt });
    const awake = more === null ? false : extras.apply({ no, executionId, tenant, at, ended }, more);
    if (typeof item === 'string' && (ended === 'completed' || ended === 'failed'))
      convoys.childEnded(tenant, item, ended, reasonOf(status), at);
    if (usage !== null) {
      addUsage.run(...usage.total, no);
      // After the item of the ask was begun, which may be in this same commit.
      for (const [ask, columns] of usage.asks) addItemUsage.run(...columns, executionId, ask, tenant);
    }
    return awake || settled.length > 0 ? { awake, settled } : nothingToTell;
  };
}

/**
 * Settles and reserves. What was settled here is taken back when there is no room for what is to be reserved. Returns the names
 * of the budgets that held what was settled.
 */
function charging(
  database: DatabaseSync,
): (execution: Omit<ChargedCall, 'key' | 'attempt'>, charges: CommitCharges) => readonly string[] {
  const ledger = budgetLedger(database);
  return (execution, { settles, reserves }) => {
    const isGuarded = settles.length > 0 && reserves !== null;
    const settled: string[] = [];
    if (isGuarded) database.exec('SAVEPOINT charges');
    try {
      for (const [key, attempt, microUsd, tokens] of settles)
        settled.push(...ledger.settle({ ...execution, key, attempt }, { microUsd, tokens }));
      if (reserves === null) return settled;
      const [key, attempt, microUsd, tokens, isUnpriced, mayRaise] = reserves;
      ledger.reserve({ ...execution, key, attempt }, { amount: { microUsd, tokens }, isUnpriced, mayRaise });
      return settled;
    } catch (error) {
      if (isGuarded && database.isTransaction) database.exec('ROLLBACK TO charges');
      throw error;
    } finally {
      if (isGuarded && database.isTransaction) database.exec('RELEASE charges');
    }
  };
}

/** What the error of a failed execution says. */
function reasonOf(status: StatusColumns | null): string | null {
  const error: unknown = JSON.parse(status?.[2] ?? 'null');
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : null;
}

function staleOwner(executionId: string, epoch: number): SquadraError {
  return new SquadraError(
    'STALE_OWNER',
    `Execution ${executionId} is no longer owned by epoch ${epoch}; that run stops.`,
    { details: { executionId, epoch } },
  );
}

interface CommitContext {
  readonly no: number;
  readonly executionId: string;
  readonly tenant: string;
  readonly at: number;
  /** The new status, if the commit has one. */
  readonly ended: string | null;
}

interface CommitExtras {
  apply(context: CommitContext, more: CommitMore): boolean;
}

function commitExtras(database: DatabaseSync): CommitExtras {
  const begin = prepare(
    database,
    `INSERT INTO work_items (id, tenant, status, version, priority, member_id, execution_id, step_key, created_at, updated_at, title, model, context, metadata,
      artifacts, labels, dependencies) VALUES (?, ?, 'in_progress', 1, 0, ?, ?, ?, ?, ?, ?, ?, 'null', 'null', 'null', '[]', '[]')
      ON CONFLICT (tenant, id) DO UPDATE SET status = 'in_progress', version = version + (status = 'ready'), updated_at = excluded.updated_at, reason = NULL,
        model = excluded.model WHERE status = 'ready' OR (status = 'in_progress' AND model IS NULL AND excluded.model IS NOT NULL)`,
  );
  const end = prepare(
    database,
    "UPDATE work_items SET status = ?, reason = ?, version = version + 1, updated_at = ? WHERE id = ? AND tenant = ? AND status = 'in_progress'",
  );
  const attach = prepare(
    database,
    `UPDATE work_items SET artifacts = json_insert(iif(json_type(artifacts) = 'array', artifacts, '[]'), '$[#]', json(?)), version = version + 1, updated_at = ?
      WHERE id = ? AND tenant = ?`,
  );
  const closeOpen = prepare(
    database,
    `UPDATE work_items SET status = ?, reason = ?, version = version + 1, updated_at = ?
      WHERE execution_id = ? AND status = 'in_progress' AND step_key IS NOT NULL RETURNING id`,
  );
  const effects = workItemEffects(database);
  const ask = prepare(
    database,
    `INSERT INTO approvals (id, step_key, title, details, choices, tenant, execution, execution_id, status, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?) ON CONFLICT (id) DO NOTHING`,
  );
  const expire = prepare(
    database,
    "UPDATE approvals SET status = 'expired' WHERE execution = ? AND step_key = ? AND status = 'pending'",
  );
  const take = prepare(database, 'UPDATE signals SET taken_at = ? WHERE id = ? AND execution = ? AND taken_at IS NULL');
  const waiting = prepare(
    database,
    'SELECT 1 FROM signals WHERE execution = ? AND name = ? AND taken_at IS NULL LIMIT 1',
  );
  const wakeAt = prepare(database, 'UPDATE executions SET wake_at = ? WHERE no = ?');

  const change = (item: ItemChange, executionId: string, tenant: string, at: number): void => {
    if (item.change === 'begin')
      begin.run(item.id, tenant, item.memberId, executionId, item.stepKey, at, at, item.title, item.model);
    else if (item.change === 'attach') attach.run(JSON.stringify(item.artifact), at, item.id, tenant);
    else if (item.change === 'complete') {
      if (end.run('completed', null, at, item.id, tenant) > 0) effects.completed(tenant, item.id, at);
    } else if (end.run('failed', item.reason, at, item.id, tenant) > 0) effects.ended(tenant, item.id, 'failed', at);
  };

  return {
    apply: ({ no, executionId, tenant, at, ended }, more) => {
      for (const item of more.items) change(item, executionId, tenant, at);
      for (const approval of more.approvals) ask.run(...approval, tenant, no, executionId, at);
      for (const key of more.endedApprovals) expire.run(no, key);
      if (more.closesItems && ended === 'failed') {
        for (const [id] of closeOpen.all('failed', 'its execution failed', at, executionId))
          effects.ended(tenant, String(id), 'failed', at);
      }
      if (more.closesItems && ended === 'completed') {
        const open = closeOpen.all('cancelled', 'its execution was completed without it', at, executionId);
        for (const [id] of open) effects.ended(tenant, String(id), 'was cancelled', at);
      }
      if (more.takesSignal !== null) take.run(at, more.takesSignal, no);
      const awake = more.awaitedSignals.some((name) => waiting.first(no, name) !== undefined);
      // The run that is told to go on may die before it does; the next start finds it by its time.
      if (awake) wakeAt.run(at, no);
      return awake;
    },
  };
}
