import type { Timer } from '../kernel/clock.ts';
import { isRetryable, SquadraError } from '../kernel/errors.ts';
import { toError, toFailure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import { retryDelayMs } from '../kernel/retry.ts';
import type { JournalRecord, StepType } from '../work/journal.ts';
import { isUsage } from '../work/usage.ts';
import type { Usage } from '../work/usage.ts';
import type { ItemChange } from '../work/work-item.ts';
import { LostAttempt } from './asker.ts';
import { stepRecord } from './effect.ts';
import type { Settler, StepSettings } from './effect.ts';
import type { StepHistory } from './history.ts';
import type { Run, Stoppable } from './run.ts';
import type { StepAttempt } from './step-api.ts';

/** What an attempt that succeeded leaves. `value` is what the workflow gets; it is what a replay would decode from the records. */
export interface Succeeded<T> {
  readonly value: T;
  readonly output: string;
  readonly records: readonly JournalRecord[];
  readonly usage: Usage | null;
  readonly item?: ItemChange;
}

/** A step that does something: what it does, and what is recorded around it. */
export interface Work<T> {
  readonly key: string;
  readonly type: StepType;
  readonly inputHash: string | null;
  readonly settings: StepSettings;
  readonly perform: (attempt: Attempt) => Succeeded<T> | Promise<Succeeded<T>>;
  /** Committed with the first intent. */
  readonly begin?: { readonly records: readonly JournalRecord[]; readonly item?: ItemChange };
  /** What an attempt counts as that a crash cut off. */
  readonly reservation?: Usage;
  /** Committed with the last failure. */
  readonly failed?: (reason: string) => ItemChange;
  /** What is recorded of an attempt beside its intent, for who watches (JSON). */
  readonly details?: Readonly<Record<string, Json>>;
  /** How an attempt of which nothing was heard is settled; where absent it failed, and another one is made. */
  readonly doubt?: Doubt<T>;
}

/** What is to be done about an attempt that left and of which nothing was heard. */
export type DoubtDecision = 'retry' | 'skip' | 'fail';

/** Who decides about attempts in doubt, and what the step gives when one is passed over. */
export interface Doubt<T> {
  decide(attempt: number): Promise<DoubtDecision>;
  skipped(): Succeeded<T>;
}

/** One try of a step. The abort controller is made when somebody asks for the signal. */
export class Attempt implements StepAttempt, Stoppable {
  readonly number: number;
  /** Whether the step fails for good if this attempt fails. */
  readonly isLast: boolean;
  readonly #run: Run;
  readonly #key: string;
  readonly #onStop: () => void;
  #controller: AbortController | null = null;
  #stopped: Error | null = null;

  constructor(run: Run, key: string, number: number, isLast: boolean, onStop: () => void) {
    this.#run = run;
    this.#key = key;
    this.number = number;
    this.isLast = isLast;
    this.#onStop = onStop;
  }

  get idempotencyKey(): string {
    return `${this.#run.executionId}/${this.#key}`;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#stopped !== null) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  stop(reason: Error): void {
    this.#stopped = reason;
    this.#onStop();
    this.#controller?.abort(reason);
  }
}

/** Does a step until it succeeds or its tries are used up, each outcome committed before anybody hears of it. */
export class AttemptLoop<T> {
  readonly #run: Run;
  readonly #work: Work<T>;
  readonly #settler: Settler<T>;
  #failures: number;
  #number: number;

  constructor(run: Run, work: Work<T>, settler: Settler<T>, past: StepHistory | null) {
    this.#run = run;
    this.#work = work;
    this.#settler = settler;
    this.#failures = past?.failures ?? 0;
    this.#number = past?.attempts ?? 0;
    if (past === null) this.#begin(null);
    else if (past.inDoubt !== null) this.#settleDoubt(past.inDoubt.attempt, past.inDoubt.phase === 'failed');
    else if (past.failed?.dueAt != null) this.#pause(past.failed.dueAt);
    else this.#begin(null);
  }

  /** Nothing more is recorded of the attempt until it is decided what becomes of it; `isRecorded` as failed it may be already. */
  #settleDoubt(number: number, isRecorded: boolean): void {
    const { doubt } = this.#work;
    const again = (): void => this.#begin(isRecorded ? null : number);
    if (doubt === undefined) {
      again();
      return;
    }
    const attempt = new Attempt(this.#run, this.#work.key, number, true, () => {});
    const settle = (then: () => void): void => {
      if (this.#run.isOver) return;
      this.#run.hold(attempt);
      then();
    };
    doubt.decide(number).then(
      (decision) => {
        if (decision === 'retry') again();
        else if (decision === 'skip') settle(() => this.#succeed(attempt, doubt.skipped()));
        else settle(() => this.#fail(attempt, this.#inDoubt(number)));
      },
      (error: unknown) => settle(() => this.#fail(attempt, error)),
    );
  }

  #inDoubt(number: number): SquadraError {
    const message = `Attempt ${number} of '${this.#work.key}' was cut off; what it did is not known.`;
    return new SquadraError('IN_DOUBT', message);
  }

  /** `inDoubt` is the attempt of which nothing was heard: it is settled as failed before the next one leaves. */
  #begin(inDoubt: number | null): void {
    const { key, type, settings, inputHash, begin, reservation, details } = this.#work;
    if (!settings.intent) {
      this.#perform();
      return;
    }
    const records: JournalRecord[] = [];
    if (inDoubt !== null) {
      const error = toFailure(this.#inDoubt(inDoubt));
      const now = this.#run.services.clock.now();
      records.push(
        stepRecord(key, type, 'failed', { attempt: inDoubt, error, dueAt: now, usage: reservation ?? null }),
      );
    }
    const told =
      reservation === undefined && details === undefined ? null : JSON.stringify({ reservation, ...details });
    records.push(stepRecord(key, type, 'intent', { attempt: this.#number + 1, inputHash, details: told }));
    const first = this.#number === 0 && begin !== undefined;
    if (first) records.push(...begin.records);
    const items = begin?.item === undefined ? {} : { items: [begin.item] };
    this.#run.hold(null);
    this.#run.commit('intent', { records, ...items }, () => {
      this.#perform();
      this.#run.release(null);
    });
  }

  #perform(): void {
    let timer: Timer | null = null;
    const isLast = this.#failures >= this.#work.settings.retry.retries;
    // A body that heeds no signal would otherwise keep the timer, and with it the process, until its time is up.
    const attempt = new Attempt(this.#run, this.#work.key, ++this.#number, isLast, () => timer?.cancel());
    let open = true;
    const end = (then: () => void): void => {
      if (!open) return;
      open = false;
      timer?.cancel();
      if (!this.#run.isOver) then();
    };
    this.#run.hold(attempt);
    try {
      const result = this.#work.perform(attempt);
      if (result instanceof Promise) {
        // A body that has returned its result cannot run out of time: only the others are given a timer.
        if (!this.#run.isOver) timer = this.#watchTime(attempt, end);
        result.then(
          (succeeded) => end(() => this.#succeed(attempt, succeeded)),
          (error: unknown) => end(() => this.#fail(attempt, error)),
        );
      } else end(() => this.#succeed(attempt, result));
    } catch (error) {
      end(() => this.#fail(attempt, error));
    }
  }

  #watchTime(attempt: Attempt, end: (then: () => void) => void): Timer {
    const { timeoutMs } = this.#work.settings;
    return this.#run.services.clock.setTimer(timeoutMs, () => {
      const error = new SquadraError(
        'STEP_TIMEOUT',
        `Attempt ${attempt.number} of step '${this.#work.key}' took longer than ${timeoutMs} ms.`,
      );
      attempt.stop(error);
      // Nothing more is heard of a call that had left, and it may be charged for.
      end(() => this.#fail(attempt, error, this.#work.reservation));
    });
  }

  #succeed(attempt: Attempt, { value, output, records, usage, item }: Succeeded<T>): void {
    const { key, type, inputHash } = this.#work;
    const completed = stepRecord(key, type, 'completed', { attempt: attempt.number, inputHash, output, usage });
    const commit = {
      records: records.length === 0 ? [completed] : [...records, completed],
      ...(item === undefined ? {} : { items: [item] }),
    };
    this.#run.commit('step', commit, () =>
      this.#run.deliver(() => {
        this.#run.release(attempt);
        this.#settler.resolve(value);
      }),
    );
  }

  #fail(attempt: Attempt, error: unknown, usage: Usage | null = paidUsage(error)): void {
    const { key, type, inputHash, settings, doubt } = this.#work;
    if (doubt !== undefined && error instanceof LostAttempt) {
      this.#settleDoubt(attempt.number, false);
      this.#run.release(attempt);
      return;
    }
    const failure = toFailure(error);
    this.#failures++;
    if (isRetryable(error) && this.#failures <= settings.retry.retries) {
      const { clock, random } = this.#run.services;
      const dueAt = clock.now() + Math.ceil(retryDelayMs(settings.retry, this.#failures, random, retryAfterMs(error)));
      const record = stepRecord(key, type, 'failed', {
        attempt: attempt.number,
        inputHash,
        error: failure,
        dueAt,
        usage,
      });
      this.#run.commit('step', { records: [record] }, () => {
        this.#pause(dueAt);
        this.#run.release(attempt);
      });
      return;
    }
    const record = stepRecord(key, type, 'failed', {
      attempt: attempt.number,
      inputHash,
      error: failure,
      usage,
    });
    const item = this.#work.failed?.(failure.message);
    this.#run.commit('step', { records: [record], ...(item === undefined ? {} : { items: [item] }) }, () =>
      this.#run.deliver(() => {
        this.#run.release(attempt);
        this.#settler.reject(toError(failure));
      }),
    );
  }

  /** The failure is committed with the time of the next try, so nothing is left to record while waiting for it. */
  #pause(dueAt: number): void {
    this.#run.waits.add({ key: this.#work.key, dueAt, signal: null, record: null, end: () => this.#begin(null) });
  }
}

function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof SquadraError)) return undefined;
  const { retryAfterMs: pause } = error.details;
  return typeof pause === 'number' ? pause : undefined;
}

/** A call that failed may have cost something all the same: half an answer is paid for. */
function paidUsage(error: unknown): Usage | null {
  if (!(error instanceof SquadraError)) return null;
  const { usage } = error.details;
  return isUsage(usage) ? usage : null;
}
