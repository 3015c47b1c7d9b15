import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { toError } from '../../kernel/failure.ts';
import type { Failure } from '../../kernel/failure.ts';
import type { QueryArguments, QueryName, QueryResult } from './queries/queries.ts';

export interface ReadThreadData {
  readonly path: string;
}
export interface ReadRequest {
  readonly name: string;
  readonly argument: unknown;
}
export interface ReadReply {
  readonly value: unknown;
  readonly failure: Failure | null;
}

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
  readonly reopened: number;
  readonly timedOut: number;
}

interface Query extends ReadRequest {
  timer: Timer | null;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Readers in threads of their own, opened when first needed. A reader serves one query at a time; one that dies fails
 * its query and is opened again for the next.
 */
export class ReaderPool implements AsyncDisposable {
  readonly #settings: ReaderPoolSettings;
  readonly #clock: Clock;
  readonly #idle: Reader[] = [];
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<Query>();
  #closed = false;
  #queries = 0;
  #died = 0;
  #reopened = 0;
  #timedOut = 0;

  constructor(settings: ReaderPoolSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Throws `POOL_EXHAUSTED` when no reader became free in time. */
  run<N extends QueryName>(name: N, argument: QueryArguments<N>): Promise<QueryResult<N>> {
    if (this.#closed) return Promise.reject(new SquadraError('SHUTTING_DOWN', `The state file ${this.#settings.path} is closed.`));
    this.#queries++;
    return new Promise((resolve, reject) => {
      // The thread answers with what the query of this name returned.
      const query: Query = { name, argument, timer: null, resolve: resolve as (value: unknown) => void, reject };
      const reader = this.#idle.pop() ?? this.#open();
      if (reader !== null) reader.ask(query);
      else this.#queue(query);
    });
  }

  statistics(): ReaderPoolStatistics {
    return {
      size: this.#settings.readers,
      open: this.#readers.size,
      busy: this.#readers.size - this.#idle.length,
      waiting: this.#waiting.size,
      queries: this.#queries,
      reopened: this.#reopened,
      timedOut: this.#timedOut,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const query of this.#waiting) this.#refuse(query, new SquadraError('SHUTTING_DOWN', `The state file ${this.#settings.path} is closing.`));
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  #queue(query: Query): void {
    query.timer = this.#clock.setTimer(this.#settings.readerTimeoutMs, () => {
      this.#timedOut++;
      const { readers, readerTimeoutMs } = this.#settings;
      this.#refuse(query, new SquadraError('POOL_EXHAUSTED', `All ${readers} readers were busy for ${readerTimeoutMs} ms.`));
    });
    this.#waiting.add(query);
  }

  #refuse(query: Query, error: SquadraError): void {
    query.timer?.cancel();
    this.#waiting.delete(query);
    query.reject(error);
  }

  #open(): Reader | null {
    if (this.#readers.size >= this.#settings.readers) return null;
    if (this.#died > this.#reopened) this.#reopened++;
    const reader: Reader = new Reader(
      this.#settings.path,
      () => this.#next(reader),
      () => this.#lost(reader),
    );
    this.#readers.add(reader);
    return reader;
  }

  #next(reader: Reader): void {
    const [query] = this.#waiting;
    if (query === undefined) {
      this.#idle.push(reader);
      return;
    }
    this.#waiting.delete(query);
    query.timer?.cancel();
    reader.ask(query);
  }

  #lost(reader: Reader): void {
    this.#readers.delete(reader);
    const place = this.#idle.indexOf(reader);
    if (place >= 0) this.#idle.splice(place, 1);
    if (this.#closed) return;
    this.#died++;
    const [query] = this.#waiting;
    const next = query === undefined ? null : this.#open();
    if (query === undefined || next === null) return;
    this.#waiting.delete(query);
    query.timer?.cancel();
    next.ask(query);
  }
}

/** One thread with one connection. */
class Reader {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #query: Query | null = null;
  #opening = true;
  #unsent: Query | null = null;

  constructor(path: string, onIdle: () => void, onExit: () => void) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./read-thread.${extension}`, import.meta.url), { workerData: { path } satisfies ReadThreadData });
    this.#worker.on('message', (reply: ReadReply) => {
      if (this.#opening) this.#opened(reply);
      else this.#answer(reply, onIdle);
    });
    this.#worker.on('error', (cause) => this.#fail(new SquadraError('STORE_FAILED', `A reader of ${path} stopped: ${String(cause)}.`, { cause })));
    this.#exited = new Promise((resolve) =>
      this.#worker.on('exit', () => {
        this.#fail(new SquadraError('STORE_FAILED', `A reader of ${path} stopped; ask again.`));
        onExit();
        resolve();
      }),
    );
  }

  ask(query: Query): void {
    this.#query = query;
    if (this.#opening) this.#unsent = query;
    else this.#send(query);
  }

  async close(): Promise<void> {
    this.#worker.postMessage(null);
    await this.#exited;
  }

  #send(query: Query): void {
    this.#worker.postMessage({ name: query.name, argument: query.argument } satisfies ReadRequest);
  }

  #opened(reply: ReadReply): void {
    if (reply.failure !== null) {
      this.#fail(toError(reply.failure));
      return;
    }
    this.#opening = false;
    if (this.#unsent !== null) this.#send(this.#unsent);
    this.#unsent = null;
  }

  #answer(reply: ReadReply, onIdle: () => void): void {
    const query = this.#query;
    this.#query = null;
    if (reply.failure === null) query?.resolve(reply.value);
    else query?.reject(toError(reply.failure));
    onIdle();
  }

  #fail(error: Error): void {
    this.#query?.reject(error);
    this.#query = null;
  }
}
