import { SquadraError } from '../kernel/errors.ts';
import type { FaultPoint } from '../kernel/faults.ts';
import { defaultRetryPolicy, retryDelayMs } from '../kernel/retry.ts';
import type { Execution } from '../work/execution.ts';
import type { Claim, Commit, Committed, JournalSession } from '../work/execution-store.ts';
import type { JournalRecord } from '../work/journal.ts';
import type { Advanced, RunServices } from './run-services.ts';
import type { RunWatcher } from './run-watcher.ts';

/** What kind of commit it is: names the fault points around it. */
export type CommitKind = 'intent' | 'step' | 'wake' | 'park' | 'finish';

/** While the disk refuses: soon at first, and often enough that a freed disk is noticed. */
const diskRetryPolicy = { ...defaultRetryPolicy, initialMs: 100, maxMs: 5_000 };
/** Pause before a run begins again that an unforeseen error of the store ended. */
const brokenPauseMs = 1_000;

/** What of a claim commits are about. */
interface CommittedClaim extends Pick<Claim, 'session'> {
  readonly execution: Pick<Execution, 'tenant' | 'id'>;
  readonly records: readonly JournalRecord[];
}

/**
 * The commits of one run. What the disk refuses is kept and tried again, because the work behind it was done and maybe paid
 * for; any other refusal ends the run.
 */
export class Commits {
  readonly #execution: Pick<Execution, 'tenant' | 'id'>;
  readonly #session: JournalSession;
  readonly #services: RunServices;
  readonly #watcher: RunWatcher | null;
  readonly #onEnd: (advanced: Advanced, reason: Error) => void;
  /** Whether the execution has asked somebody something: its end takes back what was not answered. */
  #hasAsked: boolean;
  #stopped = false;

  constructor(
    { execution, session, records }: CommittedClaim,
    services: RunServices,
    watcher: RunWatcher | null,
    onEnd: (advanced: Advanced, reason: Error) => void,
  ) {
    this.#execution = execution;
    this.#session = session;
    this.#hasAsked = records.some(isQuestion);
    this.#services = services;
    this.#watcher = watcher;
    this.#onEnd = onEnd;
  }

  /** Commits, then calls `then`; never, when the run was stopped meanwhile. `refused`: what it wanted to spend is not to be had. */
  make(
    kind: CommitKind,
    commit: Commit,
    then: (committed: Committed) => void,
    refused: ((error: SquadraError) => void) | null,
    attempt = 1,
  ): void {
    if (this.#stopped) return;
    this.#hasAsked ||= commit.records.some(isQuestion);
    this.#services.faults.at(`${kind}.before` satisfies FaultPoint);
    this.#session.commit(commit).then(
      (committed) => {
        if (!this.#stopped) this.#services.faults.at(`${kind}.after` satisfies FaultPoint);
        // Stopped or not: what is stored, those who follow have to hear of.
        this.#services.onCommit(this.#execution.tenant, this.#execution.id, committed.settled, commit, this.#hasAsked);
        this.#watcher?.committed(commit);
        if (!this.#stopped) then(committed);
      },
      (error: unknown) => {
        if (refused !== null && isBudgetRefusal(error)) {
          if (!this.#stopped) refused(error);
        } else this.#refused(error, attempt, () => this.make(kind, commit, then, refused, attempt + 1));
      },
    );
  }

  stop(): void {
    this.#stopped = true;
  }

  #refused(error: unknown, attempt: number, repeat: () => void): void {
    if (this.#stopped) return;
    const { clock, random } = this.#services;
    const code = error instanceof SquadraError ? error.code : 'INTERNAL';
    if (passing.has(code)) {
      clock.setTimer(retryDelayMs(diskRetryPolicy, attempt, random), repeat);
      return;
    }
    // Owned by somebody else, or the store is closing. Anything else may pass, and the journal knows how far this run got.
    const isLost = code === 'STALE_OWNER' || code === 'SHUTTING_DOWN';
    const advanced: Advanced = isLost
      ? { kind: 'lost' }
      : { kind: 'parked', wakeAt: clock.now() + brokenPauseMs, epoch: this.#session.epoch };
    this.#onEnd(advanced, error instanceof Error ? error : new Error(String(error)));
  }
}

/** Refusals of the store that may not be there the next time: the run keeps what it has, and asks again. */
const passing: ReadonlySet<string> = new Set([
  'STORE_FULL',
  'STORE_FAILED',
  'STORE_UNAVAILABLE',
  'POOL_EXHAUSTED',
  'WRITES_SATURATED',
]);

function isQuestion(record: JournalRecord): boolean {
  return record.kind === 'step' && record.type === 'approval';
}

function isBudgetRefusal(error: unknown): error is SquadraError {
  return error instanceof SquadraError && (error.code === 'BUDGET_EXCEEDED' || error.code === 'UNPRICED_MODEL');
}
