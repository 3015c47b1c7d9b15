import type { Timer } from '../kernel/clock.ts';
import { isRetryable, SquadraError } from '../kernel/errors.ts';
import { toError, toFailure } from '../kernel/failure.ts';
import { retryAfterMs, retryDelayMs } from '../kernel/retry.ts';
import type { JournalRecord } from '../work/journal.ts';
import type { Usage } from '../work/usage.ts';
import { LostAttempt } from './asker.ts';
import { leaveRoom, waitForRoom } from './held-call.ts';
import { Attempt } from './attempt.ts';
import type { Succeeded, Work } from './attempt.ts';
import { stepRecord } from './effect.ts';
import type { Settler } from './effect.ts';
import type { StepHistory } from './history.ts';
import { paidUsage, reservedBy } from './paid-usage.ts';
import { Preparation } from './preparation.ts';
import type { Run } from './run.ts';
import { whenOwned } from './when-owned.ts';

/** Does a step until it succeeds or its tries are used up, each outcome committed before anybody hears of it. */
export class AttemptLoop<T> {
  readonly #run: Run;
  readonly #work: Work<T>;
  readonly #settler: Settler<T>;
  #failures: number;
  #number: number;
  /** What the present attempt may cost. */
  #reserved: Usage | null = null;
  /** What the attempt in doubt had reserved. */
  readonly #lost: Usage | null;
  /** How often the next attempt was refused by a budget. */
  #refusals = 0;

  constructor(run: Run, work: Work<T>, settler: Settler<T>, past: StepHistory | null) {
    this.#run = run;
    this.#work = work;
    this.#settler = settler;
    this.#failures = past?.failures ?? 0;
    this.#number = past?.attempts ?? 0;
    this.#lost = reservedBy(past?.inDoubt ?? null);
    run.watcher?.working(work.key, work.describe ?? null);
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
    this.#refusals = 0;
    if (this.#work.settings.intent) this.#prepare(inDoubt, false);
    else whenOwned(this.#run, () => this.#perform());
  }

  /** Waits for what the attempt needs before anything is recorded of it. */
  #prepare(inDoubt: number | null, mayRaise: boolean): void {
    const { reservation } = this.#work;
    if (typeof reservation !== 'function') {
      this.#reserved = reservation ?? null;
      this.#run.hold(null);
      this.#intend(inDoubt, mayRaise, null);
      return;
    }
    const preparation = new Preparation();
    preparation.begin(this.#run, reservation, {
      ready: (usage) => {
        this.#reserved = usage;
        this.#intend(inDoubt, mayRaise, preparation);
      },
      failed: (error) => {
        this.#failUnsent(inDoubt, error);
        this.#run.release(preparation);
      },
    });
  }

  /** Commits the intent with what it reserves, and lets the attempt go. `held` by the run until then. */
  #intend(inDoubt: number | null, mayRaise: boolean, held: Preparation | null): void {
    const { key, type, inputHash, begin, details } = this.#work;
    const reservation = this.#reserved;
    const records: JournalRecord[] = inDoubt === null ? [] : [this.#lostRecord(inDoubt)];
    const told =
      reservation === null && details === undefined
        ? null
        : JSON.stringify({ ...(reservation === null ? {} : { reservation }), ...details });
    const attempt = this.#number + 1;
    records.push(stepRecord(key, type, 'intent', { attempt, inputHash, details: told }));
    const first = this.#number === 0 && begin !== undefined;
    if (first) records.push(...begin.records);
    const items = begin?.item === undefined ? {} : { items: [begin.item] };
    const reserves = reservation === null ? {} : { reserves: { key, attempt, usage: reservation, mayRaise } };
    this.#run.commit(
      'intent',
      { records, ...items, ...reserves },
      () => {
        if (reservation !== null) leaveRoom(this.#run, key);
        whenOwned(this.#run, () => {
          this.#perform();
          this.#run.release(held);
        });
      },
      (refusal) => {
        held?.giveBack();
        this.#refuse(inDoubt, mayRaise, refusal);
        this.#run.release(held);
      },
    );
  }

  /** A budget has no room for the attempt. */
  #refuse(inDoubt: number | null, mayRaise: boolean, refusal: SquadraError): void {
    const { key, ceiling, settings } = this.#work;
    if (inDoubt !== null) {
      this.#settleLost(inDoubt, () => this.#prepare(null, false));
      return;
    }
    const isHeld = waitForRoom(this.#run, { key, refusal, longestMs: settings.timeoutMs }, () =>
      this.#prepare(null, mayRaise),
    );
    if (isHeld) return;
    leaveRoom(this.#run, key);
    this.#run.services.onBudgetRefusal(refusal.code);
    if (ceiling === undefined || refusal.details['onExceeded'] !== 'ask') this.#failUnsent(null, refusal);
    else
      ceiling.decide(this.#number + 1, this.#refusals++, refusal).then(
        (decision) => {
          if (this.#run.isOver) return;
          if (decision === 'refuse') this.#failUnsent(null, refusal);
          else this.#prepare(null, decision === 'raise');
        },
        (error: unknown) => {
          if (!this.#run.isOver) this.#failUnsent(null, error);
        },
      );
  }

  /** Of an attempt that did not leave: it fails all the same, and with it the step or this try of it. */
  #failUnsent(inDoubt: number | null, error: unknown): void {
    if (inDoubt !== null) {
      this.#settleLost(inDoubt, () => this.#failUnsent(null, error));
      return;
    }
    const isLast = this.#failures >= this.#work.settings.retry.retries;
    const attempt = new Attempt(this.#run, this.#work.key, ++this.#number, isLast, () => {});
    this.#run.hold(attempt);
    this.#fail(attempt, error);
  }

  #settleLost(inDoubt: number, then: () => void): void {
    this.#run.hold(null);
    this.#run.commit('step', { records: [this.#lostRecord(inDoubt)] }, () => {
      then();
      this.#run.release(null);
    });
  }

  /** It counts as what it had reserved. */
  #lostRecord(number: number): JournalRecord {
    const { key, type } = this.#work;
    const error = toFailure(this.#inDoubt(number));
    const dueAt = this.#run.services.clock.now();
    return stepRecord(key, type, 'failed', { attempt: number, error, dueAt, usage: this.#lost ?? this.#reserved });
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
      const { watcher } = this.#run;
      const perform = (): Succeeded<T> | Promise<Succeeded<T>> => this.#work.perform(attempt);
      const result = watcher === null ? perform() : watcher.attempted(this.#work.key, attempt.number, perform);
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
      end(() => this.#fail(attempt, error, this.#reserved ?? undefined));
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
