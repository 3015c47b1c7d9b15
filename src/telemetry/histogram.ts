/** How many times something took how long. */
export interface DurationDistribution {
  readonly count: number;
  readonly sumMs: number;
  /** What half of them, and 99 of a hundred, did not exceed, as near as the buckets tell; 0 of nothing. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many took at most so long, in rising order; the last bound is infinite. */
  readonly buckets: readonly { readonly atMostMs: number; readonly count: number }[];
}

/** Upper bounds in milliseconds: from a fast disk's sync to one that is in trouble. */
const defaultBoundsMs = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/** Counts durations in a few buckets: constant memory, a dozen comparisons each. */
export class DurationHistogram {
  readonly #boundsMs: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sumMs = 0;

  constructor(boundsMs: readonly number[] = defaultBoundsMs) {
    this.#boundsMs = [...boundsMs, Infinity];
    this.#counts = this.#boundsMs.map(() => 0);
  }

  observe(ms: number): void {
    const place = this.#boundsMs.findIndex((bound) => ms <= bound);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#count += 1;
    this.#sumMs += ms;
  }

  distribution(): DurationDistribution {
    let count = 0;
    const buckets = this.#boundsMs.map((atMostMs, place) => {
      count += this.#counts[place] ?? 0;
      return { atMostMs, count };
    });
    const [p50Ms, p99Ms] = [quantileMs(buckets, 0.5), quantileMs(buckets, 0.99)];
    return { count: this.#count, sumMs: this.#sumMs, p50Ms, p99Ms, buckets };
  }
}

/** The upper bound of the bucket that holds the quantile; of the last bucket, which has none, that of the one before. */
function quantileMs(buckets: DurationDistribution['buckets'], share: number): number {
  const count = buckets.at(-1)?.count ?? 0;
  if (count === 0) return 0;
  const bounded = buckets.filter(({ atMostMs }) => Number.isFinite(atMostMs));
  return (bounded.find((bucket) => bucket.count >= share * count) ?? bounded.at(-1))?.atMostMs ?? 0;
}
