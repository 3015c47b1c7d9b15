import type { Clock } from '../kernel/clock.ts';
import type { SharedBuckets } from './shared-buckets.ts';
import { TokenBuckets } from './token-bucket.ts';
import type { Taken, TokenRate } from './token-bucket.ts';

/**
 * Token buckets by key, of one rate, that the processes of a fleet have in common where they can.
 *
 * C1  Each token is drawn from the bucket that all share. What that came to is noted here.
 * C2  While what is noted here says that the bucket is empty, nobody else is asked: others can only have taken more since. So who floods one
 *     process is that process' trouble alone.
 * C3  Where the others cannot be asked, what is noted here counts, and goes on by itself.
 */
export class CommonBuckets {
  readonly #own: TokenBuckets;
  readonly #shared: SharedBuckets | null;
  readonly #name: string;

  /** `name` tells these buckets from others with the same keys. */
  constructor(name: string, rate: TokenRate, clock: Clock, shared: SharedBuckets | null) {
    this.#own = new TokenBuckets(rate, clock);
    this.#shared = shared;
    this.#name = name;
  }

  /** The most that a bucket holds, in tokens. */
  get capacity(): number {
    return this.#own.capacity;
  }

  /** How long an empty bucket takes to be full, in milliseconds. */
  get refillMs(): number {
    return this.#own.refillMs;
  }

  /** Takes a token out of a key's bucket, if there is a whole one. */
  async take(key: string): Promise<Taken> {
    if (this.#shared === null) return this.#own.take(key);
    const noted = this.#own.look(key);
    if (!noted.isTaken) return noted;
    const { capacity, tokenMs } = this.#own;
    const drawn = await this.#shared.draw([{ key: `${this.#name}:${key}`, capacity, tokenMs, tokens: 1 }]);
    const left = drawn?.left[0];
    if (drawn === null || left === undefined) return this.#own.take(key);
    this.#own.adopt(key, left);
    return { ...this.#own.look(key), isTaken: drawn.isTaken };
  }

  /** How a key's bucket stands as far as is known here, with nothing taken: `isTaken` says whether a token could be. */
  look(key: string): Taken {
    return this.#own.look(key);
  }
}
