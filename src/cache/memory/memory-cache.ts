import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import { cacheLifetimesMs } from '../cache.ts';
import type { Cache, CacheKind, CacheKindStatistics, CacheStatistics } from '../cache.ts';

interface Entry {
  readonly value: unknown;
  readonly tags: readonly string[];
}

/** A fill under way, and what it is to be forgotten by. */
interface Fill {
  readonly value: Promise<unknown>;
  readonly tags: readonly string[];
}

interface Counts {
  hits: number;
  misses: number;
  fills: number;
  invalidations: number;
}

/** The entries of one kind, the least recently used leaving first. */
class Shelf {
  readonly counts: Counts = { hits: 0, misses: 0, fills: 0, invalidations: 0 };
  readonly fills = new Map<string, Fill>();
  /** Null where nothing is to be kept. */
  readonly #entries: LRUCache<string, Entry> | null;
  readonly #byTag = new Map<string, Set<string>>();

  constructor(kind: CacheKind, clock: Clock, max: number) {
    this.#entries =
      max === 0
        ? null
        : new LRUCache({
            max,
            ttl: cacheLifetimesMs[kind],
            // Neither a timer nor a time of its own: time is what the clock says.
            ttlResolution: 0,
            perf: clock,
            dispose: ({ tags }, key) => this.#untag(key, tags),
          });
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  find(key: string): Entry | undefined {
    return this.#entries?.get(key);
  }

  /** `ageMs` of its lifetime are over already. */
  keep(key: string, entry: Entry, ageMs: number): void {
    if (this.#entries === null || entry.value === null) return;
    this.#entries.set(key, entry, { ttl: this.#entries.ttl - ageMs });
    for (const tag of entry.tags) {
      const keys = this.#byTag.get(tag);
      if (keys === undefined) this.#byTag.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  forget(key: string): void {
    const isFilling = this.fills.delete(key);
    const isKept = this.#entries?.delete(key) ?? false;
    if (isFilling || isKept) this.counts.invalidations += 1;
  }

  forgetTag(tag: string): void {
    for (const key of this.#byTag.get(tag) ?? []) this.forget(key);
    for (const [key, { tags }] of this.fills) if (tags.includes(tag)) this.forget(key);
  }

  forgetAll(): void {
    this.#entries?.clear();
    this.fills.clear();
  }

  statistics(): CacheKindStatistics {
    return { ...this.counts, entries: this.size };
  }

  #untag(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#byTag.get(tag);
      if (keys?.delete(key) === true && keys.size === 0) this.#byTag.delete(tag);
    }
  }
}

/** The first tier: the memory of this process. */
export class MemoryCache implements Cache {
  readonly #shelves: Readonly<Record<CacheKind, Shelf>>;

  /** `cacheEntries` of each kind are kept. */
  constructor({ cacheEntries }: { readonly cacheEntries: number }, clock: Clock) {
    const shelf = (kind: CacheKind): Shelf => new Shelf(kind, clock, cacheEntries);
    this.#shelves = {
      squad: shelf('squad'),
      user: shelf('user'),
      member: shelf('member'),
      prompt: shelf('prompt'),
      cost: shelf('cost'),
    };
  }

  get<T>(kind: CacheKind, key: string, tags: readonly string[], fill: () => Promise<T>): Promise<T> {
    return this.getAged(kind, key, tags, async () => ({ value: await fill(), ageMs: 0 }));
  }

  /** The same where what is filled may have been kept elsewhere for a while, shorter than the lifetime of its kind. */
  async getAged<T>(
    kind: CacheKind,
    key: string,
    tags: readonly string[],
    fill: () => Promise<{ readonly value: T; readonly ageMs: number }>,
  ): Promise<T> {
    const shelf = this.#shelves[kind];
    const kept = shelf.find(key);
    if (kept !== undefined) {
      shelf.counts.hits += 1;
      // What is kept under a key is what the one kind of fill for this key gave.
      return kept.value as T;
    }
    shelf.counts.misses += 1;
    const filling = shelf.fills.get(key);
    if (filling !== undefined) return filling.value as Promise<T>;
    shelf.counts.fills += 1;
    const filled = fill();
    const current: Fill = { value: filled.then(({ value }) => value), tags };
    // Whoever waits for it hears of it, and so does the one who fills.
    current.value.catch(() => {});
    shelf.fills.set(key, current);
    try {
      const { value, ageMs } = await filled;
      // Forgotten meanwhile: a change came between the reading and this line, and somebody else may be filling by now.
      if (shelf.fills.get(key) === current) shelf.keep(key, { value, tags }, ageMs);
      return value;
    } finally {
      if (shelf.fills.get(key) === current) shelf.fills.delete(key);
    }
  }

  make<T>(kind: CacheKind, key: string, tags: readonly string[], make: () => T): T {
    const shelf = this.#shelves[kind];
    const kept = shelf.find(key);
    if (kept !== undefined) {
      shelf.counts.hits += 1;
      return kept.value as T;
    }
    shelf.counts.misses += 1;
    shelf.counts.fills += 1;
    const value = make();
    shelf.keep(key, { value, tags }, 0);
    return value;
  }

  async forget(kind: CacheKind, key: string): Promise<void> {
    this.#shelves[kind].forget(key);
  }

  async forgetTag(tag: string): Promise<void> {
    for (const shelf of Object.values(this.#shelves)) shelf.forgetTag(tag);
  }

  /** The same for everything: what changed is not known. */
  forgetAll(): void {
    for (const shelf of Object.values(this.#shelves)) shelf.forgetAll();
  }

  statistics(): CacheStatistics {
    const { squad, user, member, prompt, cost } = this.#shelves;
    return {
      squad: squad.statistics(),
      user: user.statistics(),
      member: member.statistics(),
      prompt: prompt.statistics(),
      cost: cost.statistics(),
    };
  }
}
