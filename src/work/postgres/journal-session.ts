import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Commit, Committed, JournalSession, PendingSignal } from '../execution-store.ts';
import type { Journaled, JournalRecord } from '../journal.ts';
import { chargesOf, moreOf, statusColumns, usageOf } from '../rows/commit-columns.ts';
import type { CommitMore } from '../rows/commit-columns.ts';
import { journalColumns } from '../rows/journal-row.ts';
import type { Row } from '../rows/row.ts';
import type { Database } from './database.ts';
import type { GroupLane } from './group-lane.ts';
import { commitWhole, resolveDoubt } from './operations/committing.ts';
import type { PlainCommit, WholeCommit } from './operations/committing.ts';

/** What sessions of one process share. */
export interface SessionParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Commits of records alone, of many sessions, in one statement. */
  readonly plain: GroupLane<PlainCommit, null>;
}

/** What a session knows of its claim: whose, and which row. */
export interface SessionPlace {
  readonly tenant: string;
  readonly executionId: string;
  readonly no: number;
  readonly epoch: number;
  /** Whether something of it may be open beside the journal when it ends. */
  readonly mayOwn: boolean;
}

/** So long after a proof was asked for the claim is taken to hold: no other process claims what it has no order for that fast. */
const believedMs = 1_000;

const asleep: Committed = { awake: false, settled: [] };
/** After an answer that was lost: whatever the run waits for, it is to look again. */
const unsure: Committed = { awake: true, settled: [] };
/** Refusals after which nothing is stored and nothing has to be found out. */
const clean = new Set(['STALE_OWNER', 'WRITES_SATURATED', 'BUDGET_EXCEEDED', 'UNPRICED_MODEL']);

/**
 * The write side of one claim.
 *
 * W1  Commits take effect in the order of the calls: one is on its way at a time.
 * W2  Each names how many came before it. When an answer was lost, it is found out first whether that commit is stored, and if it is
 *     not it never will be; so the same commit made again is stored once, and another one behind it is not taken for it.
 * W3  What has nothing but records goes with those of other sessions.
 * W4  A commit proves that the claim held when it was sent. A process that stood still since may have lost it meanwhile: on the clock
 *     that is told, which also counts what a machine slept.
 */
export class PostgresJournalSession implements JournalSession {
  readonly epoch: number;
  readonly #parts: SessionParts;
  readonly #place: SessionPlace;
  readonly #stored = new WeakSet<Commit>();
  #mayOwn: boolean;
  #next = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** When the last proof of the claim was asked for. */
  #provenAt: number;
  /** The commit whose answer was lost. */
  #doubted: Commit | null = null;

  constructor(parts: SessionParts, place: SessionPlace) {
    this.epoch = place.epoch;
    this.#parts = parts;
    this.#place = place;
    this.#mayOwn = place.mayOwn;
    this.#provenAt = parts.clock.now();
  }

  get isUnsure(): boolean {
    const age = this.#parts.clock.now() - this.#provenAt;
    return age < 0 || age > believedMs;
  }

  commit(commit: Commit): Promise<Committed> {
    const made = this.#tail.then(() => this.#make(commit));
    this.#tail = made.catch(() => {});
    return made;
  }

  async signals(): Promise<readonly PendingSignal[]> {
    const rows = await this.#parts.database.all(
      'SELECT id, name, payload FROM signals WHERE execution = $1 AND taken_at IS NULL ORDER BY no',
      this.#place.no,
    );
    return rows.map(pendingSignal);
  }

  async #make(commit: Commit): Promise<Committed> {
    if (this.#doubted !== null) await this.#resolve(this.#doubted);
    if (this.#stored.has(commit)) return unsure;
    const sentAt = this.#parts.clock.now();
    try {
      const committed = await this.#send(commit);
      this.#next += 1;
      this.#provenAt = sentAt;
      return committed;
    } catch (error) {
      if (!(error instanceof SquadraError && clean.has(error.code))) this.#doubted = commit;
      throw error;
    }
  }

  #send(commit: Commit): Promise<Committed> {
    const { plain, database, clock } = this.#parts;
    const { tenant, executionId, no, epoch } = this.#place;
    const status = commit.records.find((record) => record.kind === 'status');
    const head: PlainCommit = {
      tenant,
      executionId,
      no,
      epoch,
      place: this.#next,
      at: clock.now(),
      records: commit.records.map(journalColumns),
      status: status === undefined ? null : statusColumns(status),
    };
    const whole: WholeCommit = {
      ...head,
      usage: usageOf(commit.records),
      more: moreOf(commit),
      charges: chargesOf(commit),
    };
    this.#mayOwn ||= commit.records.some(mayLeaveOpen) || (commit.items?.length ?? 0) > 0;
    return this.#isPlain(whole)
      ? plain.add(head).then(() => asleep)
      : database.transaction((statements) => commitWhole(statements, whole));
  }

  #isPlain({ status, usage, more, charges }: WholeCommit): boolean {
    if (usage !== null || charges !== null || (more !== null && !closesAlone(more))) return false;
    const isEnd = status !== null && (status[0] === 'completed' || status[0] === 'failed');
    return !this.#mayOwn || !isEnd;
  }

  async #resolve(commit: Commit): Promise<void> {
    const { no, epoch, executionId } = this.#place;
    const { isStored, next } = await resolveDoubt(this.#parts.database, { no, epoch, executionId, place: this.#next });
    if (isStored) this.#stored.add(commit);
    this.#next = next;
    this.#doubted = null;
  }
}

export function pendingSignal(row: Row): PendingSignal {
  return { id: String(row[0]), name: String(row[1]), payload: String(row[2]) };
}

/** Whether a run that begins with these records may have something open beside them when it ends. */
export function mayOwn(records: readonly Journaled[], convoyItemId: string | null): boolean {
  return convoyItemId !== null || records.some(mayLeaveOpen);
}

/** Calls may be in flight, asks have items, approvals somebody who is asked. */
function mayLeaveOpen(record: JournalRecord): boolean {
  if (record.kind !== 'step') return false;
  return record.phase === 'intent' || record.type === 'model' || record.type === 'tool' || record.type === 'approval';
}

/** Nothing but the end of what may be open. */
function closesAlone(more: CommitMore): boolean {
  const { items, approvals, endedApprovals, takesSignal, awaitedSignals } = more;
  return items.length + approvals.length + endedApprovals.length + awaitedSignals.length === 0 && takesSignal === null;
}
