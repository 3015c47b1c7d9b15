import type { Clock, Timer } from '../kernel/clock.ts';
import type { ResourceProbe, ResourceReading } from './resource-probe.ts';

/** A reading and when it was taken, in epoch milliseconds. */
export interface ResourceSample extends ResourceReading {
  readonly at: number;
}

/** Time between two samples, and how many are kept: ten minutes. */
export const sampleEveryMs = 10_000;
export const keptSamples = 60;

/**
 * Watches CPU, memory and the event loop.
 *
 * R1  One reading at a time: where one takes longer than the time between two, samples are left out, and nobody waits.
 * R2  A reading that fails leaves the samples as they are; the first of a series of failures is told of.
 * R3  What is heard by listeners is in the history already.
 */
export class ResourceMonitor implements Disposable {
  readonly #probe: ResourceProbe;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #samples: ResourceSample[] = [];
  readonly #listeners = new Set<(sample: ResourceSample) => void>();
  #timer: Timer | null = null;
  #isReading = false;
  #isFailing = false;
  #isOver = false;

  constructor(probe: ResourceProbe, clock: Clock, onError: (error: unknown) => void) {
    this.#probe = probe;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Begins to watch: the first sample comes after ten seconds, of the time from now on. */
  start(): void {
    this.#probe.read().catch((error: unknown) => this.#fail(error));
    this.#wait();
  }

  /** The newest sample; null in the first ten seconds. */
  get current(): ResourceSample | null {
    return this.#samples.at(-1) ?? null;
  }

  /** Samples that are not so old yet, oldest first; of the last ten minutes there are some. */
  history(windowMs: number): readonly ResourceSample[] {
    const since = this.#clock.now() - windowMs;
    return this.#samples.filter(({ at }) => at > since);
  }

  /** The average of the samples that are not so old yet; null where there are none. */
  average(windowMs: number): ResourceReading | null {
    const recent = this.history(windowMs);
    if (recent.length === 0) return null;
    const mean = (figure: keyof ResourceReading): number =>
      recent.reduce((sum, sample) => sum + sample[figure], 0) / recent.length;
    return { cpu: mean('cpu'), memory: mean('memory'), loopDelayMs: mean('loopDelayMs') };
  }

  /** Calls `listener` with each new sample until the function that is given back is called. */
  onSample(listener: (sample: ResourceSample) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#listeners.clear();
    this.#probe[Symbol.dispose]();
  }

  #wait(): void {
    if (this.#isOver) return;
    this.#timer = this.#clock.setTimer(sampleEveryMs, () => {
      this.#wait();
      if (!this.#isReading) void this.#sample();
    });
  }

  async #sample(): Promise<void> {
    this.#isReading = true;
    try {
      const reading = await this.#probe.read();
      if (this.#isOver) return;
      this.#isFailing = false;
      const sample = { at: this.#clock.now(), ...reading };
      this.#samples.push(sample);
      if (this.#samples.length > keptSamples) this.#samples.shift();
      for (const listener of this.#listeners) listener(sample);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isReading = false;
    }
  }

  #fail(error: unknown): void {
    if (this.#isFailing || this.#isOver) return;
    this.#isFailing = true;
    this.#onError(error);
  }
}
