import { systemClock } from '../../../src/kernel/clock.ts';
import type { Clock, Timer } from '../../../src/kernel/clock.ts';

/** The machine's clock, set back: a story is told in it in seconds, and ends in the present. Timers run as on the machine. */
export class StoryClock implements Clock {
  #behindMs: number;

  constructor(behindMs: number) {
    this.#behindMs = behindMs;
  }

  get behindMs(): number {
    return this.#behindMs;
  }

  now(): number {
    return Math.round(systemClock.now() - this.#behindMs);
  }

  /** Time passes; never beyond the present. */
  pass(ms: number): void {
    this.#behindMs = Math.max(0, this.#behindMs - ms);
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    return systemClock.setTimer(delayMs, fire);
  }
}
