import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Outbox, OutboxCounts } from '../../work/outbox.ts';

/** How the queue of the whole fleet stands. */
export interface FleetQueueReading {
  readonly queued: number;
  readonly ready: number;
  readonly taken: number;
  /** Waiting for a time: the engine knows, and nobody asks it. */
  readonly sleeping: number;
}

export interface FleetQueueParts {
  readonly outbox: Pick<Outbox, 'counts'>;
  readonly clock: Clock;
  /** Whether this process takes submissions, and has to know when there are too many. Who only tells how things stand counts seldom. */
  readonly guardsGate: boolean;
  /** The last that is known holds. */
  readonly onError: (error: unknown) => void;
}

const sampleEveryMs = 250;
/** Workers are many, and the database is one. */
const seldomMs = 5_000;
/** A count may take this part of the time, so that a long queue is not made longer by counting it. */
const shareOfTime = 1 / 20;
const nothing: OutboxCounts = { queued: 0, ready: 0, taken: 0, running: 0 };

/**
 * The queue of a fleet as each of its processes has to know it: counted now and then, and what this process has added since.
 *
 * Q1  What was committed here counts at once: a burst on one process closes the gate as it would on one machine. What others added
 *     since the last count is not seen; with N processes the queue may grow beyond the gate by what N − 1 of them accept in that time.
 * Q2  What is added while it is counted may count twice until the next count, never not at all.
 */
export class FleetQueue implements Disposable {
  readonly #parts: FleetQueueParts;
  #counts = nothing;
  #added = 0;
  #addedSince = 0;
  #timer: Timer | null = null;
  #isCounting = false;
  #isFailing = false;
  #stopped = false;

  constructor(parts: FleetQueueParts) {
    this.#parts = parts;
  }

  /** Counts for the first time, then again and again until it is disposed. */
  async start(): Promise<void> {
    await this.sample();
  }

  /** One was committed here as queued. */
  added(): void {
    this.#added += 1;
  }

  read(): FleetQueueReading {
    const { queued, ready, taken } = this.#counts;
    const added = this.#added - this.#addedSince;
    return { queued: queued + added, ready: ready + added, taken, sleeping: 0 };
  }

  /** Executions that are being advanced, in all processes. */
  get running(): number {
    return this.#counts.running;
  }

  async sample(): Promise<void> {
    if (this.#isCounting || this.#stopped) return;
    this.#isCounting = true;
    const { outbox, clock, guardsGate, onError } = this.#parts;
    const begunAt = clock.now();
    const added = this.#added;
    try {
      this.#counts = await outbox.counts();
      this.#addedSince = added;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) onError(error);
      this.#isFailing = true;
    }
    this.#isCounting = false;
    this.#timer?.cancel();
    if (this.#stopped) return;
    const tookMs = Math.max(0, clock.now() - begunAt);
    const everyMs = guardsGate ? sampleEveryMs : seldomMs;
    this.#timer = clock.setTimer(Math.max(everyMs, tookMs / shareOfTime), () => void this.sample());
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
