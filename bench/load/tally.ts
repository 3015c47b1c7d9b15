import type { Insisted } from './insistent-client.ts';
import { percentiles } from '../measure/statistics.ts';

/** How many submissions went; times in milliseconds. */
export interface Tallied {
  readonly acceptedAtOnce: number;
  /** Refused at first, and accepted when they came back; at their first return, and in the end. */
  readonly refused: number;
  readonly acceptedAtFirstReturn: number;
  readonly acceptedLater: number;
  readonly gaveUp: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  /** Refusals by status, and those that did not say when to come back. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  readonly retryAfterSeconds: ReturnType<typeof percentiles>;
  readonly accepted: number;
  /** Accepted while more came than is taken. */
  readonly acceptedMeanwhile: number;
  readonly acceptMs: ReturnType<typeof percentiles>;
  readonly refuseMs: ReturnType<typeof percentiles>;
  /** Returns after no more came than is taken, and how many of those were accepted. */
  readonly returnsAfter: number;
  readonly acceptedAfter: number;
}

/** Counts submissions as they end: of hundreds of thousands only numbers are kept. */
export class Tally {
  readonly #acceptMs: number[] = [];
  readonly #refuseMs: number[] = [];
  readonly #retryAfterSeconds: number[] = [];
  readonly #errors = new Set<string>();
  readonly #byStatus = { '429': 0, '503': 0 };
  #withoutRetryAfter = 0;
  #errorCount = 0;
  #acceptedAtOnce = 0;
  #acceptedAtFirstReturn = 0;
  #acceptedLater = 0;
  #acceptedMeanwhile = 0;
  #gaveUp = 0;
  #returnsAfter = 0;
  #acceptedAfter = 0;

  /** `overAt` is when no more came than is taken; infinite before. */
  add(one: Insisted, overAt: number): void {
    if (one.kind === 'error') {
      this.#errorCount += 1;
      if (this.#errors.size < 5) this.#errors.add(one.message);
      return;
    }
    for (const [place, refusal] of one.refusals.entries()) {
      this.#byStatus[refusal.status === 429 ? '429' : '503'] += 1;
      this.#refuseMs.push(refusal.answeredAt - refusal.sentAt);
      this.#retryAfterSeconds.push(refusal.retryAfterSeconds ?? 0);
      if (refusal.retryAfterSeconds === null) this.#withoutRetryAfter += 1;
      if (place > 0 && refusal.sentAt > overAt) this.#returnsAfter += 1;
    }
    if (one.kind === 'gave-up') this.#gaveUp += 1;
    else this.#accept(one, overAt);
  }

  result(): Tallied {
    return {
      acceptedAtOnce: this.#acceptedAtOnce,
      refused: this.#acceptedLater + this.#gaveUp,
      acceptedAtFirstReturn: this.#acceptedAtFirstReturn,
      acceptedLater: this.#acceptedLater,
      gaveUp: this.#gaveUp,
      errorCount: this.#errorCount,
      errors: [...this.#errors],
      byStatus: this.#byStatus,
      withoutRetryAfter: this.#withoutRetryAfter,
      retryAfterSeconds: percentiles(this.#retryAfterSeconds),
      accepted: this.#acceptedAtOnce + this.#acceptedLater,
      acceptedMeanwhile: this.#acceptedMeanwhile,
      acceptMs: percentiles(this.#acceptMs),
      refuseMs: percentiles(this.#refuseMs),
      returnsAfter: this.#returnsAfter,
      acceptedAfter: this.#acceptedAfter,
    };
  }

  #accept({ sentAt, answeredAt, refusals }: Extract<Insisted, { kind: 'accepted' }>, overAt: number): void {
    this.#acceptMs.push(answeredAt - sentAt);
    if (answeredAt <= overAt) this.#acceptedMeanwhile += 1;
    if (refusals.length === 0) {
      this.#acceptedAtOnce += 1;
      return;
    }
    this.#acceptedLater += 1;
    if (refusals.length === 1) this.#acceptedAtFirstReturn += 1;
    if (sentAt <= overAt) return;
    this.#returnsAfter += 1;
    this.#acceptedAfter += 1;
  }
}
