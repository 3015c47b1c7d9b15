import type { Clock } from '../../kernel/clock.ts';
import { DurationHistogram } from '../../telemetry/histogram.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
import type { Changed, Claim, ExecutionStore, NewExecution, Submitted } from '../execution-store.ts';
import type { Inheritance } from '../fork.ts';
import { executionOf } from '../rows/execution-row.ts';
import type { Database, Statements } from './database.ts';
import { GroupLane } from './group-lane.ts';
import { mayOwn, pendingSignal, PostgresJournalSession } from './journal-session.ts';
import type { SessionParts } from './journal-session.ts';
import { claimExecutions, isClaimed } from './operations/claiming.ts';
import type { ClaimedRows, ClaimRequest } from './operations/claiming.ts';
import { cancelOne, retryExecution, signalExecution, startExecution } from './operations/commands.ts';
import { commitPlain } from './operations/committing.ts';
import type { Move } from './operations/moving.ts';
import { insertExecution, insertExecutions } from './operations/submission.ts';
import type { StoredSubmission, Submission } from './operations/submission.ts';
import { recordOf } from './queries/record-columns.ts';
import { forkExecution } from './operations/forking.ts';
import { oldExecutions, pruneExecutions } from './operations/retention.ts';

export interface ExecutionStoreSettings {
  readonly maxPendingWrites: number;
  /** Whether what is deleted has to be counted first. */
  readonly metrics: boolean;
}

export interface WriteStatistics {
  readonly pending: number;
  readonly operations: number;
  readonly groups: number;
  /** How long the groups took to be committed. */
  readonly commits: DurationDistribution;
}

/** As large as pays: beyond it a statement takes longer without getting cheaper. */
const maxSize = 200;
/** Beyond this an answer is not believed unasked. */
const slowClaimMs = 1_000;
/** Groups of one kind on their way: while one is answered the next is worked on. */
const maxGroups = 2;

interface WantedClaim extends ClaimRequest {
  readonly gone: AbortSignal | undefined;
}

/** Who waited for a connection may have been forgotten meanwhile: it would take away what another process has by now. */
async function claimWanted(
  statements: Statements,
  claims: readonly WantedClaim[],
  at: number,
): Promise<(ClaimedRows | null)[]> {
  const wanted = claims.filter(({ gone }) => gone?.aborted !== true);
  const found = wanted.length === 0 ? [] : await claimExecutions(statements, wanted, at);
  const rows = new Map(wanted.map((claim, place) => [claim, found[place] ?? null]));
  return claims.map((claim) => rows.get(claim) ?? null);
}

