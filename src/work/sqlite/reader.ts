import { Worker } from 'node:worker_threads';
import { SquadraError } from '../../kernel/errors.ts';
import { toError } from '../../kernel/failure.ts';
import type { Failure } from '../../kernel/failure.ts';

export interface ReadThreadData {
  readonly path: string;
}

/** Names and arguments in turn. An empty one only asks whether the thread still answers. */
export type ReadBatch = readonly unknown[];

/** A value for each query, in order; those that failed are named by their place. `null` once the file is open. */
export interface ReadReply {
  readonly values: readonly unknown[];
  readonly failures: readonly (readonly [place: number, failure: Failure])[];
}

/** A query on its way. */
export interface Query {
  readonly name: string;
  readonly argument: unknown;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What a reader tells its pool. */
export interface ReaderEvents {
  /** It has answered all it was asked. */
  onIdle(reader: Reader): void;
  /** Its thread has ended; it will never answer again. */
  onExit(reader: Reader): void;
}

/** One thread with one connection. It serves one batch at a time. */
export class Reader {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #asked: readonly Query[] = [];
  #isOpen = false;
  #isClosing = false;

  constructor(path: string, events: ReaderEvents) {
    this.#path = path;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./read-thread.${extension}`, import.meta.url), {
      workerData: { path } satisfies ReadThreadData,
    });
    this.#worker.on('message', (reply: ReadReply | null) => {
      if (reply === null) this.#open();
      else if (this.#isOpen) this.#answer(reply, events);
      else this.#fail(failureOf(reply, path));
    });
    this.#worker.on('error', (cause) => {
      this.#fail(new SquadraError('STORE_FAILED', `A reader of ${path} stopped: ${String(cause)}.`, { cause }));
    });
    this.#exited = new Promise((resolve) =>
      this.#worker.on('exit', () => {
        this.#fail(new SquadraError('STORE_FAILED', `A reader of ${path} stopped; ask again.`));
        events.onExit(this);
        resolve();
      }),
    );
  }

  /** Sends a batch; only while the reader is idle. What comes before the file is open is sent then. */
  ask(queries: readonly Query[]): void {
    this.#asked = queries;
    if (this.#isOpen) this.#send();
  }

  /**
   * Gives up a thread that does not answer. A call of SQLite cannot be broken off: the thread ends when it returns, and holds
   * nobody up until then. (Terminated in the middle of one, a thread may take the process along.)
   */
  abandon(afterMs: number): void {
    this.#fail(new SquadraError('STORE_FAILED', `A reader of ${this.#path} gave no answer for ${afterMs} ms.`));
    this.#worker.postMessage(null);
    this.#worker.unref();
  }

  /** Answers what it was asked, then closes the file. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#asked.length === 0) this.#worker.postMessage(null);
    await this.#exited;
  }

  #open(): void {
    this.#isOpen = true;
    this.#send();
  }

  #send(): void {
    this.#worker.postMessage(this.#asked.flatMap(({ name, argument }) => [name, argument]));
  }

  #answer({ values, failures }: ReadReply, events: ReaderEvents): void {
    const asked = this.#asked;
    this.#asked = [];
    const failed = new Map(failures);
    for (const [place, query] of asked.entries()) {
      const failure = failed.get(place);
      if (failure === undefined) query.resolve(values[place]);
      else query.reject(toError(failure));
    }
    if (this.#isClosing) this.#worker.postMessage(null);
    else events.onIdle(this);
  }

  #fail(error: Error): void {
    for (const query of this.#asked) query.reject(error);
    this.#asked = [];
  }
}

function failureOf(reply: ReadReply, path: string): Error {
  const failure = reply.failures[0]?.[1];
  return failure === undefined ? new SquadraError('INTERNAL', `${path} did not open.`) : toError(failure);
}
