/** What a key or a token allows. `admin` includes `write`, `write` includes `read`. */
export const scopes = ['read', 'write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who asks: the person at the machine (`local`), whoever holds a key, or a user that an issuer vouches for. */
export interface Principal {
  readonly kind: 'local' | 'key' | 'user';
  readonly tenant: string;
  /** The user's id; null for keys and for the open loopback mode. */
  readonly userId: string | null;
  /** The key's id, the user's id or `local`: what limits are counted by. */
  readonly id: string;
  /** How people know who asks, noted where it matters who did something: name of the key, e-mail of the user, or `local`. */
  readonly name: string;
  /** With what they include: `write` is never there without `read`. */
  readonly scopes: ReadonlySet<Scope>;
  /** Epoch milliseconds from which it no longer holds; null when it has no end. */
  readonly expiresAt: number | null;
  /** Of whoever signed in with a key in a browser: which sign-in, as it is stored. */
  readonly session?: string;
}

/** What has to be known of somebody who was let in, to find out whether they would be again. */
export type KnownPrincipal = Pick<Principal, 'kind' | 'tenant' | 'id' | 'session' | 'expiresAt'>;

/** Scopes with those they include. */
export function withIncluded(given: Iterable<Scope>): ReadonlySet<Scope> {
  const highest = Math.max(-1, ...Array.from(given, (scope) => scopes.indexOf(scope)));
  return new Set(scopes.slice(0, highest + 1));
}

/** The tenant of the open loopback mode and of the command line. */
export const localTenant = 'local';

/** Who asks while nobody signs in: no key was ever made and no issuer is configured. */
export const localPrincipal: Principal = {
  kind: 'local',
  tenant: localTenant,
  userId: null,
  id: 'local',
  name: 'local',
  scopes: withIncluded(['admin']),
  expiresAt: null,
};
