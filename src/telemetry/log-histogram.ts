/** Each bucket ends so many times higher than the one before: its middle is at most 2.5 % away from all that is in it. */
const growth = 1.05;
const logGrowth = Math.log(growth);

/** What most values did not exceed, in their unit. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Counts values from 0 on in buckets that grow by a twentieth each, so that percentiles of very small and very large values are
 * equally true: within 2.5 % of the exact ones. Only buckets with something in them take room. Two that are merged are what
 * one of all their values would be.
 */
export class LogHistogram {
  readonly #counts = new Map<number, number>();
  #count = 0;

  /** How many values. */
  get count(): number {
    return this.#count;
  }

  /** A value in whole units; less than none counts as none. */
  add(value: number, times = 1): void {
    this.#addTo(bucketOf(value), times);
  }

  merge(other: LogHistogram): void {
    for (const [bucket, times] of other.#counts) this.#addTo(bucket, times);
  }

  /** What a share of the values (0 to 1) did not exceed, by nearest rank; null of nothing. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let passed = 0;
    let found = 0;
    for (const [bucket, times] of this.#sorted()) {
      found = bucket;
      passed += times;
      if (passed >= rank) break;
    }
    return middleOf(found);
  }

  /** Rounded to whole units; null of nothing. */
  percentiles(): Percentiles | null {
    const [p50, p95, p99] = [this.quantile(0.5), this.quantile(0.95), this.quantile(0.99)];
    if (p50 === null || p95 === null || p99 === null) return null;
    return { p50: Math.round(p50), p95: Math.round(p95), p99: Math.round(p99) };
  }

  /** Buckets and counts in turn, as JSON: `[12,3,14,1]`. */
  encode(): string {
    return JSON.stringify(this.#sorted().flat());
  }

  /** Adds what `encode` wrote. */
  addEncoded(text: string): void {
    // Only `encode` writes it.
    const encoded = JSON.parse(text) as readonly number[];
    for (let place = 0; place + 1 < encoded.length; place += 2)
      this.#addTo(encoded[place] ?? 0, encoded[place + 1] ?? 0);
  }

  #addTo(bucket: number, times: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + times);
    this.#count += times;
  }

  #sorted(): [bucket: number, times: number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

/** 0 holds what is less than one; bucket n what is above `growth ** (n - 2)`, up to `growth ** (n - 1)`. */
function bucketOf(value: number): number {
  return value < 1 ? 0 : Math.ceil(Math.log(value) / logGrowth) + 1;
}

/** As far from the lower end of a bucket as from the upper one, measured by their size. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : (2 * growth ** (bucket - 1)) / (growth + 1);
}
