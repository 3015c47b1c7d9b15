import type { NewsWire } from '../../bus/news.ts';
import type { Cache, CacheKind, CacheStatistics } from '../../cache/cache.ts';

/** What a cache can forget as a whole, because it may not have been told of changes. */
interface ForgettingCache extends Cache {
  forgetAll(): void;
}

/**
 * The cache of a process that is not alone: what it forgets the others are told to forget, and what they forget it forgets. Where
 * news may have been lost it forgets everything.
 */
export class SharedCache implements Cache, Disposable {
  readonly #own: ForgettingCache;
  readonly #news: NewsWire;
  readonly #leave: () => void;

  constructor(own: ForgettingCache, news: NewsWire) {
    this.#own = own;
    this.#news = news;
    this.#leave = news.onNews((told) => {
      if (told.of === 'cache') for (const tag of told.tags) void own.forgetTag(tag);
      else if (told.of === 'cached') void own.forget(told.kind as CacheKind, told.key);
      else if (told.of === 'unsure') own.forgetAll();
    });
  }

  get<T>(kind: CacheKind, key: string, tags: readonly string[], fill: () => Promise<T>): Promise<T> {
    return this.#own.get(kind, key, tags, fill);
  }

  make<T>(kind: CacheKind, key: string, tags: readonly string[], make: () => T): T {
    return this.#own.make(kind, key, tags, make);
  }

  forget(kind: CacheKind, key: string): Promise<void> {
    this.#news.announce({ of: 'cached', kind, key });
    return this.#own.forget(kind, key);
  }

  forgetTag(tag: string): Promise<void> {
    this.#news.announce({ of: 'cache', tags: [tag] });
    return this.#own.forgetTag(tag);
  }

  statistics(): CacheStatistics {
    return this.#own.statistics();
  }

  [Symbol.dispose](): void {
    this.#leave();
  }
}
