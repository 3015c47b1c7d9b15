import type { ResourceSample } from '../../flow/resource-monitor.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { MetricStore } from '../../work/metrics/metric-store.ts';
import { minuteOf } from '../../work/metrics/minute.ts';
import { resourceMinutes } from '../../work/metrics/resource-minute.ts';

/** How often what was counted is stored: as much is read again from the journal after a crash, at most. */
const keepEveryMs = 10_000;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Minutes that are deleted at once: a few milliseconds. */
const batchSize = 500;
/** Samples that wait for a disk that refuses. */
const maxSamples = 360;

export interface MetricKeepingParts {
  readonly store: MetricStore;
  readonly clock: Clock;
  readonly retentionDays: number;
  /** Where samples come from. */
  readonly onSample: (listener: (sample: ResourceSample) => void) => () => void;
  readonly onError: (error: unknown) => void;
}

/** Has the store keep what is counted, count what an earlier process did not come to, and delete what is old. */
export class MetricKeeping implements AsyncDisposable {
  readonly #parts: MetricKeepingParts;
  #samples: ResourceSample[] = [];
  #unsubscribe: () => void = () => {};
  #keepTimer: Timer | null = null;
  #pruneTimer: Timer | null = null;
  #isFailing = false;
  #isOver = false;

  constructor(parts: MetricKeepingParts) {
    this.#parts = parts;
  }

  /** Whether anything is kept. */
  get isKept(): boolean {
    return this.#parts.store.isKept;
  }

  /** How far back figures reach, in minutes. */
  get retentionMinutes(): number {
    return Math.ceil((this.#parts.retentionDays * dayMs) / 60_000);
  }

  start(): void {
    if (!this.isKept) return;
    this.#unsubscribe = this.#parts.onSample((sample) => {
      this.#samples.push(sample);
      if (this.#samples.length > maxSamples) this.#samples.shift();
    });
    void this.#attempt(() => this.catchUp());
    this.#keepLater();
    this.#pruneLater();
  }

  /** Stores all that was counted by now. */
  keep(): Promise<void> {
    return this.#keepSamplesBefore(Infinity);
  }

  /** Counts what is in the journal and was not counted by who wrote it. */
  async catchUp(): Promise<void> {
    while (!this.#isOver && (await this.#parts.store.catchUp()));
  }

  /** Stores what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#unsubscribe();
    this.#keepTimer?.cancel();
    this.#pruneTimer?.cancel();
    await this.#attempt(() => this.keep());
  }

  async #keepSamplesBefore(minute: number): Promise<void> {
    const { false: later = [], true: samples = [] } = Object.groupBy(this.#samples, ({ at }) =>
      minuteOf(at) < minute ? 'true' : 'false',
    );
    this.#samples = later;
    try {
      await this.#parts.store.keep(resourceMinutes(samples));
    } catch (error) {
      this.#samples = [...samples, ...this.#samples].slice(-maxSamples);
      throw error;
    }
  }

  #keepLater(): void {
    this.#keepTimer = this.#parts.clock.setTimer(keepEveryMs, () => {
      // The minute that has not ended waits: where nothing else happens, the disk is left alone for that long.
      const thisMinute = minuteOf(this.#parts.clock.now());
      void this.#attempt(() => this.#keepSamplesBefore(thisMinute)).then(() => {
        if (!this.#isOver) this.#keepLater();
      });
    });
  }

  #pruneLater(): void {
    // Ten times in the time that is kept, so that the file holds a tenth too much at most; hourly is often enough.
    const pauseMs = Math.min(hourMs, Math.max(1_000, (this.#parts.retentionDays * dayMs) / 10));
    this.#pruneTimer = this.#parts.clock.setTimer(pauseMs, () => {
      void this.#attempt(() => this.#prune()).then(() => {
        if (!this.#isOver) this.#pruneLater();
      });
    });
  }

  async #prune(): Promise<void> {
    const { store, clock, retentionDays } = this.#parts;
    const before = minuteOf(clock.now() - retentionDays * dayMs);
    while (!this.#isOver && (await store.prune(before, batchSize)) > 0);
  }

  /** The first of a series of failures is told of; what is counted waits meanwhile. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#isOver) this.#parts.onError(error);
      this.#isFailing = true;
    }
  }
}
