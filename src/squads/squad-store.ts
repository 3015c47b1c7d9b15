import type { Squad } from './squad.ts';

/** Which squads: the newest, those that a user made where one is named, behind an id. */
export interface SquadPage {
  readonly limit: number;
  readonly before?: string;
  readonly userId?: string;
}

/** Where squads live. Every version of a squad is kept, because executions pin the one they started with. */
export interface SquadStore {
  /** Inserts a new squad at version 1. Throws `NAME_TAKEN` when the tenant has one of that name. */
  create(tenant: string, squad: Squad): Promise<void>;
  /** Replaces the squad at `squad.version - 1` by this one. Throws `STALE_VERSION`, `NAME_TAKEN` or `NOT_FOUND`. */
  replace(tenant: string, squad: Squad): Promise<void>;
  /** By id or by name; null when the tenant has none. */
  find(tenant: string, idOrName: string): Promise<Squad | null>;
  /** The squad as it was at a version, also after it was changed or removed. */
  atVersion(tenant: string, id: string, version: number): Promise<Squad | null>;
  /** Newest first. */
  list(tenant: string, page: SquadPage): Promise<readonly Squad[]>;
  /** Throws `NOT_FOUND`, `STALE_VERSION` when a version is given and it is another, or `OPEN_EXECUTIONS` while executions of it are open. */
  remove(tenant: string, id: string, version?: number): Promise<void>;
}