/** The journal's write port on PostgreSQL. */
export class PostgresExecutionStore implements ExecutionStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #settings: ExecutionStoreSettings;
  readonly #submissions: GroupLane<Submission, StoredSubmission>;
  readonly #claims: GroupLane<WantedClaim, ClaimedRows | null>;
  readonly #sessions: SessionParts;
  readonly #durations = new DurationHistogram();

  constructor(database: Database, clock: Clock, settings: ExecutionStoreSettings) {
    this.#database = database;
    this.#clock = clock;
    this.#settings = settings;
    const lane = { maxPendingWrites: settings.maxPendingWrites, maxGroups, maxSize, durations: this.#durations };
    const ofExecution = (tenant: string, id: string): string => `${tenant}\n${id}`;
    this.#submissions = new GroupLane(
      (group) => insertExecutions(database, group),
      ({ tenant, execution }) => ofExecution(tenant, execution.id),
      lane,
    );
    this.#claims = new GroupLane(
      // As of when there is a connection for it: until then somebody else may have run it.
      (group) => database.transaction((statements) => claimWanted(statements, group, clock.now())),
      ({ tenant, id }) => ofExecution(tenant, id),
      lane,
    );
    const plain = new GroupLane<Parameters<typeof commitPlain>[1][number], null>(
      (group) => commitPlain(database, group),
      ({ no }) => String(no),
      lane,
    );
    this.#sessions = { database, clock, plain };
  }

  async submit(tenant: string, execution: NewExecution): Promise<Submitted> {
    const stored =
      execution.budget === null
        ? await this.#submissions.add({ tenant, execution })
        : await this.#database.transaction((statements) => insertExecution(statements, tenant, execution));
    const { id, status, existing, no } = stored;
    const isClaimed = !existing && execution.status === 'running';
    const place = { tenant, executionId: id, no, epoch: 1, mayOwn: false };
    return { id, status, existing, session: isClaimed ? new PostgresJournalSession(this.#sessions, place) : null };
  }

  fork(tenant: string, execution: NewExecution, inheritance: Inheritance): Promise<number | null> {
    return this.#database.transaction((statements) => forkExecution(statements, tenant, execution, inheritance));
  }

  start(tenant: string, id: string, commandId?: string): Promise<Changed> {
    return this.#database.transaction((statements) => startExecution(statements, this.#move(tenant, id, commandId)));
  }

  async claim(tenant: string, id: string, gone?: AbortSignal): Promise<Claim | null> {
    const askedAt = performance.now();
    const found = await this.#claims.add({ tenant, id, gone });
    if (found === null) return null;
    // An answer that was long on its way may be older than the claim of somebody else: who began now would do again what is done.
    const isOld = performance.now() - askedAt > slowClaimMs;
    return isOld && !(await isClaimed(this.#database, found)) ? null : claimOf(this.#sessions, found);
  }

  cancel(tenant: string, id: string, reason: string | null): Promise<Changed> {
    const command = { ...this.#move(tenant, id), reason };
    return this.#database.transaction((statements) => cancelOne(statements, command));
  }

  retry(tenant: string, id: string, commandId?: string): Promise<Changed> {
    return this.#database.transaction((statements) => retryExecution(statements, this.#move(tenant, id, commandId)));
  }

  signal(
    tenant: string,
    id: string,
    signal: { readonly signalId: string; readonly name: string; readonly payload: string },
  ): Promise<Changed> {
    const command = { ...this.#move(tenant, id), ...signal };
    return this.#database.transaction((statements) => signalExecution(statements, command));
  }

  async prune(
    endedBefore: number,
    atMost: number,
    release?: (ids: readonly string[]) => Promise<void>,
  ): Promise<number> {
    const old = await oldExecutions(this.#database, endedBefore, atMost);
    if (old.length === 0) return 0;
    await release?.(old.map(({ id }) => id));
    return this.#database.transaction((statements) => pruneExecutions(statements, old, this.#settings));
  }

  /** The claim of what was claimed in a transaction of another store. */
  opened(claimed: ClaimedRows): Claim {
    return claimOf(this.#sessions, claimed);
  }

  /** Writes that wait or are on their way, and how they were gathered. */
  statistics(): WriteStatistics {
    const lanes = [this.#submissions, this.#claims, this.#sessions.plain].map((lane) => lane.statistics());
    const sum = (of: 'pending' | 'operations' | 'groups'): number => lanes.reduce((total, lane) => total + lane[of], 0);
    const commits = this.#durations.distribution();
    return { pending: sum('pending'), operations: sum('operations'), groups: sum('groups'), commits };
  }

  #move(tenant: string, id: string, commandId?: string): Move {
    return { tenant, id, at: this.#clock.now(), ...(commandId === undefined ? {} : { commandId }) };
  }
}

/** What a run starts from, out of its rows. */
function claimOf(parts: SessionParts, { no, execution: row, journal, signals }: ClaimedRows): Claim {
  const execution = executionOf(row);
  const records = journal.map(recordOf);
  const { tenant, id: executionId, epoch, convoyItemId } = execution;
  const place = { tenant, executionId, no, epoch, mayOwn: mayOwn(records, convoyItemId) };
  return { execution, records, signals: signals.map(pendingSignal), session: new PostgresJournalSession(parts, place) };
}
