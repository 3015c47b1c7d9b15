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
 * @example
 * const clock = new TestClock();
 * clock.setTimer(1_000, () => console.log('fired'));
 * await clock.advance(1_000);
 */
export class TestClock implements Clock {
  readonly #pending = new Set<Pending>();
  #now: number;

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

  /** Sets the time as a person would set the machine's clock, also backwards. Fires nothing. */
  set(nowMs: number): void {
    this.#now = nowMs;
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
