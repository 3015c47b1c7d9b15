import { LRUCache } from 'lru-cache';
import type { AccessStore, ApiKey, NewApiKey, User, UserInput } from '../access/access-store.ts';
import { chosenKey, hashKey, makeKey, mayBeKey } from '../access/api-key.ts';
import { localTenant, withIncluded } from '../access/principal.ts';
import type { Principal, Scope } from '../access/principal.ts';
import type { SessionStore } from '../access/session-store.ts';
import { checkTenantName } from '../access/tenant-name.ts';
import { cacheKey, tenantTag } from '../cache/cache.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';
import { Sessions } from './sessions.ts';
import type { OpenedSession } from './sessions.ts';

/** What a caller says of a new key. */
export interface KeyRequest {
  /** 1 to 100 characters. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly Scope[];
  /** Milliseconds from now; null for a key that never expires. */
  readonly expiresInMs: number | null;
}

/** What the HTTP interface asks of it. */
export type AccessUseCases = Pick<
  Access,
  | 'isOpen'
  | 'authenticateKey'
  | 'authenticateSession'
  | 'signIn'
  | 'signOut'
  | 'createKey'
  | 'listKeys'
  | 'revokeKey'
  | 'seeUser'
  | 'follow'
>;

export interface AccessParts {
  readonly store: AccessStore;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cache: Cache;
  /** Whether an issuer's tokens are taken as well. */
  readonly hasIssuer: boolean;
}

/** Somebody who stays longer than a request, and what ends the stay. */
interface Stay {
  readonly end: () => void;
  readonly session: string | undefined;
  readonly timer: Timer | null;
}

/** Keys that are kept at hand. */
const maxKept = 10_000;
/** A text that is no key is not looked for again for so long; one that becomes a key is forgotten at once. */
const missMs = 5_000;
const maxNameLength = 100;

/**
 * Who gets in: keys, users, and whether nobody has to sign in.
 *
 * A1  Whoever runs the state changes its keys, so what is remembered here is forgotten at the moment of the change.
 * A2  What was read before a change is not kept after it.
 * A3  The open mode ends with the first key that is ever made and never comes back.
 */
export class Access {
  readonly #parts: AccessParts;
  #hasKeys: boolean;
  readonly #keys = new LRUCache<string, { readonly key: ApiKey | null; readonly until: number }>({ max: maxKept });
  readonly #asked = new Map<string, Promise<ApiKey | null>>();
  /** Moves with every change of a key. */
  #changes = 0;
  /** Ids of keys that were revoked while this process runs, the latest of them. */
  readonly #revoked = new LRUCache<string, true>({ max: maxKept });
  readonly #stays = new Map<string, Set<Stay>>();
  readonly #sessions: Sessions;

  private constructor(parts: AccessParts, hasKeys: boolean) {
    this.#parts = parts;
    this.#hasKeys = hasKeys;
    this.#sessions = new Sessions(parts.sessions, parts.clock);
  }

  static async open(parts: AccessParts): Promise<Access> {
    return new Access(parts, await parts.store.hasKeys());
  }

  /** True while no key was ever made and no issuer is configured: then everyone on this machine is let in. */
  get isOpen(): boolean {
    return !this.#hasKeys && !this.#parts.hasIssuer;
  }

  /** Who holds this key; null when there is no such key, or it is revoked or expired. Answers from memory where it can. */
  async authenticateKey(text: string): Promise<Principal | null> {
    if (!mayBeKey(text)) return null;
    const key = await this.#find(hashKey(text));
    return key === null ? null : this.#holderOf(key);
  }

  /** Signs in with a key; null when there is no such key, or it is revoked or expired. The token is for a browser's cookie. */
  async signIn(text: string): Promise<(OpenedSession & { readonly principal: Principal }) | null> {
    const principal = await this.authenticateKey(text);
    if (principal === null) return null;
    const opened = await this.#sessions.open(principal.id);
    return { ...opened, principal, expiresAt: Math.min(opened.expiresAt, principal.expiresAt ?? Infinity) };
  }

  /** Who signed in and got this token; null when that is over, or the key no longer holds. */
  async authenticateSession(token: string): Promise<Principal | null> {
    const found = await this.#sessions.find(token);
    const holder = found === null ? null : this.#holderOf(found.key);
    if (found === null || holder === null) return null;
    const expiresAt = Math.min(found.endsAt, holder.expiresAt ?? Infinity);
    return { ...holder, expiresAt, session: found.session.hash };
  }

  /** Takes effect at once, for what is followed too. */
  async signOut(token: string): Promise<void> {
    const session = await this.#sessions.close(token);
    if (session === null) return;
    for (const [id, stays] of this.#stays) {
      for (const stay of stays) if (stay.session === session) this.#endStay(stay, stays);
      if (stays.size === 0) this.#stays.delete(id);
    }
  }

