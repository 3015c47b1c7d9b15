import type { Timer } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { encodeJson } from '../kernel/json.ts';
import type { Claim, Commit, Committed } from '../work/execution-store.ts';
import type { JournalRecord, StatusRecord } from '../work/journal.ts';
import { Commits } from './commits.ts';
import type { CommitKind } from './commits.ts';
import { Deliveries } from './deliveries.ts';
import { stepRecord } from './effect.ts';
import { historyOf } from './history.ts';
import type { History, StepHistory } from './history.ts';
import { ReachedSteps } from './reached-steps.ts';
import { failed, outcomeFrom } from './run-end.ts';
import type { Advanced, RunServices } from './run-services.ts';
import type { RunWatcher } from './run-watcher.ts';
import { ExecutionTrace } from './tracing/execution-trace.ts';
import { Waits } from './waits.ts';

/** Something that has to stop when the run ends before it does. */
export interface Stoppable {
  stop(reason: Error): void;
}

/** Times in a row a crash may interrupt a run that gets no further, before it is given up as the cause. */
const maxResumes = 20;

/**
 * One advance of one execution: from the top of its workflow until it ends or parks. A run owns nothing that outlives it.
 *
 * R1  A step's result reaches the workflow only after its commit.
 * R2  `#live` counts steps that work or commit. When it is zero, nothing is to be delivered and a wait is open, the run
 *     parks: one commit with what was opened and the status, then everything is dropped.
 * R3  When a commit is refused because a newer owner exists, everything is stopped and nothing more is written.
 * R4  When the disk refuses a commit, the result is kept and the commit is tried again: work that was paid for is not lost.
 */
export class Run {
  readonly executionId: string;
  readonly tenant: string;
  /** Of the claim by which it owns its execution. */
  readonly epoch: number;
  /** Of the execution. */
  readonly priority: number;
  readonly history: History;
  readonly services: RunServices;
  readonly waits: Waits;
  readonly trace: ExecutionTrace;
  readonly watcher: RunWatcher | null;
  readonly done: Promise<Advanced>;
  readonly #claim: Claim;
  readonly #commits: Commits;
  readonly #deliveries: Deliveries;
  readonly #steps: ReachedSteps;
  readonly #starting: (() => void)[] = [];
  readonly #working = new Set<Stoppable>();
  #live = 0;
  #state: 'running' | 'parking' | 'over' = 'running';
  #draining = false;
  /** Whether there are work items or intents: then the end has something to close. */
  #hasOpenEnds: boolean;
  #stallTimer: Timer | null = null;
  #resolve: (advanced: Advanced) => void = () => {};

  constructor(claim: Claim, services: RunServices) {
    this.executionId = claim.execution.id;
    this.tenant = claim.execution.tenant;
    this.epoch = claim.session.epoch;
    this.priority = claim.execution.priority;
    this.services = services;
    this.#claim = claim;
    this.history = historyOf(claim.records);
    this.trace = new ExecutionTrace(claim.execution, this.history.rounds);
    this.watcher = services.watch(claim, this.history, this.trace);
    this.#commits = new Commits(claim, services, this.watcher, (advanced, reason) => this.#over(advanced, reason));
    this.#steps = new ReachedSteps(this.executionId, services.limits, this.history.size);
    this.#hasOpenEnds = claim.records.some((record) => record.kind === 'step' && record.phase === 'intent');
    this.waits = new Waits(services.clock, claim.signals);
    this.#deliveries = new Deliveries(this.history.order, () => this.#rest());
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Runs the function of a workflow to its end. */
  begin(workflow: () => unknown): Promise<Advanced> {
    if (this.history.resumes > maxResumes) {
      this.#finish(
        failed(
          new SquadraError(
            'CRASH_LOOP',
            `Execution ${this.executionId} was interrupted ${this.history.resumes} times in a row at the same place.`,
          ),
        ),
      );
      return this.done;
    }
    Promise.try(workflow).then(
      (output) => this.#complete(output),
      (error: unknown) => this.#finish(failed(error)),
    );
    this.#deliveries.schedule();
    return this.done;
  }

