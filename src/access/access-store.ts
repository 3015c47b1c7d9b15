import type { Scope } from './principal.ts';

/** What is known of a key; its text is known to its holder alone. Times are epoch milliseconds. */
export interface ApiKey {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** How the text begins, to tell keys apart: `sqd_` and eight characters. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  /** Null when it never expires. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** A key to be stored, with the SHA-256 of its text in hex. */
export interface NewApiKey extends ApiKey {
  readonly hash: string;
}

/** Whom an issuer vouches for. */
export interface UserInput {
  /** The issuer's name for the user, which never changes. */
  readonly sub: string;
  readonly name: string | null;
  readonly email: string | null;
}

/** A user as seen at the last sign-in. */
export interface User extends UserInput {
  readonly id: string;
  readonly tenant: string;
  /** Epoch milliseconds of the first sight. */
  readonly createdAt: number;
}

/** Where keys and users live. */
export interface AccessStore {
  /** The same key again changes nothing. */
  addKey(key: NewApiKey): Promise<void>;
  /** The key whose text has this hash, also when it is revoked or expired; null when there is none. */
  findKey(hash: string): Promise<ApiKey | null>;
  /** A key of a tenant, also when it is revoked or expired. */
  getKey(tenant: string, id: string): Promise<ApiKey | null>;
  /** Newest first, revoked and expired ones too. */
  listKeys(tenant: string): Promise<readonly ApiKey[]>;
  /** A key that is revoked already stays as it is. Throws `NOT_FOUND` when the tenant has no such key. */
  revokeKey(tenant: string, idOrPrefix: string, at: number): Promise<ApiKey>;
  /** Whether a key was ever made: revoking the last one does not open the door again. */
  hasKeys(): Promise<boolean>;
  /** The secret by which all processes of this state sign: `fresh` where there was none. It never leaves them. */
  signingSecret(fresh: string): Promise<string>;
  /** Stores a user at first sight as `newUser.id`, renews name and e-mail later. Returns what is stored. */
  seeUser(tenant: string, newUser: User): Promise<User>;
}
