import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/access/access-store.ts';
import type { FoundSession, SessionStore } from '../../src/access/session-store.ts';
import { sessionIdleMs } from '../../src/access/session.ts';
import type { Session } from '../../src/access/session.ts';
import { Sessions } from '../../src/orchestrator/sessions.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

const key: ApiKey = {
  id: 'k',
  tenant: 'acme',
  name: 'Maren',
  prefix: 'sqd_12345678',
  scopes: ['read'],
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
};

/** Sessions in memory, whose look-ups are counted and can be held back. */
class HeldStore implements SessionStore {
  readonly sessions = new Map<string, Session>();
  lookUps = 0;
  uses = 0;
  isBroken = false;
  /** Look-ups wait for this, with what they read before. */
  gate: Promise<void> = Promise.resolve();

  async add(session: Session): Promise<void> {
    this.sessions.set(session.hash, session);
  }

  async find(hash: string): Promise<FoundSession | null> {
    this.lookUps++;
    const session = this.sessions.get(hash);
    await this.gate;
    return session === undefined ? null : { session, key };
  }

  async use(hash: string, usedAt: number): Promise<void> {
    this.uses++;
    if (this.isBroken) throw new Error('The disk is full.');
    const session = this.sessions.get(hash);
    if (session !== undefined) this.sessions.set(hash, { ...session, usedAt });
  }

  async remove(hash: string): Promise<void> {
    this.sessions.delete(hash);
  }
}

async function open() {
  const [clock, store] = [new TestClock(), new HeldStore()];
  const sessions = new Sessions(store, clock);
  const { token } = await sessions.open(key.id);
  return { clock, store, sessions, token };
}

describe('sessions', () => {
  it('are found without asking the store each time, and once for many that ask at once', async () => {
    const { sessions, store, token } = await open();
    const found = await Promise.all(Array.from({ length: 20 }, () => sessions.find(token)));
    expect(found.every((each) => each?.key === key)).toBe(true);
    for (let time = 0; time < 20; time++) await sessions.find(token);
    expect(store.lookUps).toBe(1);
    expect(await sessions.find('sqs_short')).toBeNull();
    expect(store.lookUps).toBe(1);
  });

  it('note that they were used once an hour, which keeps them', async () => {
    const { clock, sessions, store, token } = await open();
    for (let minute = 0; minute < 150; minute++) {
      await sessions.find(token);
      await clock.advance(60_000);
    }
    expect(store.uses).toBe(2);
    expect((await sessions.find(token))?.endsAt).toBe(([...store.sessions.values()][0]?.usedAt ?? 0) + sessionIdleMs);
  });

  it('are noted again with the next use when that failed', async () => {
    const { clock, sessions, store, token } = await open();
    await clock.advance(3_600_000);
    store.isBroken = true;
    expect(await sessions.find(token)).not.toBeNull();
    await settle();
    store.isBroken = false;
    expect(await sessions.find(token)).not.toBeNull();
    expect(store.uses).toBe(2);
  });

  it('let nobody in whose end overtook the look-up', async () => {
    const { sessions, store, token } = await open();
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const finding = sessions.find(token);
    store.sessions.clear();
    sessions.forget();
    gate.resolve();
    expect(await finding).toBeNull();
    expect(await sessions.find(token)).toBeNull();
  });
});
