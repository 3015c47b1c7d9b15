/** A timer that was set and can still be taken back. */
export interface Timer {
  /** Takes the timer back; does nothing when it has fired or was cancelled before. */
  cancel(): void;
}

/** Where time comes from. Everything that waits takes a clock, so that tests own the time. */
export interface Clock {
  /** Milliseconds since the epoch. May go backwards when the machine's clock is set. */
  now(): number;
  /** Calls `fire` once after `delayMs` (at once, but never before returning, when it is zero or negative). */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** The longest delay `setTimeout` keeps: anything above it would fire at once. */
const longestTimeoutMs = 2 ** 31 - 1;

class SystemTimer implements Timer {
  readonly #fire: () => void;
  #remainingMs: number;
  #handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, fire: () => void) {
    this.#fire = fire;
    this.#remainingMs = delayMs;
    this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(): void {
    const sliceMs = Math.min(this.#remainingMs, longestTimeoutMs);
    this.#remainingMs -= sliceMs;
    this.#handle = setTimeout(() => {
      if (this.#remainingMs > 0) this.#arm();
      else this.#fire();
    }, sliceMs);
  }
}

/** The machine's clock. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (delayMs, fire) => new SystemTimer(Math.max(0, delayMs), fire),
};
