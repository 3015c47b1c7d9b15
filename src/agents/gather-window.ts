import { performance } from 'node:perf_hooks';

/** How long pieces are gathered in a thread that has time, and in one that has none, in milliseconds. */
const narrowestMs = 25;
const widestMs = 1_000;
/** Up to this share of its time a thread counts as idle; from that on as full. */
const idle = 0.3;
const full = 0.9;
/** How much of what was before is remembered: one busy moment is no load. */
const remembered = 0.5;

/**
 * For how many milliseconds pieces are gathered while a thread is busy for `utilization` (0 to 1) of its time. Nobody sees
 * the difference of a few hundredths of a second; taking many pieces as one is what a busy thread needs.
 */
export function windowMs(utilization: number): number {
  const load = Math.min(1, Math.max(0, (utilization - idle) / (full - idle)));
  return narrowestMs + (widestMs - narrowestMs) * load ** 2;
}

/**
 * Hands on what has gathered, all at the same time: woken once, a thread does the work of many.
 *
 * W1  After a quiet time the first is handed on at once; what comes within the window after it, when that closes.
 */
export class GatherWindow {
  readonly #pending = new Set<() => void>();
  #last = performance.eventLoopUtilization();
  #utilization = 0;
  #isOpen = false;

  /** Calls it now or when the window closes; once, however often it is asked for until then. */
  pass(handOn: () => void): void {
    if (this.#isOpen) {
      this.#pending.add(handOn);
      return;
    }
    this.#open();
    handOn();
  }

  #open(): void {
    this.#isOpen = true;
    setTimeout(() => this.#close(), windowMs(this.#utilization));
  }

  #close(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    this.#utilization = remembered * this.#utilization + (1 - remembered) * utilization;
    this.#isOpen = false;
    if (this.#pending.size === 0) return;
    this.#open();
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const handOn of pending) handOn();
  }
}
