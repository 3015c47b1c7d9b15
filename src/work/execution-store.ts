import type { Failure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import type { BudgetLimits } from './budget.ts';
import type { Execution, ExecutionStatus } from './execution.ts';
import type { Inheritance } from './fork.ts';
import type { Journaled, JournalRecord, MessageRecord } from './journal.ts';
import type { Usage } from './usage.ts';
import type { ItemChange } from './work-item.ts';

/** What a submission stores. `input` and `metadata` are JSON text; times are epoch milliseconds. */
export interface NewExecution {
  readonly id: string;
  readonly userId: string | null;
  readonly workflow: string;
  readonly squadId: string | null;
  readonly squadVersion: number | null;
  /** `created` waits for a start; `queued` waits for a place; `running` is claimed by the submitter in the same commit. */
  readonly status: 'created' | 'queued' | 'running';
  readonly priority: number;
  readonly input: string;
  /** True when the input has a text `message`: then that is the first message of the execution. */
  readonly isRequest: boolean;
  readonly metadata: string;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
  readonly createdAt: number;
  /** Where in a trace it was asked for (W3C `traceparent`); null where nobody said. */
  readonly traceparent: string | null;
  /** The ceiling of this execution; null where none was given. */
  readonly budget: BudgetLimits | null;
}

/** `existing` when the idempotency key was used before: then `id` is the earlier execution's and nothing was stored. */
export interface Submitted {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly existing: boolean;
  /** There when the submission was claimed. */
  readonly session: JournalSession | null;
}

/** A signal that came and was not taken yet. `payload` is JSON text. */
export interface PendingSignal {
  readonly id: string;
  readonly name: string;
  readonly payload: string;
}

/** Everything a run needs to start from the top. */
export interface Claim {
  readonly execution: Execution;
  readonly records: readonly Journaled[];
  readonly signals: readonly PendingSignal[];
  readonly session: JournalSession;
}

/** What an attempt of a call may cost at most; `mayRaise`: a person said that ceilings may be raised for it. */
export interface CallReservation {
  readonly key: string;
  readonly attempt: number;
  readonly usage: Usage;
  readonly mayRaise: boolean;
}

/** One transaction of a run: what it records and what else changes with it. */
export interface Commit {
  readonly records: readonly JournalRecord[];
  readonly items?: readonly ItemChange[];
  /** The signal that the wait completed here took. */
  readonly takesSignal?: string;
  /** With a record of status `waiting`: names of signals that would make the wait end at once. */
  readonly awaitedSignals?: readonly string[];
  /** With the intent of a model call: what it may cost. Throws `BUDGET_EXCEEDED` or `UNPRICED_MODEL`, and then nothing is stored. */
  readonly reserves?: CallReservation;
  /** With a record that ends the execution: its work items still in progress and its attempts in flight are closed. */
  readonly closesItems?: boolean;
}

/**
 * `awake`: the commit parked the run, but a signal it waits for is already there. `settled`: names of the budgets that held
 * something for a call that ended with this commit: there may be room in them now. Answers of commits, and their refusals,
 * come in the order in which they took effect.
 */
export interface Committed {
  readonly awake: boolean;
  readonly settled: readonly string[];
}

/**
 * The write side of one claim. Every commit names the epoch of the claim and is refused with `STALE_OWNER` when a newer
 * claim, a cancel or an end came before it. Commits of one session take effect in the order of the calls.
 */
export interface JournalSession {
  readonly epoch: number;
  /** Whether somebody else may own the execution by now: nothing was heard of the claim for a while. A commit, even an empty one, tells. */
  readonly isUnsure: boolean;
  commit(commit: Commit): Promise<Committed>;
  /** Signals that came since the claim or the last call, not taken yet. */
  signals(): Promise<readonly PendingSignal[]>;
}

/** What a command from outside did: the state it left, and whether it changed anything. */
export interface Changed {
  readonly status: ExecutionStatus;
  readonly changed: boolean;
  readonly priority: number;
}

/** The journal's write port: accept, own, and the commands that come from outside the run. */
export interface ExecutionStore {
  /** Throws `IDEMPOTENCY_CONFLICT` when the key was used for another request. */
  submit(tenant: string, execution: NewExecution): Promise<Submitted>;
  /** Stores a new execution together with what it takes over from another; it is to be queued. Returns the squad's version it has. */
  fork(tenant: string, execution: NewExecution, inheritance: Inheritance): Promise<number | null>;
  /** `created → queued`. Throws `ALREADY_ENDED` or `NOT_FOUND`. Under the same `commandId` it takes effect once, as `retry` does. */
  start(tenant: string, id: string, commandId?: string): Promise<Changed>;
  /**
   * Raises the epoch and loads what is there; null when the execution is unknown, not startable or ended, or when `gone` aborts
   * before it is raised.
   */
  claim(tenant: string, id: string, gone?: AbortSignal): Promise<Claim | null>;
  /** Cancels with everything it owns, and fences its owner. Throws `ALREADY_ENDED` unless it is cancelled already. */
  cancel(tenant: string, id: string, reason: string | null): Promise<Changed>;
  /** `failed → queued`; committed steps stay. Throws `ILLEGAL_TRANSITION` from any other state. */
  retry(tenant: string, id: string, commandId?: string): Promise<Changed>;
  /** Adds a signal to its queue; the same `signalId` twice adds one. `status` tells whether somebody has to be woken. */
  signal(
    tenant: string,
    id: string,
    signal: { readonly signalId: string; readonly name: string; readonly payload: string },
  ): Promise<Changed>;
  /**
   * Removes executions that ended before `endedBefore` (failed ones stay), with all they own. Returns how many. What they own
   * elsewhere goes first, by `release`: when that does not come to its end, they stay and are found again the next time.
   */
  prune(endedBefore: number, atMost: number, release?: (ids: readonly string[]) => Promise<void>): Promise<number>;
}

/** A page request: newest first; `before` is the id after which the page begins. */
export interface ExecutionFilter {
  readonly status?: ExecutionStatus;
  readonly squadId?: string;
  readonly workflow?: string;
  /** Those that this schedule made. */
  readonly scheduleId?: string;
  readonly createdAfter?: number;
  readonly before?: string;
  readonly limit: number;
}

/** An execution that somebody has to look after: all that are queued, running, or wait for a time. */
export interface OpenExecution {
  readonly tenant: string;
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly priority: number;
  readonly wakeAt: number | null;
  readonly workflow: string;
}

/** Which events of a tenant: those behind `after` (null: all that are stored), of one squad or of all, at most `limit`. */
export interface FeedRequest {
  readonly after: string | null;
  readonly squadId?: string;
  readonly limit: number;
}

/** A record among those of many executions. */
export interface FeedRecord {
  readonly executionId: string;
  /** Opaque. Stands behind this record. */
  readonly cursor: string;
  readonly record: Journaled;
}

export interface FeedPage {
  readonly events: readonly FeedRecord[];
  /** Where the next page begins; moves on also where none of the records is asked for. */
  readonly cursor: string;
  /** Whether there was nothing more when it was read. */
  readonly isEnd: boolean;
}

/** The read side. */
export interface ExecutionReports {
  get(tenant: string, id: string): Promise<Execution | null>;
  list(tenant: string, filter: ExecutionFilter): Promise<readonly Execution[]>;
  /** Records with a seq above `after`, in order; at most `limit`. */
  records(tenant: string, id: string, after: number, limit: number): Promise<readonly Journaled[]>;
  /** Those of the records that are messages. */
  messages(tenant: string, id: string, after: number, limit: number): Promise<readonly Journaled<MessageRecord>[]>;
  /**
   * A page of a tenant's records, in the order of their commits: what is committed later has a later place, so a cursor
   * never passes over a record. Throws `INVALID_CURSOR` for one that this store did not give.
   */
  feed(tenant: string, request: FeedRequest): Promise<FeedPage>;
  /** The cursor behind everything that is stored now. */
  feedEnd(tenant: string): Promise<string>;
  /** A page of what has to be resumed, oldest first; `after` is the id of the last one of the page before. */
  open(after: string, limit: number): Promise<readonly OpenExecution[]>;
  /** How many executions are in each status, over all tenants. */
  counts(): Promise<Readonly<Record<ExecutionStatus, number>>>;
}

/** How an execution ended, as its caller sees it. */
export type Outcome<O> =
  | { readonly status: 'completed'; readonly output: O }
  | { readonly status: 'failed'; readonly error: Failure }
  | { readonly status: 'cancelled'; readonly reason: string | null };

/** The outcome of an ended execution, null of an open one. */
export function outcomeOf(execution: Pick<Execution, 'status' | 'output' | 'error' | 'reason'>): Outcome<Json> | null {
  if (execution.status === 'completed') return { status: 'completed', output: execution.output };
  if (execution.status === 'cancelled') return { status: 'cancelled', reason: execution.reason };
  if (execution.status === 'failed' && execution.error !== null) return { status: 'failed', error: execution.error };
  return null;
}
