import { Redis } from 'ioredis';
import type { RedisScript } from './redis-script.ts';

export interface RedisConnectionOptions {
  /** With the password in it: never shown. */
  readonly url: string;
  /** Before each key, so that several fleets can share one Redis. One slot of a cluster holds them all. */
  readonly fleet: string;
  /** It was lost, or is there again. Also called when the first attempt fails. */
  readonly onChange: (isUp: boolean, error: unknown) => void;
}

/** Longer than this nobody waits: what Redis knows can be had elsewhere, or done without. */
const answerMs = 250;
const connectMs = 2_000;
const longestPauseMs = 2_000;

/**
 * The connection of a process to the Redis of its fleet.
 *
 * R1  Nothing waits for a Redis that is away: a script is refused at once, until the connection is back.
 * R2  One that does not answer in time is left, and counts as away until a new connection is answered. Time in which this process was
 *     busy with something else is not held against it.
 */
export class RedisConnection implements Disposable {
  readonly #redis: Redis;
  readonly #fleet: string;
  readonly #onChange: (isUp: boolean, error: unknown) => void;
  /** Null until it is known. */
  #isUp: boolean | null = null;
  #error: unknown = null;
  #isClosed = false;

  constructor({ url, fleet, onChange }: RedisConnectionOptions) {
    this.#fleet = fleet;
    this.#onChange = onChange;
    this.#redis = new Redis(url, {
      connectTimeout: connectMs,
      commandTimeout: connectMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempts) => Math.min(longestPauseMs, 50 * 2 ** Math.min(attempts, 10)),
    });
    this.#redis.on('error', (error: unknown) => (this.#error = error));
    this.#redis.on('ready', () => this.#tell(true));
    this.#redis.on('close', () => this.#tell(false));
  }

  get isUp(): boolean {
    return this.#isUp === true;
  }

  /** Resolves when it is known whether Redis is there. */
  async tried(): Promise<void> {
    if (this.#isUp !== null) return;
    await new Promise<void>((resolve) => {
      this.#redis.once('ready', () => resolve());
      this.#redis.once('close', () => resolve());
    });
  }

  /** Carries a script out; rejects at once where Redis is away, and soon where it does not answer. */
  async run(script: RedisScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const given = [keys.length, ...keys.map((key) => `squadra:{${this.#fleet}}:${key}`), ...values];
    try {
      return await this.#inTime(this.#redis.evalsha(script.sha, ...asArguments(given)));
    } catch (error) {
      const isUnknown = error instanceof Error && error.message.startsWith('NOSCRIPT');
      if (!isUnknown) throw error;
      return await this.#inTime(this.#redis.eval(script.lua, ...asArguments(given)));
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#redis.disconnect();
  }

  /** R2 */
  #inTime(answer: Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let isAnswered = false;
    const late = setTimeout(() => {
      // What has come in meanwhile is read first.
      setImmediate(() => {
        if (isAnswered) return;
        const error = new Error(`Redis did not answer within ${answerMs} ms.`);
        reject(error);
        this.#leave(error);
      });
    }, answerMs);
    const answered = (): void => {
      isAnswered = true;
      clearTimeout(late);
    };
    answer.then(
      (value) => {
        answered();
        resolve(value);
      },
      (error: unknown) => {
        answered();
        reject(error);
      },
    );
    return promise;
  }

  #leave(error: Error): void {
    if (this.#isClosed || this.#isUp !== true) return;
    this.#error = error;
    this.#redis.disconnect(true);
  }

  #tell(isUp: boolean): void {
    if (this.#isClosed || this.#isUp === isUp) return;
    this.#isUp = isUp;
    this.#onChange(isUp, isUp ? null : this.#error);
  }
}

/** As the client wants them: how many keys there are, the keys, and the other values. */
function asArguments(given: readonly (string | number)[]): [number, ...(string | number)[]] {
  const [count, ...others] = given;
  return [Number(count), ...others];
}
