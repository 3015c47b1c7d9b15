import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { Inngest, InngestFunction } from 'inngest';
import type { WorkerConnection as Connection, connect as connectFunction } from 'inngest/connect';
import type { Clock } from '../../kernel/clock.ts';
import { retryDelayMs } from '../../kernel/retry.ts';
import type { RetryPolicy } from '../../kernel/retry.ts';
import type { Reception } from '../ordered/ordered-engine.ts';
import { pause } from '../ordered/pause.ts';
import { installed } from './inngest-client.ts';

export interface WorkerConnectionParts {
  readonly client: Inngest;
  readonly functions: readonly InngestFunction.Like[];
  /** Inngest gives this process no more than that at a time. */
  readonly places: number;
  readonly clock: Clock;
  readonly onProblem: (problem: string) => void;
}

const policy: RetryPolicy = { retries: Number.POSITIVE_INFINITY, initialMs: 1_000, maxMs: 30_000, factor: 2 };

/**
 * The connection over which Inngest calls the functions of this process: it goes out, so nobody needs to reach the worker. The SDK keeps
 * it up, in a thread of its own, and connects again where it broke; what was called meanwhile Inngest gives to another worker.
 */
export class WorkerConnection implements Reception, AsyncDisposable {
  readonly #parts: WorkerConnectionParts;
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;
  /** The SDK listens for this at the process while it has not connected yet, as it would for SIGTERM: there is no other way to stop it then. */
  readonly #stopName = `squadra-inngest-stop-${randomUUID()}`;
  #connection: Connection | null = null;

  private constructor(parts: WorkerConnectionParts, connect: typeof connectFunction) {
    this.#parts = parts;
    this.#over = this.#stay(connect);
  }

  /** Begins to connect, and goes on trying. Rejects where the SDK is not installed. */
  static async open(parts: WorkerConnectionParts): Promise<WorkerConnection> {
    const { connect } = await installed(() => import('inngest/connect'));
    return new WorkerConnection(parts, connect);
  }

  /** Whether Inngest has this worker. */
  get isConnected(): boolean {
    return this.#connection !== null && this.#connection.state === 'ACTIVE';
  }

  /** Tells Inngest to give it nothing more. */
  refuse(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    if (this.#connection === null) (process as EventEmitter).emit(this.#stopName);
    else void this.#connection.close();
  }

  async close(): Promise<void> {
    this.refuse();
    await this.#over;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stay(connect: typeof connectFunction): Promise<void> {
    const { client, functions, places, clock, onProblem } = this.#parts;
    const { signal } = this.#closing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        this.#connection = await connect({
          apps: [{ client, functions: [...functions] }],
          maxWorkerConcurrency: places,
          handleShutdownSignals: [this.#stopName],
        });
        if (signal.aborted) await this.#connection.close();
        await this.#connection.closed;
      } catch (error) {
        if (signal.aborted) return;
        onProblem(
          `This worker could not connect to Inngest: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      this.#connection = null;
      await pause(clock, retryDelayMs(policy, attempt, Math.random), signal);
    }
  }
}