  #holderOf({ id, tenant, name, scopes, expiresAt, revokedAt }: ApiKey): Principal | null {
    if (revokedAt !== null || (expiresAt !== null && expiresAt <= this.#parts.clock.now())) return null;
    return { kind: 'key', tenant, userId: null, id, name, scopes: withIncluded(scopes), expiresAt };
  }

  /** Makes a key. `text` is for its holder and stored nowhere. Throws `INVALID_INPUT`. */
  async createKey(tenant: string, request: KeyRequest): Promise<{ readonly key: ApiKey; readonly text: string }> {
    const { text, hash, prefix } = makeKey();
    const made = newKey(tenant, request, { prefix, hash }, this.#parts);
    return { key: await this.addKey(made), text };
  }

  /** Stores a key that was made elsewhere, of which only prefix and hash are known here. */
  async addKey(made: NewApiKey): Promise<ApiKey> {
    await this.#parts.store.addKey(made);
    this.#changes++;
    this.#keys.delete(made.hash);
    if (!this.#hasKeys) {
      this.#hasKeys = true;
      this.#endStays('local');
    }
    const { hash: _, ...key } = made;
    return key;
  }

  /** Makes the key that an operator chose the first admin key; one that is known already stays as it is. Throws `INVALID_SETTING`. */
  async bootstrap(text: string): Promise<void> {
    const chosen = chosenKey(text);
    if (chosen === null) {
      const message =
        'The first key (SQUADRA_BOOTSTRAP_KEY) has to have 16 to 512 printable characters without spaces; `openssl rand -hex 32` makes one.';
      throw new SquadraError('INVALID_SETTING', message);
    }
    if ((await this.#parts.store.findKey(chosen.hash)) !== null) return;
    const request: KeyRequest = { name: 'bootstrap', scopes: ['read', 'write', 'admin'], expiresInMs: null };
    await this.addKey(newKey(localTenant, request, chosen, this.#parts));
  }

  /** Newest first, revoked and expired ones too. */
  listKeys(tenant: string): Promise<readonly ApiKey[]> {
    return this.#parts.store.listKeys(tenant);
  }

  /** Takes effect at once, for what is followed too. Throws `NOT_FOUND`. */
  async revokeKey(tenant: string, idOrPrefix: string): Promise<ApiKey> {
    const key = await this.#parts.store.revokeKey(tenant, idOrPrefix, this.#parts.clock.now());
    this.#changes++;
    // Revoking is rare, and the hash of a key is not told again.
    this.#keys.clear();
    this.#sessions.forget();
    this.#revoked.set(key.id, true);
    this.#endStays(key.id);
    return key;
  }

  /** The user's row, made at first sight. Name and e-mail are renewed when they change. */
  async seeUser(tenant: string, { sub, name, email }: UserInput): Promise<User> {
    const { store, clock, ids, cache } = this.#parts;
    const see = (): Promise<User> =>
      store.seeUser(tenant, { id: ids(), tenant, sub, name, email, createdAt: clock.now() });
    const key = cacheKey(tenant, sub);
    const tags = [tenantTag(tenant)];
    const user = await cache.get('user', key, tags, see);
    if (user.name === name && user.email === email) return user;
    await cache.forget('user', key);
    return cache.get('user', key, tags, see);
  }

  /**
   * Calls `end` once, when this principal no longer gets in: its key is revoked, it expires, or the open mode ends. For
   * what outlives its request, as event streams do. The returned function stops following.
   */
  follow(principal: Principal, end: () => void): () => void {
    const { id } = principal;
    const stays = this.#stays.get(id) ?? new Set<Stay>();
    this.#stays.set(id, stays);
    const leave = (): void => {
      stay.timer?.cancel();
      stays.delete(stay);
      if (stays.size === 0 && this.#stays.get(id) === stays) this.#stays.delete(id);
    };
    const leftMs = this.#leftMs(principal);
    const expire = (): void => {
      leave();
      end();
    };
    const stay: Stay = {
      end,
      session: principal.session,
      timer: leftMs === null ? null : this.#parts.clock.setTimer(leftMs, expire),
    };
    stays.add(stay);
    return leave;
  }

  /** How long it still gets in; null for ever. Between finding out who asks and following, a key may have been revoked. */
  #leftMs({ kind, id, expiresAt }: Principal): number | null {
    if (kind === 'local' ? !this.isOpen : this.#revoked.has(id)) return 0;
    return expiresAt === null ? null : Math.max(0, expiresAt - this.#parts.clock.now());
  }

  #endStays(id: string): void {
    const stays = this.#stays.get(id) ?? new Set<Stay>();
    this.#stays.delete(id);
    for (const stay of stays) this.#endStay(stay, stays);
  }

  #endStay(stay: Stay, stays: Set<Stay>): void {
    stay.timer?.cancel();
    stays.delete(stay);
    stay.end();
  }

  async #find(hash: string): Promise<ApiKey | null> {
    const kept = this.#keys.get(hash);
    if (kept !== undefined && kept.until > this.#parts.clock.now()) return kept.key;
    const asked = this.#asked.get(hash);
    if (asked !== undefined) return asked;
    const asking = this.#read(hash).finally(() => this.#asked.delete(hash));
    this.#asked.set(hash, asking);
    return asking;
  }

  async #read(hash: string): Promise<ApiKey | null> {
    for (;;) {
      const changes = this.#changes;
      const key = await this.#parts.store.findKey(hash);
      if (changes !== this.#changes) continue;
      this.#keys.set(hash, { key, until: key === null ? this.#parts.clock.now() + missMs : Infinity });
      return key;
    }
  }
}

/** A key as it is stored, checked. Throws `INVALID_INPUT`. */
export function newKey(
  tenant: string,
  { name, scopes, expiresInMs }: KeyRequest,
  { prefix, hash }: { readonly prefix: string; readonly hash: string },
  { clock, ids }: Pick<AccessParts, 'clock' | 'ids'>,
): NewApiKey {
  checkTenantName(tenant);
  if (name.trim() === '' || name.length > maxNameLength)
    throw invalid(`its name has to have 1 to ${maxNameLength} characters`);
  if (scopes.length === 0) throw invalid('it has to have a scope: read, write or admin');
  if (expiresInMs !== null && expiresInMs <= 0) throw invalid('it has to expire later than now');
  const createdAt = clock.now();
  const expiresAt = expiresInMs === null ? null : createdAt + expiresInMs;
  return { id: ids(), tenant, name, prefix, hash, scopes: [...new Set(scopes)], createdAt, expiresAt, revokedAt: null };
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The key was refused: ${why}.`);
}
