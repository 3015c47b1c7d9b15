import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop came to its work, in seconds. */
export interface LoopDelayReading {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const resolutionMs = 20;

/** Watches how late the event loop is, from its making to its disposal. */
export class LoopDelay implements Disposable {
  readonly #histogram: ReturnType<typeof monitorEventLoopDelay>;

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#histogram.enable();
  }

  /** Since the last reading. */
  read(): LoopDelayReading {
    const histogram = this.#histogram;
    // What is measured is the time between two looks, of which so much is meant to be.
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1e3);
    const reading =
      histogram.count === 0
        ? { p50: 0, p99: 0, max: 0 }
        : { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
    histogram.reset();
    return reading;
  }

  [Symbol.dispose](): void {
    this.#histogram.disable();
  }
}
