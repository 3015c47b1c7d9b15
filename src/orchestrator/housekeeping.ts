import type { Clock, Timer } from '../kernel/clock.ts';
import type { ExecutionStore } from '../work/execution-store.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** Small, so that a batch holds up the writes between which it falls for a few milliseconds only. */
const batchSize = 200;

/** Deletes what ended before a time, in small batches, until nothing is left or `isStopped` says so. Returns how many went. */
export async function pruneOld(
  executions: ExecutionStore,
  endedBefore: number,
  isStopped: () => boolean = () => false,
): Promise<number> {
  let total = 0;
  for (;;) {
    const count = await executions.prune(endedBefore, batchSize);
    total += count;
    if (count < batchSize || isStopped()) return total;
  }
}

/** Keeps the state file from growing for ever; 0 days keeps everything. */
export class Housekeeping implements Disposable {
  readonly #executions: ExecutionStore;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #onError: (error: unknown) => void;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(executions: ExecutionStore, clock: Clock, retentionDays: number, onError: (error: unknown) => void) {
    this.#executions = executions;
    this.#clock = clock;
    this.#keepMs = retentionDays * dayMs;
    this.#onError = onError;
  }

  start(): void {
    if (this.#keepMs <= 0) return;
    // Ten times in the time that is kept, so that the file holds a tenth too much at most; daily is often enough.
    const pauseMs = Math.min(dayMs, Math.max(1_000, this.#keepMs / 10));
    this.#timer = this.#clock.setTimer(pauseMs, () => {
      pruneOld(this.#executions, this.#clock.now() - this.#keepMs, () => this.#stopped)
        .catch((error: unknown) => {
          if (!this.#stopped) this.#onError(error);
        })
        .finally(() => {
          if (!this.#stopped) this.start();
        });
    });
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
