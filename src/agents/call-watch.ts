import type { Clock, Timer } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';

/** The limits of one call, in milliseconds. */
export interface CallLimits {
  /** From the request to the first word, of reasoning or of a tool call too. */
  readonly firstTokenMs: number;
  /** Between two signs of life after that. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/** What the model did by then, and where the limit is set. */
const expiries = {
  firstToken: ['did not begin to answer', 'SQUADRA_MODEL_FIRST_TOKEN_TIMEOUT'],
  idle: ['went silent', 'SQUADRA_MODEL_IDLE_TIMEOUT'],
  total: ['did not finish', 'SQUADRA_MODEL_TIMEOUT'],
} as const;

/**
 * Aborts a call when it is out of time or nobody wants it any more.
 *
 * W1  The first reason wins and stays.
 * W2  `stop` leaves neither timer nor listener behind.
 * W3  A sign of life costs one reading of the clock: the timer is set again when it fires, and once when the answer begins.
 */
export class CallWatch {
  readonly #clock: Clock;
  readonly #limits: CallLimits;
  readonly #caller: AbortSignal;
  readonly #controller = new AbortController();
  readonly #startedAt: number;
  /** Null until the answer begins: what comes before, the head of the response for example, says nothing of the model. */
  #lastSignAt: number | null = null;
  #timer: Timer;

  constructor(clock: Clock, limits: CallLimits, caller: AbortSignal) {
    this.#clock = clock;
    this.#limits = limits;
    this.#caller = caller;
    this.#startedAt = clock.now();
    this.#timer = clock.setTimer(Math.min(limits.firstTokenMs, limits.totalMs), this.#check);
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

  /** A word of the answer arrived. */
  begin(): void {
    if (this.#lastSignAt !== null || this.signal.aborted) return;
    this.#lastSignAt = this.#clock.now();
    this.#timer.cancel();
    this.#check();
  }

  /** Something arrived. */
  sign(): void {
    if (this.#lastSignAt !== null) this.#lastSignAt = this.#clock.now();
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
    const limit = this.#lastSignAt === null ? 'firstToken' : 'idle';
    const silentMs = (this.#lastSignAt ?? this.#startedAt) + this.#limits[`${limit}Ms`] - now;
    const totalMs = this.#startedAt + this.#limits.totalMs - now;
    if (totalMs <= 0) this.#expire('total');
    else if (silentMs <= 0) this.#expire(limit);
    else this.#timer = this.#clock.setTimer(Math.min(silentMs, totalMs), this.#check);
  };

  #expire(limit: keyof typeof expiries): void {
    const [what, setting] = expiries[limit];
    const limitMs = this.#limits[`${limit}Ms`];
    const message = `The model ${what} within ${limitMs} ms (${setting}).`;
    this.#controller.abort(new SquadraError('MODEL_TIMEOUT', message, { details: { limit, limitMs } }));
  }
}
