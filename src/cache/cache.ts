/** What is kept, and for how long at most. */
export const cacheLifetimesMs = {
  /** A squad by id or name. */
  squad: 5 * 60_000,
  /** A user as last seen. */
  user: 15 * 60_000,
  /** A squad with its members as an execution pinned them. */
  member: 30 * 60_000,
  /** The system prompt of a member. */
  prompt: 60 * 60_000,
  /** A report of usage. */
  cost: 60_000,
} as const;

export type CacheKind = keyof typeof cacheLifetimesMs;

/** How well a kind does, since the start. */
export interface CacheKindStatistics {
  /** Answered from what was kept. */
  readonly hits: number;
  /** Not kept: filled, or given what somebody else's fill brought. */
  readonly misses: number;
  readonly fills: number;
  /** Kept now. */
  readonly entries: number;
  /** Entries and fills under way that a change took away. */
  readonly invalidations: number;
}

export type CacheStatistics = Readonly<Record<CacheKind, CacheKindStatistics>>;

/**
 * What was read is kept at hand: the store is the truth, and everything here can be lost at any time.
 *
 * C1  A key is filled once however many ask for it meanwhile.
 * C2  A fill that a change overtakes is given to those who asked before the change and not kept; who asks after it gets a fill of
 *     their own.
 * C3  A fill that fails, or finds nothing (null), is told to all who wait for it and not kept.
 * C4  An entry is kept for the lifetime of its kind at most, and each kind has a bounded number of them (`cacheEntries`; 0 keeps
 *     nothing, and fills are still shared).
 * C5  Keys of tenants contain the tenant: nobody gets what was filled for somebody else.
 */
export interface Cache {
  /** The value of a key, from `fill` where it is not kept. Values are shared and never changed by who gets them. */
  get<T>(kind: CacheKind, key: string, tags: readonly string[], fill: () => Promise<T>): Promise<T>;
  /** The same for what is made in memory, without waiting. Not shared beyond this process. */
  make<T>(kind: CacheKind, key: string, tags: readonly string[], make: () => T): T;
  /** Resolves when nobody is given what was kept under this key before the call. */
  forget(kind: CacheKind, key: string): Promise<void>;
  /** The same for all entries that bear the tag. */
  forgetTag(tag: string): Promise<void>;
  statistics(): CacheStatistics;
}

/** What a cache is told apart by: everything kept of a tenant. */
export function tenantTag(tenant: string): string {
  return `tenant:${tenant}`;
}

/** Everything kept of a squad, in all its versions. */
export function squadTag(id: string): string {
  return `squad:${id}`;
}

/** The reports of a tenant's usage. */
export function costTag(tenant: string): string {
  return `cost:${tenant}`;
}

/** Parts of a key or a tag; no part can pass for two. */
export function cacheKey(...parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts);
}
