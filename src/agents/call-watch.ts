import type { Clock, Timer } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';

/** The limits of one call, in milliseconds. */
export interface CallLimits {
  /** Between two signs of life, the request being the first. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/**
 * Aborts a call when it is out of time or nobody wants it any more.
 *
 * W1  The first reason wins and stays.
 * W2  `stop` leaves neither timer nor listener behind.
 * W3  A sign of life costs one reading of the clock: the timer is set again only when it fires.
 */
export class CallWatch {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #startedAt: number;
  #lastSignAt: number;
  #timer: Timer;

  constructor(clock: Clock, limits: CallLimits, caller: AbortSignal) {
    this.#clock = clock;
    this.#limits = limits;
    this.#caller = caller;
    this.#startedAt = clock.now();
    this.#lastSignAt = this.#startedAt;
    this.#timer = clock.setTimer(Math.min(limits.idleMs, limits.totalMs), this.#check);
    if (caller.aborted) this.#follow();
    else caller.addEventListener('abort', this.#follow, { once: true });
  }

  /** Aborts with the reason: a `MODEL_TIMEOUT`, or what the caller aborted with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return Math.max(0, this.#clock.now() - this.#startedAt);
  }

  /** Something arrived. */
  sign(): void {
    this.#lastSignAt = this.#clock.now();
  }

  /** Ends the watch of a call that is over. */
  stop(): void {
    this.#timer.cancel();
    this.#caller.removeEventListener('abort', this.#follow);
  }

  /** Closes the connection of a call that failed while it was still open. */
  abandon(): void {
    this.#controller.abort();
  }

  readonly #follow = (): void => {
    this.#timer.cancel();
    this.#controller.abort(this.#caller.reason);
  };

  readonly #check = (): void => {
    const now = this.#clock.now();
    const idleMs = this.#lastSignAt + this.#limits.idleMs - now;
    const totalMs = this.#startedAt + this.#limits.totalMs - now;
    if (totalMs <= 0) this.#expire('total', this.#limits.totalMs, 'SQUADRA_MODEL_TIMEOUT');
    else if (idleMs <= 0) this.#expire('idle', this.#limits.idleMs, 'SQUADRA_MODEL_IDLE_TIMEOUT');
    else this.#timer = this.#clock.setTimer(Math.min(idleMs, totalMs), this.#check);
  };

  #expire(limit: 'idle' | 'total', limitMs: number, setting: string): void {
    const began = this.#lastSignAt > this.#startedAt;
    const what = limit === 'total' ? 'did not finish' : began ? 'went silent' : 'did not begin to answer';
    const message = `The model ${what} within ${limitMs} ms (${setting}).`;
    this.#controller.abort(new SquadraError('MODEL_TIMEOUT', message, { details: { limit, limitMs } }));
  }
}
