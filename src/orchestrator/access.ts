import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AccessStore, ApiKey, NewApiKey, User, UserInput } from '../access/access-store.ts';
import { chosenKey, hashKey, makeKey, mayBeKey } from '../access/api-key.ts';
import { freshSecret } from '../access/fresh-secret.ts';
import { localPrincipal, localTenant, withIncluded } from '../access/principal.ts';
import type { KnownPrincipal, Principal } from '../access/principal.ts';
import type { SessionStore } from '../access/session-store.ts';
import { cacheKey, tenantTag } from '../cache/cache.ts';
import type { NewsWire } from '../bus/news.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';
import { newKey } from './key-request.ts';
import type { KeyRequest } from './key-request.ts';
import { Sessions } from './sessions.ts';
import type { OpenedSession } from './sessions.ts';
import { Stays } from './stays.ts';

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
  | 'sign'
  | 'stillIn'
>;

export interface AccessParts {
  readonly store: AccessStore;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly cache: Cache;
  /** Whether an issuer's tokens are taken as well. */
  readonly hasIssuer: boolean;
  readonly news: NewsWire;
}

/** Keys that are kept at hand. */
const maxKept = 10_000;
/** A text that is no key is not looked for again for so long; one that becomes a key is forgotten at once. */
const missMs = 5_000;

/**
 * Who gets in: keys, users, and whether nobody has to sign in.
 *
 * A1  Whoever changes keys runs the state and tells the others that do: what is remembered here is forgotten with the change, and
 *     all of it where news may have been lost.
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
  readonly #stays: Stays;
  readonly #sessions: Sessions;
  #secret: Promise<string> | null = null;

  private constructor(parts: AccessParts, hasKeys: boolean) {
    this.#parts = parts;
    this.#hasKeys = hasKeys;
    this.#sessions = new Sessions(parts.sessions, parts.clock);
    this.#stays = new Stays(parts.clock);
    parts.news.onNews((news) => {
      if (news.of === 'key') this.#made(news.hash);
      else if (news.of === 'revoked') this.#revoke(news.id);
      else if (news.of === 'signedOut') this.#signedOut(news.session);
      // One of those that are remembered may have been revoked.
      else if (news.of === 'unsure') this.#forgetKeys();
    });
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
    return this.#signedIn(await this.#sessions.find(token));
  }

  #signedIn(found: Awaited<ReturnType<Sessions['find']>>): Principal | null {
    const holder = found === null ? null : this.#holderOf(found.key);
    if (found === null || holder === null) return null;
    const expiresAt = Math.min(found.endsAt, holder.expiresAt ?? Infinity);
    return { ...holder, expiresAt, session: found.session.hash };
  }

  /** A signature that every process of this state makes alike, now and after a restart. */
  async sign(signed: string): Promise<string> {
    this.#secret ??= this.#parts.store.signingSecret(freshSecret());
    try {
      return createHmac('sha256', await this.#secret)
        .update(signed)
        .digest('base64url');
    } catch (error) {
      this.#secret = null;
      throw error;
    }
  }

  /** Somebody who was let in before, as they would be now; null when they would not. */
  async stillIn(known: KnownPrincipal): Promise<Principal | null> {
    const { kind, tenant, id, session, expiresAt } = known;
    if (kind === 'local') return this.isOpen ? localPrincipal : null;
    if (session !== undefined) return this.#signedIn(await this.#sessions.findStored(session));
    if (kind === 'key') {
      const key = await this.#parts.store.getKey(tenant, id);
      return key === null ? null : this.#holderOf(key);
    }
    const isOver = expiresAt !== null && expiresAt <= this.#parts.clock.now();
    return isOver ? null : { ...known, userId: id, name: id, scopes: withIncluded(['read']) };
  }

  /** Takes effect at once, for what is followed too. */
  async signOut(token: string): Promise<void> {
    const session = await this.#sessions.close(token);
    if (session === null) return;
    this.#stays.endSession(session);
    this.#parts.news.announce({ of: 'signedOut', session });
  }

  #signedOut(session: string): void {
    this.#sessions.forget();
    this.#stays.endSession(session);
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
    this.#made(made.hash);
    this.#parts.news.announce({ of: 'key', hash: made.hash });
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
    this.#revoke(key.id);
    this.#parts.news.announce({ of: 'revoked', id: key.id });
    return key;
  }

  #made(hash: string): void {
    this.#changes++;
    this.#keys.delete(hash);
    if (this.#hasKeys) return;
    this.#hasKeys = true;
    this.#stays.endOf('local');
  }

  #revoke(id: string): void {
    // Revoking is rare, and the hash of a key is not told again.
    this.#forgetKeys();
    this.#revoked.set(id, true);
    this.#stays.endOf(id);
  }

  #forgetKeys(): void {
    this.#changes++;
    this.#keys.clear();
    this.#sessions.forget();
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
    return this.#stays.add(principal, this.#leftMs(principal), end);
  }

  /** How long it still gets in; null for ever. Between finding out who asks and following, a key may have been revoked. */
  #leftMs({ kind, id, expiresAt }: Principal): number | null {
    if (kind === 'local' ? !this.isOpen : this.#revoked.has(id)) return 0;
    return expiresAt === null ? null : Math.max(0, expiresAt - this.#parts.clock.now());
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