  /** Signals may have come: gives them to who waits for them. */
  async nudge(): Promise<void> {
    const signals = await this.#claim.session.signals();
    if (this.#state !== 'running') return;
    this.waits.offer(signals);
    this.#deliveries.schedule();
  }

  /** Stops everything at once and writes nothing more: it was ended from outside. */
  abandon(reason: Error): void {
    this.#over({ kind: 'lost' }, reason);
  }

  /** Begins no more steps, lets those that work finish, then parks so that it is advanced again at the next chance. */
  drain(): void {
    this.#draining = true;
    this.waits.unwatch();
    this.#deliveries.schedule();
  }

  /** Whether steps may begin in this run. */
  get isOpen(): boolean {
    return this.#state === 'running' && !this.#draining;
  }

  /** Whether it may have been taken over without having heard of it. */
  get isUnsure(): boolean {
    return this.#claim.session.isUnsure;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** The keys of all steps and asks that the workflow came to. */
  get reached(): ReadonlySet<string> {
    return this.#steps.keys;
  }

  // What the steps use.

  /** Registers a step. With a result in the journal `replay` is called in its turn, otherwise `begin` when new steps may begin. */
  reach(key: string, replay: (past: StepHistory) => void, begin: (past: StepHistory | null) => void): void {
    if (this.#state !== 'running') return;
    this.reserveKey(key);
    const past = this.history.steps.get(key) ?? null;
    if (past === null) this.#steps.checkSize(key);
    if (past !== null && past.final !== null) this.#deliveries.replay(key, () => replay(past));
    else if (this.#deliveries.isLive && !this.#draining) begin(past);
    else {
      this.#starting.push(() => begin(past));
      this.#deliveries.schedule();
    }
  }

  /** Takes a key for this run; the same one twice is `DUPLICATE_STEP`. */
  reserveKey(key: string): void {
    this.#steps.reserve(key);
  }

  /** A step begins to work; `committed` or `release` ends it. */
  hold(work: Stoppable | null): void {
    this.#live++;
    if (work !== null) this.#working.add(work);
  }

  release(work: Stoppable | null): void {
    this.#live--;
    if (work !== null) this.#working.delete(work);
    this.#deliveries.schedule();
  }

  /** Commits and then calls `then`, or `refused` when a budget has no room; when the run is over meanwhile, neither. */
  commit(
    kind: CommitKind,
    commit: Commit,
    then: (committed: Committed) => void,
    refused: ((error: SquadraError) => void) | null = null,
  ): void {
    // Once the run ends or parks, what a step brings late belongs to nobody.
    if (this.#state !== 'running' && kind !== 'park' && kind !== 'finish') return;
    this.#hasOpenEnds ||= kind === 'intent';
    this.#steps.recorded(commit.records);
    this.#commits.make(kind, commit, then, refused);
  }

  /** Settles the promise of a step that was committed just now, in its turn. */
  deliver(settle: () => void): void {
    this.#deliveries.fresh(settle);
  }

  /** A warning that belongs on the execution; written once, with whatever is committed next. */
  warn(key: string, attempt: number, text: string): void {
    const details = JSON.stringify({ text });
    this.hold(null);
    const record = stepRecord(key, 'run', 'warning', { attempt, details });
    this.commit('step', { records: [record] }, () => this.release(null));
  }

  /** The workflow has come to rest: begin what was reached, note what waits, park, or see whether it stalls. */
  #rest(): void {
    if (this.#state !== 'running') return;
    if (this.#starting.length > 0 && !this.#draining) {
      for (const begin of this.#starting.splice(0)) begin();
      this.#deliveries.schedule();
      return;
    }
    if (!this.#draining) this.waits.endDue();
    const held = this.#draining && this.#starting.length > 0;
    if (this.#live === 0 && (this.waits.count > 0 || held)) this.#park(held);
    else if (this.#live > 0) this.#recordWaits();
    else this.#watchForStall();
  }

  #recordWaits(): void {
    const records = this.waits.takeUnrecorded();
    if (records.length > 0) {
      this.hold(null);
      this.commit('step', { records }, () => this.release(null));
    }
    if (!this.#draining) this.waits.watch();
  }

  #park(atOnce: boolean): void {
    this.#state = 'parking';
    const wakeAt = atOnce ? this.services.clock.now() : this.waits.nextDue();
    const reason = this.waits.reason();
    const status: StatusRecord = { kind: 'status', status: 'waiting', wakeAt, ...(reason === null ? {} : { reason }) };
    const records: JournalRecord[] = [...this.waits.takeUnrecorded(), status];
    const awaitedSignals = this.waits.awaitedSignals();
    const commit = awaitedSignals.length > 0 ? { records, awaitedSignals } : { records };
    this.commit('park', commit, ({ awake }) =>
      this.#over(
        { kind: 'parked', wakeAt: awake ? this.services.clock.now() : wakeAt, epoch: this.#claim.session.epoch },
        null,
      ),
    );
  }

  #watchForStall(): void {
    this.#stallTimer?.cancel();
    const { stallTimeoutMs } = this.services.limits;
    this.#stallTimer = this.services.clock.setTimer(stallTimeoutMs, () => {
      if (this.#state !== 'running' || this.#live > 0 || this.waits.count > 0) return;
      const message = `Execution ${this.executionId} has waited ${stallTimeoutMs} ms for something that is not a step.`;
      this.#finish(failed(new SquadraError('EXECUTION_STALLED', message)));
    });
  }

  #complete(output: unknown): void {
    if (this.#state !== 'running') return;
    try {
      const text = encodeJson(output, {
        maxBytes: this.services.limits.maxResultBytes,
        what: `the output of execution ${this.executionId}`,
      });
      this.#finish({ kind: 'status', status: 'completed', output: text });
    } catch (error) {
      this.#finish(failed(error));
    }
  }

  #finish(status: StatusRecord): void {
    if (this.#state !== 'running') return;
    this.#state = 'parking';
    this.commit('finish', { records: [status], closesItems: this.#hasOpenEnds }, () =>
      this.#over(
        {
          kind: 'finished',
          status: status.error === undefined ? 'completed' : 'failed',
          outcome: () => outcomeFrom(status),
        },
        null,
      ),
    );
  }

  #over(advanced: Advanced, reason: Error | null): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#commits.stop();
    this.#deliveries.stop();
    this.waits.stop();
    this.#stallTimer?.cancel();
    this.watcher?.over(reason);
    // Most runs leave nothing behind, and an error costs a stack.
    if (this.#working.size > 0)
      this.#stopWorking(
        reason ?? new SquadraError('EXECUTION_CANCELLED', `Execution ${this.executionId} ended before this step did.`),
      );
    this.#resolve(advanced);
  }

  #stopWorking(reason: Error): void {
    for (const work of this.#working) work.stop(reason);
    this.#working.clear();
  }
}
