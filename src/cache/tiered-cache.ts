import type { Cache, CacheKind, CacheStatistics } from './cache.ts';
import type { SecondTier } from './second-tier.ts';

/** A cache that can be filled with what was kept elsewhere for a while. */
interface FirstTier extends Cache {
  getAged<T>(
    kind: CacheKind,
    key: string,
    tags: readonly string[],
    fill: () => Promise<{ readonly value: T; readonly ageMs: number }>,
  ): Promise<T>;
  forgetAll(): void;
}

/** Memory first, then what other processes have filled, then the store. */
export class TieredCache implements Cache {
  readonly #memory: FirstTier;
  readonly #second: SecondTier;

  constructor(memory: FirstTier, second: SecondTier) {
    this.#memory = memory;
    this.#second = second;
  }

  get<T>(kind: CacheKind, key: string, tags: readonly string[], fill: () => Promise<T>): Promise<T> {
    return this.#memory.getAged(kind, key, tags, async () => {
      const found = await this.#second.find(kind, key, tags);
      // What is kept under a key is what the one kind of fill for this key gave.
      if (found?.isKept === true) return { value: found.value as T, ageMs: found.ageMs };
      const value = await fill();
      if (found !== null && value !== null) void this.#second.keep(kind, key, tags, found.stamps, value);
      return { value, ageMs: 0 };
    });
  }

  make<T>(kind: CacheKind, key: string, tags: readonly string[], make: () => T): T {
    return this.#memory.make(kind, key, tags, make);
  }

  async forget(kind: CacheKind, key: string): Promise<void> {
    await Promise.all([this.#memory.forget(kind, key), this.#second.forget(kind, key)]);
  }

  async forgetTag(tag: string): Promise<void> {
    await Promise.all([this.#memory.forgetTag(tag), this.#second.forgetTag(tag)]);
  }

  /** What is in this process: what was not heard of here, the second tier was told. */
  forgetAll(): void {
    this.#memory.forgetAll();
  }

  statistics(): CacheStatistics {
    return this.#memory.statistics();
  }
}
