import { LRUCache } from 'lru-cache';
import type { FoundSession, SessionStore } from '../access/session-store.ts';
import { hashSessionToken, makeSessionToken, maxSessionsOfKey, sessionEnd, sessionLifeMs } from '../access/session.ts';
import type { Clock } from '../kernel/clock.ts';

/** Sessions that are kept at hand. */
const maxKept = 10_000;
/** That one was used is stored when the last time that is stored is so long ago. */
const noteEveryMs = 60 * 60_000;

/** A sign-in that was just made: the token goes to the browser. */
export interface OpenedSession {
  readonly token: string;
  /** When it is over however much it is used; epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * Who is signed in by cookie.
 *
 * I1  A session is no more than its key: who is let in is decided by the key each time, and a key that is revoked takes its
 *     sessions with it.
 * I2  What was read before a change is not kept after it.
 */
export class Sessions {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #kept = new LRUCache<string, FoundSession>({ max: maxKept });
  readonly #asked = new Map<string, Promise<FoundSession | null>>();
  /** Moves with every change that ends sessions. */
  #changes = 0;

  constructor(store: SessionStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async open(keyId: string): Promise<OpenedSession> {
    const { token, hash } = makeSessionToken();
    const now = this.#clock.now();
    await this.#store.add({ hash, keyId, createdAt: now, usedAt: now }, maxSessionsOfKey);
    // The oldest of the key's may have ended with that.
    this.forget();
    return { token, expiresAt: now + sessionLifeMs };
  }

  /** The session of a token with its key, and when it is over if it is not used; null when there is none any more. */
  async find(token: string): Promise<(FoundSession & { readonly endsAt: number }) | null> {
    const hash = hashSessionToken(token);
    return hash === null ? null : this.findStored(hash);
  }

  /** The same by what is stored of the token. */
  async findStored(hash: string): Promise<(FoundSession & { readonly endsAt: number }) | null> {
    const found = this.#kept.get(hash) ?? (await this.#ask(hash));
    const now = this.#clock.now();
    if (found === null || sessionEnd(found.session) <= now) return null;
    const used = now - found.session.usedAt < noteEveryMs ? found : this.#use(found, now);
    return { ...used, endsAt: sessionEnd(used.session) };
  }

  /** Ends the session of a token; returns what is stored of it, null of a text that is none. */
  async close(token: string): Promise<string | null> {
    const hash = hashSessionToken(token);
    if (hash === null) return null;
    await this.#store.remove(hash);
    this.#changes++;
    this.#kept.delete(hash);
    return hash;
  }

  /** Sessions may have ended: what is at hand is read again. */
  forget(): void {
    this.#changes++;
    this.#kept.clear();
  }

  #use(found: FoundSession, usedAt: number): FoundSession {
    const used = { ...found, session: { ...found.session, usedAt } };
    this.#kept.set(found.session.hash, used);
    // A use that is not noted ends the session sooner, and the next one is noted again.
    this.#store.use(found.session.hash, usedAt).catch(() => this.#kept.delete(found.session.hash));
    return used;
  }

  #ask(hash: string): Promise<FoundSession | null> {
    const asked = this.#asked.get(hash);
    if (asked !== undefined) return asked;
    const asking = this.#read(hash).finally(() => this.#asked.delete(hash));
    this.#asked.set(hash, asking);
    return asking;
  }

  async #read(hash: string): Promise<FoundSession | null> {
    for (;;) {
      const changes = this.#changes;
      const found = await this.#store.find(hash);
      if (changes !== this.#changes) continue;
      if (found !== null) this.#kept.set(hash, found);
      return found;
    }
  }
}
