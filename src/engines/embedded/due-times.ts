import type { Clock, Timer } from '../../kernel/clock.ts';
import { pop, push } from '../../flow/fair-queue.ts';

interface Due {
  readonly id: string;
  readonly at: number;
}

/** Calls back when a time is reached: one timer for the earliest of any number of entries. */
export class DueTimes {
  readonly #clock: Clock;
  readonly #onDue: (id: string, at: number) => void;
  readonly #heap: Due[] = [];
  #timer: Timer | null = null;
  #timerAt = Infinity;

  constructor(clock: Clock, onDue: (id: string, at: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** An entry is never taken back: whoever is called looks whether it still counts. */
  add(id: string, at: number): void {
    push(this.#heap, { id, at }, isBefore);
    if (at < this.#timerAt) this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAt = Infinity;
    this.#heap.length = 0;
  }

  #arm(): void {
    this.#timer?.cancel();
    const first = this.#heap[0];
    this.#timerAt = first?.at ?? Infinity;
    this.#timer =
      first === undefined
        ? null
        : this.#clock.setTimer(Math.min(first.at - this.#clock.now(), longestPauseMs), () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      pop(this.#heap, isBefore);
      this.#onDue(first.id, first.at);
    }
    this.#arm();
  }
}

/** Timers count elapsed time, due times are of the clock on the wall: look again this often in case that was set. */
const longestPauseMs = 1_000;

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at;
}
