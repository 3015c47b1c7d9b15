import type { Clock } from '../kernel/clock.ts';

/** How much a bucket holds and how fast it fills. */
export interface TokenRate {
  /** Tokens that come in a minute, evenly. More than 0. */
  readonly perMinute: number;
  /** What a rested bucket holds beyond a minute's worth. */
  readonly burst: number;
}

/** What asking for a token came to. */
export interface Taken {
  /** Whether there was one; it is gone then. */
  readonly isTaken: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until a token is there again, in whole milliseconds: 0 while there is one. */
  readonly waitMs: number;
  /** Until the bucket is full, in whole milliseconds. */
  readonly fullMs: number;
}

/** Entries looked at with every token asked for. Two, so that they leave faster than they can come. */
const looks = 2;
const defaultMaxKeys = 100_000;

/**
 * Token buckets by key, all of one rate: each holds `perMinute + burst` tokens at most and fills by `perMinute / 60` a second.
 *
 * B1  A bucket is one number: the time at which it is full. Who is not in the map has a full one.
 * B2  A full bucket is forgotten when it is looked at, and each call looks at two entries in turn: taking is O(1), no timer
 *     runs, and what stays in memory is what was asked for within a bucket's refill.
 * B3  There are never more than `maxKeys` entries. Where a new key finds no place, the fuller of the two entries looked at
 *     goes: its owner gets a full bucket, which is the lesser harm.
 * B4  Time only moves on: a clock that is set back stands still here until it goes on.
 */
export class TokenBuckets {
  readonly #clock: Clock;
  readonly #maxKeys: number;
  readonly #tokenMs: number;
  readonly #capacity: number;
  /** By key: when the bucket is full, in time of its own (B4). */
  readonly #fullAt = new Map<string, number>();
  #hand: MapIterator<[string, number]>;
  #nowMs = 0;
  #seenMs: number;

  constructor({ perMinute, burst }: TokenRate, clock: Clock, maxKeys: number = defaultMaxKeys) {
    if (!(perMinute > 0 && burst >= 0 && Number.isFinite(perMinute + burst)))
      throw new RangeError(`A bucket needs a rate above 0 and a burst of at least 0, not ${perMinute} and ${burst}.`);
    this.#clock = clock;
    this.#maxKeys = maxKeys;
    this.#tokenMs = 60_000 / perMinute;
    this.#capacity = perMinute + burst;
    this.#seenMs = clock.now();
    this.#hand = this.#fullAt.entries();
  }

  /** The most that a bucket holds, in tokens. */
  get capacity(): number {
    return this.#capacity;
  }

  /** In how many milliseconds a token comes in. */
  get tokenMs(): number {
    return this.#tokenMs;
  }

  /** How long an empty bucket takes to be full, in milliseconds. */
  get refillMs(): number {
    return this.#capacity * this.#tokenMs;
  }

  /** Buckets in memory. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Takes a token out of a key's bucket, if there is a whole one. */
  take(key: string): Taken {
    const nowMs = this.#moveOn();
    const candidate = this.#lookAround(nowMs);
    const found = this.#fullAt.get(key);
    const fullAt = Math.max(found ?? nowMs, nowMs) + this.#tokenMs;
    if (!this.#isWithin(fullAt, nowMs)) return this.#state(fullAt - this.#tokenMs, nowMs, false);
    this.#set(key, fullAt, candidate);
    return this.#state(fullAt, nowMs, true);
  }

  /** A key's bucket is known to hold so much; less than nothing where more was taken than there was. */
  adopt(key: string, tokens: number): void {
    const nowMs = this.#moveOn();
    const candidate = this.#lookAround(nowMs);
    if (tokens >= this.#capacity) this.#fullAt.delete(key);
    else this.#set(key, nowMs + (this.#capacity - tokens) * this.#tokenMs, candidate);
  }

  /** Puts a token that was taken back into a key's bucket. */
  giveBack(key: string): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - this.#tokenMs);
  }

  /** How a key's bucket stands, with nothing taken: `isTaken` says whether a token could be. */
  look(key: string): Taken {
    const nowMs = this.#moveOn();
    const fullAt = Math.max(this.#fullAt.get(key) ?? nowMs, nowMs);
    return this.#state(fullAt, nowMs, this.#isWithin(fullAt + this.#tokenMs, nowMs));
  }

  /** B3 */
  #set(key: string, fullAt: number, candidate: string | null): void {
    const isNew = !this.#fullAt.has(key);
    if (isNew && candidate !== null && this.#fullAt.size >= this.#maxKeys) this.#fullAt.delete(candidate);
    this.#fullAt.set(key, fullAt);
  }

  #state(fullAt: number, nowMs: number, isTaken: boolean): Taken {
    const tokens = this.#capacity - (fullAt - nowMs) / this.#tokenMs;
    const remaining = Math.max(0, Math.floor(tokens + rounding));
    const waitMs = remaining > 0 ? 0 : Math.max(1, Math.ceil((1 - rounding - tokens) * this.#tokenMs));
    return { isTaken, remaining, waitMs, fullMs: Math.ceil(fullAt - nowMs) };
  }

  /** Whether a bucket that is full at this time holds no less than nothing now. */
  #isWithin(fullAt: number, nowMs: number): boolean {
    return (fullAt - nowMs) / this.#tokenMs <= this.#capacity + rounding;
  }

  #moveOn(): number {
    const seen = this.#clock.now();
    this.#nowMs += Math.max(0, seen - this.#seenMs);
    this.#seenMs = seen;
    return this.#nowMs;
  }

  /** Forgets what is full of the next entries; the fuller of those that stay, in case a place is needed. */
  #lookAround(nowMs: number): string | null {
    let candidate: string | null = null;
    let earliest = Infinity;
    for (let look = 0; look < looks; look++) {
      let next = this.#hand.next();
      if (next.done === true) {
        this.#hand = this.#fullAt.entries();
        next = this.#hand.next();
        if (next.done === true) return candidate;
      }
      const [key, fullAt] = next.value;
      if (fullAt <= nowMs) this.#fullAt.delete(key);
      else if (fullAt < earliest) {
        earliest = fullAt;
        candidate = key;
      }
    }
    return candidate;
  }
}

/** Of a token: what sums of fractions may be off by. */
const rounding = 1e-6;
