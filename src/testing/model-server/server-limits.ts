import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** What the server bears. A test may change it while it runs. */
export interface ServerLimits {
  /** Calls at once; more are answered 429. */
  atOnce?: number;
  /** Calls and tokens in a minute; they come in evenly. Headers tell of them, as OpenAI's do. */
  requestsPerMinute?: number;
  tokensPerMinute?: number;
  /** Beyond so many calls at once a call takes longer, with the square of how far beyond. */
  knee?: number;
}

/** What tells the time of a server, in milliseconds; tests may have one of their own. */
export interface ServerClock {
  now(): number;
  pause(ms: number): Promise<void>;
}

/** The time of the machine. */
export const machineTime: ServerClock = { now: () => performance.now(), pause: (ms) => pause(ms) };

interface Bucket {
  left: number;
  at: number;
}

/** Of a minute's worth: what there is when the server starts, so that what comes in is soon all that there is. */
const firstShare = 0.01;

/** Keeps to limits that callers have to find out about, and counts. */
export class LimitKeeper {
  readonly limits: ServerLimits;
  /** Calls that were let in, their tokens, and calls that were turned away. */
  accepted = 0;
  acceptedTokens = 0;
  refused = 0;
  /** Calls that were answered to the end, or left. */
  ended = 0;
  readonly clock: ServerClock;
  #inFlight = 0;
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: ServerLimits, clock: ServerClock = machineTime) {
    this.limits = limits;
    this.clock = clock;
  }

  /** Calls that were let in and are not answered to the end. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Lets a call in, or does not; headers tell how the rates stand then. */
  admit(response: ServerResponse, tokens: number): boolean {
    const { atOnce = Infinity, requestsPerMinute, tokensPerMinute } = this.limits;
    const isBorne =
      this.#inFlight < atOnce &&
      this.#left('requests', requestsPerMinute) >= 1 &&
      this.#left('tokens', tokensPerMinute) >= tokens;
    if (isBorne) {
      this.#take('requests', 1);
      this.#take('tokens', tokens);
      this.accepted += 1;
      this.acceptedTokens += tokens;
      this.#enter(response);
    } else this.refused += 1;
    this.#tell(response, 'requests', requestsPerMinute);
    this.#tell(response, 'tokens', tokensPerMinute);
    return isBorne;
  }

  /** Resolves when so many calls have been answered. */
  reached(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.ended >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }

  /** By how much longer a call takes that is let in now. */
  get slowness(): number {
    return Math.max(1, this.#inFlight / (this.limits.knee ?? Infinity)) ** 2;
  }

  #enter(response: ServerResponse): void {
    let isIn = true;
    const leave = (): void => {
      if (!isIn) return;
      isIn = false;
      this.#inFlight -= 1;
      this.ended += 1;
      for (const { count, resolve } of this.#waiting) if (this.ended >= count) resolve();
    };
    this.#inFlight += 1;
    response.once('finish', leave);
    response.once('close', leave);
  }

  #left(kind: string, perMinute: number | undefined): number {
    if (perMinute === undefined) return Infinity;
    const now = this.clock.now();
    const bucket = this.#buckets.get(kind) ?? { left: perMinute * firstShare, at: now };
    const left = Math.min(perMinute, bucket.left + ((now - bucket.at) / 60_000) * perMinute);
    this.#buckets.set(kind, { left, at: now });
    return left;
  }

  #take(kind: string, amount: number): void {
    const bucket = this.#buckets.get(kind);
    if (bucket !== undefined) bucket.left -= amount;
  }

  #tell(response: ServerResponse, kind: string, perMinute: number | undefined): void {
    if (perMinute === undefined) return;
    const left = this.#left(kind, perMinute);
    response.setHeader(`x-ratelimit-limit-${kind}`, perMinute);
    response.setHeader(`x-ratelimit-remaining-${kind}`, Math.floor(left));
    response.setHeader(`x-ratelimit-reset-${kind}`, `${Math.ceil(((perMinute - left) / perMinute) * 60_000)}ms`);
  }
}
