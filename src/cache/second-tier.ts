import type { CacheKind } from './cache.ts';

/** What a tier beyond this process has under a key. */
export type TierEntry =
  | { readonly isKept: true; readonly value: unknown; readonly ageMs: number }
  /** `stamps` is what it takes to keep something there. */
  | { readonly isKept: false; readonly stamps: string };

/** How well it does, since the start of this process. */
export interface SecondTierStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Reads that had to do without it. */
  readonly unavailable: number;
  readonly isUp: boolean;
}

/**
 * A cache that the processes of a fleet share. It can be away, or lose all it has, at any time.
 *
 * T1  What was found to be missing can be kept only as long as nothing was forgotten by its key or one of its tags since, by
 *     whichever process: a fill that a change overtakes is not kept.
 * T2  What a process could not tell it to forget, for it was away, it is told before it is asked again.
 */
export interface SecondTier {
  /** Null where it cannot be asked. */
  find(kind: CacheKind, key: string, tags: readonly string[]): Promise<TierEntry | null>;
  /** Never fails: what is not kept is filled again. */
  keep(kind: CacheKind, key: string, tags: readonly string[], stamps: string, value: unknown): Promise<void>;
  forget(kind: CacheKind, key: string): Promise<void>;
  forgetTag(tag: string): Promise<void>;
  statistics(): SecondTierStatistics;
}
