import { Worker } from 'node:worker_threads';
import { SquadraError } from '../../kernel/errors.ts';
import { toError } from '../../kernel/failure.ts';
import type { OperationArguments, OperationName, OperationResult } from './operations/operations.ts';
import type { GroupReply } from './write-group.ts';
import type { WriteThreadData } from './write-thread.ts';

export interface WriterSettings extends WriteThreadData {
  readonly maxPendingWrites: number;
}

export interface WriterStatistics {
  /** Operations accepted and not answered yet. */
  readonly pending: number;
  readonly operations: number;
  readonly groups: number;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Messages on their way at a time. Those that arrive while the thread commits become one group; more would only wait. */
const maxMessages = 16;

/**
 * Answers that are handed out in one turn of the event loop. What a caller does with an answer takes some 30 µs: this
 * many take about a millisecond, and what they ask for next is on its way to the thread before the next ones are told.
 */
const sliceSize = 32;

/**
 * The main thread's side of the writer: what is asked for in one turn of the loop travels in one message, and the thread
 * commits in one group all that has arrived, so the load itself makes the groups. Answers come in the order of the calls.
 */
export class Writer {
  readonly #worker: Worker;
  readonly #maxPending: number;
  readonly #waiting: Waiting[] = [];
  #answered = 0;
  /** Groups that were committed and of which not everybody has been told yet. */
  readonly #replies: GroupReply[] = [];
  /** Operations of the first of them whose callers know. */
  #settled = 0;
  #batch: unknown[] = [];
  #messages = 0;
  #flushing = false;
  #operations = 0;
  #groups = 0;
  #broken: SquadraError | null = null;
  readonly #closed: Promise<void>;
  #markClosed: () => void = () => {};

  private constructor(worker: Worker, settings: WriterSettings) {
    this.#worker = worker;
    this.#maxPending = settings.maxPendingWrites;
    this.#closed = new Promise((resolve) => (this.#markClosed = resolve));
    worker.on('message', (message: GroupReply | 'closed') => {
      if (message !== 'closed') this.#receive(message);
    });
    worker.on('error', (cause) =>
      this.#break(
        new SquadraError('STORE_FAILED', `The writer of ${settings.path} stopped: ${String(cause)}.`, { cause }),
      ),
    );
    worker.on('exit', () => {
      this.#break(new SquadraError('SHUTTING_DOWN', `The state file ${settings.path} is closed.`));
      this.#markClosed();
    });
  }

  /** Starts the thread, which opens and migrates the file. Throws what opening it threw. */
  static async open(settings: WriterSettings): Promise<Writer> {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const { path, commitDelayMs } = settings;
    const worker = new Worker(new URL(`./write-thread.${extension}`, import.meta.url), {
      workerData: { path, commitDelayMs } satisfies WriteThreadData,
    });
    const first = await new Promise<'open' | GroupReply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (first !== 'open') throw failureOf(first);
    return new Writer(worker, settings);
  }

  /** Runs an operation in the next group; resolves after its commit is synced. */
  run<N extends OperationName>(name: N, argument: OperationArguments<N>): Promise<OperationResult<N>> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    if (this.#waiting.length - this.#answered >= this.#maxPending) {
      return Promise.reject(
        new SquadraError(
          'WRITES_SATURATED',
          `${this.#maxPending} writes wait for the disk; nothing of this one was stored.`,
        ),
      );
    }
    this.#batch.push(name, argument);
    this.#operations++;
    if (!this.#flushing && this.#messages < maxMessages && this.#replies.length === 0) {
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    }
    // The thread answers with what the operation of this name returned.
    return new Promise((resolve, reject) =>
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject }),
    );
  }

  statistics(): WriterStatistics {
    return { pending: this.#waiting.length - this.#answered, operations: this.#operations, groups: this.#groups };
  }

  /** Writes what was accepted, then closes the file. */
  async close(): Promise<void> {
    if (this.#broken === null) {
      if (this.#batch.length > 0) this.#send();
      this.#worker.postMessage(null);
    }
    await this.#closed;
  }

  #flush(): void {
    if (this.#batch.length > 0 && this.#messages < maxMessages && this.#broken === null) this.#send();
  }

  #send(): void {
    this.#worker.postMessage(this.#batch);
    this.#batch = [];
    this.#messages++;
  }

  #receive(reply: GroupReply): void {
    this.#groups++;
    this.#messages -= reply.messages;
    this.#replies.push(reply);
    if (this.#replies.length === 1) this.#settleSlice();
  }

  #settleSlice(): void {
    // What the slice before led to is written while this one is settled.
    this.#flush();
    const [reply] = this.#replies;
    if (reply === undefined) return;
    this.#settle(reply, this.#settled + sliceSize);
    if (this.#replies.length > 0) setImmediate(() => this.#settleSlice());
  }

  /** Settles the operations of the first reply up to a place; after the last one the reply is dropped. */
  #settle({ values, failures }: GroupReply, end: number): void {
    const failed = failures.length === 0 ? null : new Map(failures);
    const count = Math.max(values.length, failures.length);
    for (; this.#settled < Math.min(end, count); this.#settled++) {
      const waiting = this.#waiting[this.#answered++];
      const failure = failed?.get(this.#settled);
      if (failure === undefined) waiting?.resolve(values[this.#settled]);
      else waiting?.reject(toError(failure));
    }
    this.#forget();
    if (this.#settled < count) return;
    this.#replies.shift();
    this.#settled = 0;
  }

  /** Answered entries are dropped in one go, so that taking the first of a long queue costs nothing. */
  #forget(): void {
    if (this.#answered < this.#waiting.length && this.#answered < 4_096) return;
    this.#waiting.splice(0, this.#answered);
    this.#answered = 0;
  }

  #break(error: SquadraError): void {
    // These were committed, whatever happened since.
    for (let [reply] = this.#replies; reply !== undefined; [reply] = this.#replies) this.#settle(reply, Infinity);
    this.#broken ??= error;
    for (const waiting of this.#waiting.splice(0).slice(this.#answered)) waiting.reject(this.#broken);
    this.#answered = 0;
    this.#batch = [];
  }
}

function failureOf(outcome: GroupReply): Error {
  const failure = outcome.failures[0]?.[1];
  return failure === undefined
    ? new SquadraError('INTERNAL', 'The writer thread gave no reason for not opening.')
    : toError(failure);
}
