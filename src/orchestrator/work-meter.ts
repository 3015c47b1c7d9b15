import type { Commit } from '../work/execution-store.ts';
import { addUsage, noUsage } from '../work/usage.ts';
import type { Usage } from '../work/usage.ts';

/** What was done in this process since its start, as far as it is stored. */
export interface WorkDone {
  /** Executions by how they ended. */
  readonly ended: Readonly<Record<'completed' | 'failed' | 'cancelled', number>>;
  /** Attempts of model calls by how they ended. */
  readonly attempts: Readonly<Record<'completed' | 'failed', number>>;
  /** What model calls came to; those that a cancel cut off aside. */
  readonly usage: Usage;
}

/** Counts what commits say was done. */
export class WorkMeter {
  readonly #ended = { completed: 0, failed: 0, cancelled: 0 };
  readonly #attempts = { completed: 0, failed: 0 };
  #usage: Usage = noUsage;

  committed({ records }: Pick<Commit, 'records'>): void {
    for (const record of records) {
      if (record.kind === 'status' && (record.status === 'completed' || record.status === 'failed'))
        this.#ended[record.status] += 1;
      if (record.kind !== 'step') continue;
      if (record.usage !== null) this.#usage = addUsage(this.#usage, record.usage);
      if (record.type === 'model' && (record.phase === 'completed' || record.phase === 'failed'))
        this.#attempts[record.phase] += 1;
    }
  }

  cancelled(): void {
    this.#ended.cancelled += 1;
  }

  done(): WorkDone {
    return { ended: { ...this.#ended }, attempts: { ...this.#attempts }, usage: this.#usage };
  }
}
