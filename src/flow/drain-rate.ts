import type { Clock } from '../kernel/clock.ts';

/** What the engine tells of its queue. */
export interface QueueReading {
  /** How many stand in it now. */
  readonly queued: number;
  /** How many have been taken out of it since the start. */
  readonly taken: number;
}

interface Sample {
  readonly at: number;
  readonly taken: number;
}

/** A reading is kept this often, and for a minute: enough to see both a fast queue and a slow one. */
const sampleEveryMs = 500;
const maxSamples = 120;
/** The newest stretch that is long enough and saw enough counts, so that a change of pace shows within ten seconds. */
const stretchMs = 10_000;
const stretchTaken = 16;
/** Less than this tells more about the moment than about the pace. */
const shortestStretchMs = 250;

const shortestWaitMs = 1_000;
const longestWaitMs = 300_000;

/**
 * How fast a queue drains, and when those should come back who found it full.
 *
 * D1  The pace is measured while something is queued: an empty queue says nothing about how fast it could drain.
 * D2  Each refusal is told its own place: behind what is too much in the queue and behind those who were told before and are
 *     not due yet. Who comes back when told finds room, as long as the pace holds.
 * D3  A wait is 1 s to 300 s. Beyond that no places are promised any more.
 */
export class DrainRate {
  readonly #clock: Clock;
  readonly #samples: Sample[] = [];
  /** Places promised to those who were refused and are not due yet; fractions come from the pace. */
  #promised = 0;
  #promisedAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes note of how the queue stands; cheap enough for every submission. */
  observe({ queued, taken }: QueueReading): void {
    const at = this.#clock.now();
    const last = this.#samples.at(-1);
    // What was measured before the queue was empty, or before the clock was set back, is of another time.
    if (queued === 0 || (last !== undefined && last.at > at)) this.#samples.length = 0;
    else if (last !== undefined && at - last.at < sampleEveryMs) return;
    this.#samples.push({ at, taken });
    if (this.#samples.length > maxSamples) this.#samples.shift();
  }

  /** Executions taken out of the queue in a second. More than 0: of a queue that stands still, less than one in the time that was watched. */
  perSecond({ taken }: QueueReading): number {
    const at = this.#clock.now();
    const isEnough = (sample: Sample): boolean => at - sample.at >= stretchMs && taken - sample.taken >= stretchTaken;
    const from = this.#samples.findLast(isEnough) ?? this.#samples[0] ?? { at, taken };
    const seconds = Math.max(shortestStretchMs, at - from.at) / 1_000;
    return Math.max(1, taken - from.taken) / seconds;
  }

  /** When one who finds the queue full should come back, in milliseconds; `excess` have to leave it before there is a place. */
  retryAfterMs(reading: QueueReading, excess: number): number {
    this.observe(reading);
    const at = this.#clock.now();
    const perMs = this.perSecond(reading) / 1_000;
    this.#promised = Math.max(0, this.#promised - Math.max(0, at - this.#promisedAt) * perMs);
    this.#promisedAt = at;
    const waitMs = (Math.max(1, excess) + this.#promised) / perMs;
    if (waitMs < longestWaitMs) this.#promised += 1;
    return Math.min(longestWaitMs, Math.max(shortestWaitMs, Math.ceil(waitMs)));
  }
}
