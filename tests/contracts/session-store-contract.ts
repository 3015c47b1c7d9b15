import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessStore, NewApiKey } from '../../src/access/access-store.ts';
import type { SessionStore } from '../../src/access/session-store.ts';
import { sessionIdleMs, sessionLifeMs } from '../../src/access/session.ts';
import type { Session } from '../../src/access/session.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { newId, twoTenants } from './contract-state.ts';

interface SessionState extends AsyncDisposable {
  readonly access: AccessStore;
  readonly sessions: SessionStore;
}

const start = Date.UTC(2026, 0, 1);

/** What every `SessionStore` does. */
export function sessionStoreContract(open: (clock: Clock) => Promise<SessionState>): void {
  describe('a session store', () => {
    let state: SessionState;
    beforeAll(async () => {
      state = await open(new TestClock());
    });
    afterAll(() => state[Symbol.asyncDispose]());

    async function addKey(): Promise<NewApiKey> {
      const id = newId();
      const { tenant } = twoTenants();
      const named = { id, tenant, name: 'Browser', prefix: `sqd_${id.slice(-8)}`, hash: `key-${id}` };
      const key: NewApiKey = { ...named, scopes: ['read'], createdAt: start, expiresAt: null, revokedAt: null };
      await state.access.addKey(key);
      return key;
    }

    const newSession = (keyId: string, createdAt: number): Session => ({
      hash: `session-${newId()}`,
      keyId,
      createdAt,
      usedAt: createdAt,
    });

    it('finds a session with its key, notes that it was used, and forgets it', async () => {
      const { hash: _, ...key } = await addKey();
      const session = newSession(key.id, start);
      await state.sessions.add(session, 10);
      expect(await state.sessions.find(session.hash)).toEqual({ session, key });
      await state.sessions.use(session.hash, start + 5);
      await state.sessions.use(session.hash, start + 3);
      expect((await state.sessions.find(session.hash))?.session.usedAt).toBe(start + 5);
      await state.sessions.remove(session.hash);
      await state.sessions.remove(session.hash);
      expect(await state.sessions.find(session.hash)).toBeNull();
      expect(await state.sessions.find('another')).toBeNull();
    });

    it('lets the sessions of a key go with the key, and no others', async () => {
      const [key, other] = [await addKey(), await addKey()];
      const [session, kept] = [newSession(key.id, start), newSession(other.id, start)];
      for (const each of [session, kept]) await state.sessions.add(each, 10);
      await state.access.revokeKey(key.tenant, key.id, start + 1);
      expect(await state.sessions.find(session.hash)).toBeNull();
      expect(await state.sessions.find(kept.hash)).not.toBeNull();
    });

    it('keeps so many of a key, the newest', async () => {
      const key = await addKey();
      const sessions = [1, 2, 3, 4].map((ms) => newSession(key.id, start + ms));
      for (const session of sessions) await state.sessions.add(session, 3);
      const found = await Promise.all(sessions.map(({ hash }) => state.sessions.find(hash)));
      expect(found.map((each) => each !== null)).toEqual([false, true, true, true]);
    });

    it('lets go what is over when another comes', async () => {
      const key = await addKey();
      const [unused, old] = [newSession(key.id, start), newSession(key.id, start + 1)];
      for (const session of [unused, old]) await state.sessions.add(session, 10);
      await state.sessions.use(old.hash, start + sessionIdleMs);
      const left = async () => Promise.all([unused, old].map(async ({ hash }) => state.sessions.find(hash)));
      await state.sessions.add(newSession(key.id, start + sessionIdleMs), 10);
      expect((await left()).map((each) => each !== null)).toEqual([false, true]);
      await state.sessions.use(old.hash, start + sessionLifeMs);
      await state.sessions.add(newSession(key.id, start + sessionLifeMs + 1), 10);
      expect(await left()).toEqual([null, null]);
    });
  });
}
