import type { Clock, Timer } from '../kernel/clock.ts';
import type { ConvoyStore } from '../work/convoy-store.ts';
import type { ExecutionStore } from '../work/execution-store.ts';
import type { Workspaces } from './forks.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** Small, so that a batch holds up the writes between which it falls for a few milliseconds only. */
const batchSize = 200;
/** Each with all its items. */
const convoyBatchSize = 5;

/** What is left of an execution outside the store. */
export type Remains = Pick<Workspaces, 'remove'>;

export interface PruningParts {
  readonly executions: ExecutionStore;
  readonly convoys: Pick<ConvoyStore, 'prune'>;
  readonly workspaces: Remains;
  /** What has to be counted before it may be deleted. */
  readonly metrics: { catchUp(): Promise<void> };
  /** Hears which workspace could not be removed. */
  readonly onLeftOver: (executionId: string, error: unknown) => void;
}

/**
 * Deletes what has been kept for long enough.
 *
 * K1  The workspace goes before its execution does: where a process dies in between, the next pruning finds both again, so
 *     that nothing is left behind that nobody knows of.
 * K2  A workspace that cannot be removed stays and is told of; it keeps no execution from going.
 */
export class Pruning {
  readonly #parts: PruningParts;

  constructor(parts: PruningParts) {
    this.#parts = parts;
  }

  /** Deletes what ended before a time, in small batches, until nothing is left or `isStopped` says so. Returns how many went. */
  async run(endedBefore: number, isStopped: () => boolean = () => false): Promise<number> {
    await this.#parts.metrics.catchUp();
    let total = 0;
    for (;;) {
      const count = await this.#parts.executions.prune(endedBefore, batchSize, (ids) => this.#release(ids));
      total += count;
      if (isStopped()) return total;
      if (count < batchSize) break;
    }
    // After the executions that their items were: what is left of them is small.
    while ((await this.#parts.convoys.prune(endedBefore, convoyBatchSize)) === convoyBatchSize && !isStopped());
    return total;
  }

  /** One after the other: nobody waits for it, and the disk is needed for other things. */
  async #release(ids: readonly string[]): Promise<void> {
    const { workspaces, onLeftOver } = this.#parts;
    for (const id of ids) await workspaces.remove(id).catch((error: unknown) => onLeftOver(id, error));
  }
}

/** Keeps the state folder from growing for ever; 0 days keeps everything. */
export class Housekeeping implements Disposable {
  readonly #pruning: Pruning;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #onError: (error: unknown) => void;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(pruning: Pruning, clock: Clock, retentionDays: number, onError: (error: unknown) => void) {
    this.#pruning = pruning;
    this.#clock = clock;
    this.#keepMs = retentionDays * dayMs;
    this.#onError = onError;
  }

  start(): void {
    if (this.#keepMs <= 0) return;
    // Ten times in the time that is kept, so that the file holds a tenth too much at most; daily is often enough.
    const pauseMs = Math.min(dayMs, Math.max(1_000, this.#keepMs / 10));
    this.#timer = this.#clock.setTimer(pauseMs, () => {
      this.#pruning
        .run(this.#clock.now() - this.#keepMs, () => this.#stopped)
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
