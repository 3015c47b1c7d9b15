import type { ApiKey, User, UserInput } from '../access/access-store.ts';
import type { Principal, Scope } from '../access/principal.ts';

/** What a caller says of a new key. */
export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null for a key that never expires. */
  readonly expiresInMs: number | null;
}

/** Who gets in: keys, users, and whether nobody has to sign in. */
export interface AccessUseCases {
  /** True while no key was ever made and no issuer is configured: the open loopback mode. */
  readonly isOpen: boolean;
  /** Who holds this key; null when there is no such key, or it is revoked or expired. Answers from memory where it can. */
  authenticateKey(text: string): Promise<Principal | null>;
  /** Makes a key. `text` is shown once and stored nowhere. */
  createKey(tenant: string, request: KeyRequest): Promise<{ readonly key: ApiKey; readonly text: string }>;
  listKeys(tenant: string): Promise<readonly ApiKey[]>;
  /** Takes effect at once, for open streams too. Throws `NOT_FOUND`. */
  revokeKey(tenant: string, idOrPrefix: string): Promise<ApiKey>;
  /** The user's row, made at first sight. */
  seeUser(tenant: string, user: UserInput): Promise<User>;
  /**
   * Calls `end` once when this principal no longer gets in: its key is revoked, it expires, or the open mode ends.
   * For what outlives its request, as event streams do. The returned function stops following.
   */
  follow(principal: Principal, end: () => void): () => void;
}
