import type { Clock, Timer } from '../kernel/clock.ts';

interface Pending {
  readonly at: number;
  readonly fire: () => void;
}

/** Lets promise callbacks and immediates run out. It knows nothing of other threads and of the disk: await those. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * A clock that stands still until the test moves it.
 *
 * ```ts
 * import { TestClock } from 'squadra/testing';
 *
 * const clock = new TestClock();
 * clock.setTimer(1_000, () => console.log('fired'));
 * await clock.advance(1_000);
 * ```
 */
export class TestClock implements Clock {
  readonly #pending = new Set<Pending>();
  #now: number;
  #pauses = 0;
  #onPause: (() => void)[] = [];

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const pending = { at: this.#now + Math.max(0, delayMs), fire };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Timers that were set and have neither fired nor been cancelled. */
  get timers(): number {
    return this.#pending.size;
  }

  /** How long until the next timer; null when there is none. */
  get untilNextMs(): number | null {
    const next = this.#earliest();
    return next === undefined ? null : Math.max(0, next.at - this.#now);
  }

  /** How many callers wait in `pause` or `hang`: they go on only when the time does. */
  get pauses(): number {
    return this.#pauses;
  }

  /** Resolves when somebody waits in `pause` or `hang`. */
  untilPaused(): Promise<void> {
    if (this.#pauses > 0) return Promise.resolve();
    return new Promise((resolve) => this.#onPause.push(resolve));
  }

  /** Takes this long on this clock: what a step does that takes time. Rejects with the signal's reason when that aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#wait(signal, (resolve) => this.setTimer(ms, resolve));
  }

  /** Never comes back by itself: what a step does that hangs. Rejects with the signal's reason. */
  async hang(signal: AbortSignal): Promise<never> {
    await this.#wait(signal, () => null);
    throw new Error('Unreachable: nothing resolves a call that hangs.');
  }

  /** Moves the time and fires what becomes due in the order of its time, settling promises after each one. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#earliest(); next !== undefined && next.at <= end; next = this.#earliest()) {
      this.#now = Math.max(this.#now, next.at);
      this.#pending.delete(next);
      next.fire();
      await settle();
    }
    this.#now = end;
  }

  /** Moves to the next timer and fires it; false when there is none. */
  async advanceToNext(): Promise<boolean> {
    await settle();
    const wait = this.untilNextMs;
    if (wait === null) return false;
    await this.advance(wait);
    return true;
  }

  /** Moves the time at once, as for a machine that slept: all that is due by then fires now, in the order of its time. */
  async jump(toMs: number): Promise<void> {
    await settle();
    this.#now = Math.max(this.#now, toMs);
    await this.advance(0);
  }

  /** Sets the time as a person would set the machine's clock, also backwards. Fires nothing. */
  set(nowMs: number): void {
    this.#now = nowMs;
  }

  #wait(signal: AbortSignal | undefined, begin: (resolve: () => void) => Timer | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted === true) {
      reject(signal.reason);
      return promise;
    }
    this.#pauses += 1;
    const end = (settleIt: () => void): void => {
      this.#pauses -= 1;
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
      settleIt();
    };
    const abort = (): void => end(() => reject(signal?.reason));
    const timer = begin(() => end(resolve));
    signal?.addEventListener('abort', abort, { once: true });
    for (const tell of this.#onPause.splice(0)) tell();
    return promise;
  }

  /** Of those due at the same time the one that was set first: a Set keeps the order. */
  #earliest(): Pending | undefined {
    let earliest: Pending | undefined;
    for (const pending of this.#pending) {
      if (earliest === undefined || pending.at < earliest.at) earliest = pending;
    }
    return earliest;
  }
}
