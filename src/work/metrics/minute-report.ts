import type { MinuteRange, MinuteReport } from './metric-store.ts';
import { MinuteFigures, summaryOf } from './minute.ts';
import type { MinuteCounts } from './minute.ts';
import type { TenantMinute } from './minute-tally.ts';

/** How many convoys there are of one end; `created` of those that were made, however they ended. */
export type ConvoyCount = readonly [end: string, count: number];

const convoyCounts: Readonly<Record<string, keyof MinuteCounts>> = {
  created: 'convoysCreated',
  completed: 'convoysCompleted',
  partial: 'convoysPartial',
  failed: 'convoysFailed',
  cancelled: 'convoysCancelled',
};

/** Puts minutes of a tenant together to what they tell, as they are read. */
export class MinuteReading {
  readonly #range: MinuteRange;
  readonly #buckets = new Map<number, MinuteFigures>();

  constructor(range: MinuteRange) {
    this.#range = range;
  }

  /** Takes the next minute; oldest first. */
  add({ minute, figures }: TenantMinute): void {
    const first = minute - ((minute - this.#range.from) % this.#range.bucketMinutes);
    let bucket = this.#buckets.get(first);
    if (bucket === undefined) this.#buckets.set(first, (bucket = new MinuteFigures()));
    bucket.merge(figures);
  }

  /** The report. Convoys are counted where they stand; those that were deleted are in their minutes. */
  report(convoys: readonly ConvoyCount[], isComplete: boolean): MinuteReport {
    const total = new MinuteFigures();
    for (const bucket of this.#buckets.values()) total.merge(bucket);
    for (const [end, count] of convoys) {
      const name = convoyCounts[end];
      if (name !== undefined) total.counts[name] += count;
    }
    return {
      total: summaryOf(total),
      buckets: [...this.#buckets].map(([minute, figures]) => [minute, summaryOf(figures)]),
      isComplete,
    };
  }
}
