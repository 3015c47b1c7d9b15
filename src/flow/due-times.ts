import type { Clock, Timer } from '../kernel/clock.ts';
import { pop, push } from './fair-queue.ts';

interface Due {
  readonly id: string;
  readonly at: number;
}

/** Below this many entries nothing is tidied. */
const smallHeap = 1_000;

/** Calls back when a time is reached: one timer for the earliest of any number of entries. */
export class DueTimes {
  readonly #clock: Clock;
  readonly #onDue: (id: string, at: number) => void;
  readonly #counts: (id: string, at: number) => boolean;
  #heap: Due[] = [];
  #tidyAt = smallHeap;
  #timer: Timer | null = null;
  #timerAt = Infinity;

  /** `counts` tells whether an entry still means something: entries are not taken back one by one. */
  constructor(clock: Clock, onDue: (id: string, at: number) => void, counts: (id: string, at: number) => boolean) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#counts = counts;
  }

  /** Entries, those included that count no more. */
  get size(): number {
    return this.#heap.length;
  }

  add(id: string, at: number): void {
    if (this.#heap.length >= this.#tidyAt) this.#tidy();
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
      if (this.#counts(first.id, first.at)) this.#onDue(first.id, first.at);
    }
    this.#arm();
  }

  /** Drops what counts no more whenever the heap has doubled: what is woken again and again before its time leaves an entry each time. */
  #tidy(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(({ id, at }) => this.#counts(id, at)).sort((a, b) => a.at - b.at);
    this.#tidyAt = Math.max(smallHeap, 2 * this.#heap.length);
  }
}

/** Timers count elapsed time, due times are of the clock on the wall: look again this often in case that was set. */
const longestPauseMs = 1_000;

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at;
}
