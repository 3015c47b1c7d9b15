import type { Clock } from '../kernel/clock.ts';
import { DrainRate } from './drain-rate.ts';
import type { QueueReading } from './drain-rate.ts';
import { TokenBuckets } from './token-bucket.ts';

export interface LatenessSettings {
  /** While the oldest that was let in waits for longer, in milliseconds, no more are let in. 0: always. */
  readonly maxWaitMs: number;
  /** So many are let in all the same, if none was for a minute. More than 0. */
  readonly burst: number;
}

/** Of the pace at which work is done: what is promised to those who come back. The rest is for those who come first. */
const returningShare = 0.5;
/** For so long after the last that came while others waited too long. */
const calmMs = 1_000;

/**
 * Whether a process does what it lets in in time, and so may let in more.
 *
 * W1  Those let in are served in their order. What is older than the newest that was served waits for reasons of its own, and
 *     no longer counts: one that hangs does not close the door.
 * W2  While the oldest that counts has waited for longer than `maxWaitMs`, nobody is let in: then it is done with those that
 *     are there before others come, and always has something to do. Wherever they wait, for a turn of the event loop, for
 *     the disk or for a core, they are late.
 * W3  The first `burst` to come then are let in all the same, and as many again evenly within a minute: a crowd that comes once
 *     waits, one that stays is refused.
 * W4  Those who are refused are told places of their own at half the measured pace, behind those who were told before.
 */
export class Lateness {
  readonly #maxWaitMs: number;
  readonly #clock: Clock;
  readonly #burst: TokenBuckets;
  readonly #drain: DrainRate;
  /** When those that count were let in, by number from `#first` on; null when they left unserved. */
  #since: (number | null)[] = [];
  #first = 0;
  #head = 0;
  #served = 0;
  #lateAt = -Infinity;

  constructor({ maxWaitMs, burst }: LatenessSettings, clock: Clock) {
    this.#maxWaitMs = maxWaitMs;
    this.#clock = clock;
    this.#burst = new TokenBuckets({ perMinute: burst, burst: 0 }, clock);
    this.#drain = new DrainRate(clock);
  }

  /** Whether somebody came within the last second while others waited too long. */
  get isLate(): boolean {
    return this.#clock.now() - this.#lateAt < calmMs;
  }

  /** Whether one that comes now may come in. */
  admits(): boolean {
    if (this.#maxWaitMs === 0) return true;
    const now = this.#clock.now();
    const oldest = this.#since[this.#head];
    if (typeof oldest !== 'number' || now - oldest <= this.#maxWaitMs) return true;
    this.#lateAt = now;
    return this.#burst.take('').isTaken;
  }

  /** Counts one as waiting until the function that is given back is called: when it was served, or left for another reason. */
  enter(): (isServed: boolean) => void {
    const number = this.#first + this.#since.length;
    this.#since.push(this.#clock.now());
    return (isServed) => this.#leave(number, isServed);
  }

  /** When one who was refused should come back, in milliseconds. */
  retryAfterMs(): number {
    return this.#drain.retryAfterMs(this.#reading(), 1);
  }

  #leave(number: number, isServed: boolean): void {
    const place = number - this.#first;
    if (isServed) this.#served += 1;
    if (place >= this.#head) {
      if (isServed) this.#head = place + 1;
      else this.#since[place] = null;
      while (this.#since[this.#head] === null) this.#head += 1;
      // Half of it at a time: taking one off the front of a long array moves all the others.
      if (this.#head * 2 >= this.#since.length) {
        this.#since = this.#since.slice(this.#head);
        this.#first += this.#head;
        this.#head = 0;
      }
    }
    this.#drain.observe(this.#reading());
  }

  #reading(): QueueReading {
    return { queued: this.isLate ? 1 : 0, taken: this.#served * returningShare };
  }
}
