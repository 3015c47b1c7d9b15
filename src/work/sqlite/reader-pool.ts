import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { quickQueries } from './queries/queries.ts';
import type { QueryArguments, QueryName, QueryResult } from './queries/queries.ts';
import { Reader } from './reader.ts';
import type { Query } from './reader.ts';

export interface ReaderPoolSettings {
  readonly path: string;
  readonly readers: number;
  /** How long a query may wait for a reader. */
  readonly readerTimeoutMs: number;
}

export interface ReaderPoolStatistics {
  readonly size: number;
  readonly open: number;
  readonly busy: number;
  readonly waiting: number;
  readonly queries: number;
  readonly batches: number;
  readonly reopened: number;
  readonly timedOut: number;
}

interface WaitingQuery extends Query {
  readonly since: number;
}

/** Queries for single rows travel together, at most this many: a message costs several times the query. */
const maxBatch = 64;
/** Memory for what waits stays bounded, whatever the time-out is; far above what the readers can answer in it. */
const maxWaiting = 20_000;
/** How often every reader has to give a sign of life, and how long it may take for one: three times the wait for a lock. */
const healthCheckMs = 15_000;

/**
 * Readers in threads of their own, opened when first needed.
 *
 * R1  A reader serves one batch at a time: queries for single rows that wait together, or one list or report.
 * R2  A query that no reader took in time is refused; one that was taken is answered, or fails with its reader.
 * R3  A reader that dies, or that a health check finds without an answer for `healthCheckMs`, is replaced when needed.
 */
export class ReaderPool implements AsyncDisposable {
  readonly #settings: ReaderPoolSettings;
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  readonly #idle: Reader[] = [];
  /** When each busy reader was asked. */
  readonly #busy = new Map<Reader, number>();
  #waiting: WaitingQuery[] = [];
  #flushing = false;
  #timeout: Timer | null = null;
  #health: Timer | null = null;
  #closed = false;
  #queries = 0;
  #batches = 0;
  #lostReaders = 0;
  #reopened = 0;
  #timedOut = 0;

  constructor(settings: ReaderPoolSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Throws `POOL_EXHAUSTED` when no reader became free in time. */
  run<N extends QueryName>(name: N, argument: QueryArguments<N>): Promise<QueryResult<N>> {
    if (this.#closed) return Promise.reject(this.#closing());
    if (this.#waiting.length >= maxWaiting) {
      return Promise.reject(new SquadraError('POOL_EXHAUSTED', `${maxWaiting} queries wait for a reader already.`));
    }
    this.#queries++;
    if (!this.#flushing && (this.#idle.length > 0 || this.#readers.size < this.#settings.readers)) {
      // What is asked for in the same turn of the loop travels together.
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#serve();
      });
    }
    return new Promise((resolve, reject) => {
      // The thread answers with what the query of this name returned.
      const answer = resolve as (value: unknown) => void;
      this.#waiting.push({ name, argument, since: this.#clock.now(), resolve: answer, reject });
      if (this.#timeout === null) this.#watchTimeout();
    });
  }

  statistics(): ReaderPoolStatistics {
    return {
      size: this.#settings.readers,
      open: this.#readers.size,
      busy: this.#busy.size,
      waiting: this.#waiting.length,
      queries: this.#queries,
      batches: this.#batches,
      reopened: this.#reopened,
      timedOut: this.#timedOut,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timeout?.cancel();
    this.#health?.cancel();
    for (const query of this.#waiting.splice(0)) query.reject(this.#closing());
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  /** Hands what waits to readers that have nothing to do. */
  #serve(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const reader = this.#idle.pop() ?? this.#open();
      if (reader === null) break;
      this.#ask(reader, this.#nextBatch());
    }
    if (this.#waiting.length > 0) return;
    this.#timeout?.cancel();
    this.#timeout = null;
  }

  #nextBatch(): readonly Query[] {
    let count = 0;
    while (count < maxBatch && count < this.#waiting.length && quickQueries.has(this.#waiting[count]?.name ?? ''))
      count++;
    return this.#waiting.splice(0, Math.max(1, count));
  }

  #ask(reader: Reader, batch: readonly Query[]): void {
    this.#busy.set(reader, this.#clock.now());
    this.#batches++;
    reader.ask(batch);
  }

  #open(): Reader | null {
    if (this.#readers.size >= this.#settings.readers) return null;
    if (this.#lostReaders > this.#reopened) this.#reopened++;
    this.#health ??= this.#clock.setTimer(healthCheckMs, () => this.#checkHealth());
    const reader = new Reader(this.#settings.path, {
      onIdle: (idle) => this.#rest(idle),
      onExit: (ended) => this.#lose(ended),
    });
    this.#readers.add(reader);
    return reader;
  }

  #rest(reader: Reader): void {
    // One that was given up may still answer.
    if (!this.#readers.has(reader)) return;
    this.#busy.delete(reader);
    this.#idle.push(reader);
    this.#serve();
  }

  #lose(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#busy.delete(reader);
    const place = this.#idle.indexOf(reader);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#lostReaders++;
    this.#serve();
  }

  #checkHealth(): void {
    const now = this.#clock.now();
    for (const [reader, since] of this.#busy) {
      if (now - since < healthCheckMs) continue;
      reader.abandon(now - since);
      this.#lose(reader);
    }
    for (const reader of this.#idle.splice(0)) this.#ask(reader, []);
    this.#health = this.#readers.size === 0 ? null : this.#clock.setTimer(healthCheckMs, () => this.#checkHealth());
  }

  /** One timer, for the query that has waited longest. */
  #watchTimeout(): void {
    const { readers, readerTimeoutMs } = this.#settings;
    const now = this.#clock.now();
    const late = this.#waiting.findIndex(({ since }) => now - since < readerTimeoutMs);
    const expired = this.#waiting.splice(0, late < 0 ? this.#waiting.length : late);
    for (const query of expired) {
      this.#timedOut++;
      query.reject(new SquadraError('POOL_EXHAUSTED', `All ${readers} readers were busy for ${readerTimeoutMs} ms.`));
    }
    const [first] = this.#waiting;
    this.#timeout =
      first === undefined
        ? null
        : this.#clock.setTimer(first.since + readerTimeoutMs - now, () => this.#watchTimeout());
  }

  #closing(): SquadraError {
    return new SquadraError('SHUTTING_DOWN', `The state file ${this.#settings.path} is closed.`);
  }
}
