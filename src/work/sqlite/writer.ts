import { Worker } from 'node:worker_threads';
import { SquadraError } from '../../kernel/errors.ts';
import { toError } from '../../kernel/failure.ts';
import type { Failure } from '../../kernel/failure.ts';
import { DurationHistogram } from '../../telemetry/histogram.ts';
import type { DurationDistribution } from '../../telemetry/histogram.ts';
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
  /** How long the groups took to be committed. */
  readonly commits: DurationDistribution;
}

interface Caller {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A group that was committed, and who asked for it, in order. */
interface Answers {
  readonly callers: readonly Caller[];
  readonly values: readonly unknown[];
  readonly failures: ReadonlyMap<number, Failure>;
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
  /** What travels with the next message, and who asked for it. */
  #batch: unknown[] = [];
  #callers: Caller[] = [];
  /** The callers of each message on its way. They go with their message: one long list would keep alive all that they hold. */
  readonly #sent: (readonly Caller[])[] = [];
  /** Groups of which not everybody has been told yet, and how many of the first of them have. */
  readonly #answers: Answers[] = [];
  #told = 0;
  #pending = 0;
  #flushing = false;
  #operations = 0;
  #groups = 0;
  readonly #commits = new DurationHistogram();
  #broken: SquadraError | null = null;
  /** Set when the file is being closed: the thread takes nothing after its last message. */
  #closing: SquadraError | null = null;
  readonly #path: string;
  readonly #closed: Promise<void>;
  #markClosed: () => void = () => {};

  private constructor(worker: Worker, settings: WriterSettings) {
    this.#worker = worker;
    this.#maxPending = settings.maxPendingWrites;
    this.#path = settings.path;
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
    const { path, commitDelayMs, metrics } = settings;
    const worker = new Worker(new URL(`./write-thread.${extension}`, import.meta.url), {
      workerData: { path, commitDelayMs, metrics } satisfies WriteThreadData,
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
    const refusal = this.#broken ?? this.#closing;
    if (refusal !== null) return Promise.reject(refusal);
    if (this.#pending >= this.#maxPending) {
      return Promise.reject(
        new SquadraError(
          'WRITES_SATURATED',
          `${this.#maxPending} writes wait for the disk; nothing of this one was stored.`,
        ),
      );
    }
    this.#batch.push(name, argument);
    this.#pending++;
    this.#operations++;
    if (!this.#flushing && this.#sent.length < maxMessages && this.#answers.length === 0) {
      this.#flushing = true;
      setImmediate(() => {
        this.#flushing = false;
        this.#flush();
      });
    }
    // The thread answers with what the operation of this name returned.
    return new Promise((resolve, reject) =>
      this.#callers.push({ resolve: resolve as (value: unknown) => void, reject }),
    );
  }

  statistics(): WriterStatistics {
    return {
      pending: this.#pending,
      operations: this.#operations,
      groups: this.#groups,
      commits: this.#commits.distribution(),
    };
  }

  /** Writes what was accepted, then closes the file. */
  async close(): Promise<void> {
    if (this.#broken === null && this.#closing === null) {
      this.#closing = new SquadraError('SHUTTING_DOWN', `The state file ${this.#path} is being closed.`);
      if (this.#batch.length > 0) this.#send();
      this.#worker.postMessage(null);
    }
    await this.#closed;
  }

  #flush(): void {
    if (this.#batch.length > 0 && this.#sent.length < maxMessages && this.#broken === null) this.#send();
  }

  #send(): void {
    this.#worker.postMessage(this.#batch);
    this.#sent.push(this.#callers);
    this.#batch = [];
    this.#callers = [];
  }

  #receive({ values, failures, messages, durationMs }: GroupReply): void {
    this.#groups++;
    this.#commits.observe(durationMs);
    this.#answers.push({ values, failures: new Map(failures), callers: this.#sent.splice(0, messages).flat() });
    if (this.#answers.length === 1) this.#tellSome();
  }

  #tellSome(): void {
    // What those told before asked for next is written meanwhile.
    this.#flush();
    this.#tell(sliceSize);
    if (this.#answers.length > 0) setImmediate(() => this.#tellSome());
  }

  /** Tells so many callers of the first group; after the last of them the group is forgotten. */
  #tell(atMost: number): void {
    const [first] = this.#answers;
    if (first === undefined) return;
    const { callers, values, failures } = first;
    const end = Math.min(this.#told + atMost, callers.length);
    this.#pending -= end - this.#told;
    for (; this.#told < end; this.#told++) {
      const failure = failures.get(this.#told);
      if (failure === undefined) callers[this.#told]?.resolve(values[this.#told]);
      else callers[this.#told]?.reject(toError(failure));
    }
    if (end < callers.length) return;
    this.#answers.shift();
    this.#told = 0;
  }

  #break(error: SquadraError): void {
    // These were committed, whatever happened since.
    while (this.#answers.length > 0) this.#tell(Infinity);
    this.#broken ??= error;
    for (const caller of [...this.#sent.splice(0).flat(), ...this.#callers]) caller.reject(this.#broken);
    this.#callers = [];
    this.#batch = [];
    this.#pending = 0;
  }
}

function failureOf(outcome: GroupReply): Error {
  const failure = outcome.failures[0]?.[1];
  return failure === undefined
    ? new SquadraError('INTERNAL', 'The writer thread gave no reason for not opening.')
    : toError(failure);
}
