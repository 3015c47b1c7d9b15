import { expect, it } from 'vitest';
import type { AccessStore, ApiKey, NewApiKey } from '../../src/access/access-store.ts';
import { hashKey } from '../../src/access/api-key.ts';
import type { SessionStore } from '../../src/access/session-store.ts';
import { localPrincipal } from '../../src/access/principal.ts';
import { MemoryCache } from '../../src/cache/memory/memory-cache.ts';
import { SquadraError } from '../../src/kernel/errors.ts';
import { createIds } from '../../src/kernel/id.ts';
import { Access } from '../../src/orchestrator/access.ts';
import { nobodyElse } from '../../src/bus/news.ts';
import type { KeyRequest } from '../../src/orchestrator/key-request.ts';
import { joinedNews } from '../support/joined-news.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

/** Keys in memory, whose look-ups are counted and can be held back. */
class HeldStore implements AccessStore {
  readonly keys = new Map<string, NewApiKey>();
  lookUps = 0;
  /** Look-ups wait for this, with what they read before. */
  gate: Promise<void> = Promise.resolve();

  async addKey(key: NewApiKey): Promise<void> {
    if (!this.keys.has(key.hash)) this.keys.set(key.hash, key);
  }

  async findKey(hash: string): Promise<ApiKey | null> {
    this.lookUps++;
    const read = this.keys.get(hash) ?? null;
    await this.gate;
    return read;
  }

  async getKey(tenant: string, id: string): Promise<ApiKey | null> {
    return [...this.keys.values()].find((key) => key.tenant === tenant && key.id === id) ?? null;
  }

  async listKeys(tenant: string): Promise<readonly ApiKey[]> {
    return [...this.keys.values()].filter((key) => key.tenant === tenant);
  }

  async revokeKey(tenant: string, id: string, at: number): Promise<ApiKey> {
    const key = [...this.keys.values()].find((each) => each.tenant === tenant && each.id === id);
    if (key === undefined) throw new SquadraError('NOT_FOUND', 'There is no such key.');
    const revoked = { ...key, revokedAt: at };
    this.keys.set(key.hash, revoked);
    return revoked;
  }

  async hasKeys(): Promise<boolean> {
    return this.keys.size > 0;
  }

  signingSecret(): Promise<never> {
    return Promise.reject(new Error('This test signs nothing.'));
  }

  seeUser(): Promise<never> {
    return Promise.reject(new Error('This test sees nobody.'));
  }
}

/** Where nobody has signed in. */
const nobody: SessionStore = {
  add: async () => {},
  find: async () => null,
  use: async () => {},
  remove: async () => {},
};

const request: KeyRequest = { name: 'test', scopes: ['write'], expiresInMs: null };

async function open(store = new HeldStore(), hasIssuer = false, news = nobodyElse) {
  const clock = new TestClock();
  const cache = new MemoryCache({ cacheEntries: 100 }, clock);
  const access = await Access.open({
    store,
    sessions: nobody,
    clock,
    ids: createIds(clock),
    cache,
    hasIssuer,
    news,
  });
  return { access, store, clock };
}

it('answers for a known key and for a wrong one without asking the store each time', async () => {
  const { access, store, clock } = await open();
  const { text, key } = await access.createKey('acme', request);
  for (let round = 0; round < 100; round++) {
    const principal = await access.authenticateKey(text);
    expect(principal).toMatchObject({ kind: 'key', tenant: 'acme', id: key.id, userId: null });
    expect(await access.authenticateKey(`${text}x`)).toBeNull();
  }
  expect(store.lookUps).toBe(2);
  await clock.advance(5_000);
  expect(await access.authenticateKey(`${text}x`)).toBeNull();
  expect(store.lookUps).toBe(3);
});

it('asks the store once for a key that many bring at once', async () => {
  const { access, store } = await open();
  const { text } = await access.createKey('acme', request);
  const principals = await Promise.all(Array.from({ length: 50 }, () => access.authenticateKey(text)));
  expect(principals.every((principal) => principal?.tenant === 'acme')).toBe(true);
  expect(store.lookUps).toBe(1);
});

it('does not ask the store for what cannot be a key', async () => {
  const { access, store } = await open();
  for (const text of ['', 'short', 'x'.repeat(513), 'with a space in it, long enough', 'ünïcödé-ünïcödé-ünïcödé'])
    expect(await access.authenticateKey(text)).toBeNull();
  expect(store.lookUps).toBe(0);
});

it('never lets in a key whose revocation overtook the look-up', async () => {
  const { access, store } = await open();
  const { text, key } = await access.createKey('acme', request);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.gate = promise;
  const during = access.authenticateKey(text);
  await access.revokeKey('acme', key.id);
  const after = access.authenticateKey(text);
  store.gate = Promise.resolve();
  resolve();
  expect(await during).toBeNull();
  expect(await after).toBeNull();
  expect(await access.authenticateKey(text)).toBeNull();
});

it('lets in a key that was looked for before it was made', async () => {
  const { access, store } = await open();
  const chosen = 'chosen-by-an-operator';
  expect(await access.authenticateKey(chosen)).toBeNull();
  await access.bootstrap(chosen);
  expect(await access.authenticateKey(chosen)).toMatchObject({ tenant: 'local' });
  expect(store.keys.has(hashKey(chosen))).toBe(true);
});

it('makes the first key once, and leaves it revoked once it is', async () => {
  const { access, store } = await open();
  const chosen = 'chosen-by-an-operator';
  await access.bootstrap(chosen);
  await access.bootstrap(chosen);
  const [key] = await access.listKeys('local');
  expect(store.keys.size).toBe(1);
  await access.revokeKey('local', key?.id ?? '');
  await access.bootstrap(chosen);
  expect(await access.authenticateKey(chosen)).toBeNull();
});

it('refuses a key from the millisecond in which it expires', async () => {
  const { access, clock } = await open();
  const { text } = await access.createKey('acme', { ...request, expiresInMs: 1_000 });
  await clock.advance(999);
  expect(await access.authenticateKey(text)).not.toBeNull();
  await clock.advance(1);
  expect(await access.authenticateKey(text)).toBeNull();
});

it('is open until the first key or as long as there is no issuer, and never again', async () => {
  const store = new HeldStore();
  const { access } = await open(store);
  expect(access.isOpen).toBe(true);
  const { key } = await access.createKey('acme', request);
  expect(access.isOpen).toBe(false);
  await access.revokeKey('acme', key.id);
  expect(access.isOpen).toBe(false);
  expect((await open(store)).access.isOpen).toBe(false);
  expect((await open(new HeldStore(), true)).access.isOpen).toBe(false);
});

it('ends what follows a key when it is revoked or expires, and the open mode when it ends, once each', async () => {
  const { access, clock } = await open();
  const ended: string[] = [];
  access.follow(localPrincipal, () => ended.push('local'));
  const made = await access.createKey('acme', { ...request, expiresInMs: 5_000 });
  expect(ended).toEqual(['local']);
  const other = await access.createKey('acme', { ...request, expiresInMs: 3_000 });
  const [principal, otherPrincipal] = [
    await access.authenticateKey(made.text),
    await access.authenticateKey(other.text),
  ];
  if (principal === null || otherPrincipal === null) throw new Error('Both keys are good.');
  access.follow(principal, () => ended.push('first'));
  access.follow(principal, () => ended.push('second'));
  access.follow(principal, () => ended.push('left'))();
  access.follow(otherPrincipal, () => ended.push('expired'));
  await clock.advance(3_000);
  expect(ended).toEqual(['local', 'expired']);
  await access.revokeKey('acme', made.key.id);
  expect(ended).toEqual(['local', 'expired', 'first', 'second']);
  await clock.advance(10_000);
  expect(ended).toHaveLength(4);
});

it('ends what begins to follow when it is over already', async () => {
  const { access, clock } = await open();
  const ended: string[] = [];
  const { text, key } = await access.createKey('acme', { ...request, expiresInMs: 5_000 });
  const short = await access.createKey('acme', { ...request, expiresInMs: 1_000 });
  const [principal, expiring] = [await access.authenticateKey(text), await access.authenticateKey(short.text)];
  if (principal === null || expiring === null) throw new Error('Both keys are good.');
  await access.revokeKey('acme', key.id);
  await clock.advance(2_000);
  access.follow(principal, () => ended.push('revoked'));
  access.follow(expiring, () => ended.push('expired'));
  access.follow(localPrincipal, () => ended.push('local'));
  expect(ended).toEqual([]);
  await clock.advance(0);
  expect(ended).toEqual(['revoked', 'expired', 'local']);
});

it('refuses keys that would be none', async () => {
  const { access, store } = await open();
  const bad: readonly [string, Partial<KeyRequest>][] = [
    ['acme', { name: ' ' }],
    ['acme', { name: 'x'.repeat(101) }],
    ['acme', { scopes: [] }],
    ['acme', { expiresInMs: 0 }],
    ['acme', { expiresInMs: -1 }],
    ['', {}],
    ['a b', {}],
  ];
  for (const [tenant, given] of bad)
    await expect(access.createKey(tenant, { ...request, ...given })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(store.keys.size).toBe(0);
});

it('lets a key in no more that another process revoked, and one in that another made', async () => {
  const store = new HeldStore();
  const [wireHere, wireThere] = joinedNews(2);
  const { access: here } = await open(store, false, wireHere);
  const { access: there } = await open(store, false, wireThere);
  expect(there.isOpen).toBe(true);
  const { text, key } = await here.createKey('acme', request);
  expect(there.isOpen).toBe(false);
  const principal = await there.authenticateKey(text);
  if (principal === null) throw new Error('The key holds.');
  let isEnded = false;
  there.follow(principal, () => (isEnded = true));
  await here.revokeKey('acme', key.id);
  expect(isEnded).toBe(true);
  expect(await there.authenticateKey(text)).toBeNull();
});

it('asks the store again where news of a revocation may have been lost', async () => {
  const store = new HeldStore();
  const [wire] = joinedNews(1);
  const { access } = await open(store, false, wire);
  const { text, key } = await access.createKey('acme', request);
  expect(await access.authenticateKey(text)).not.toBeNull();
  await store.revokeKey('acme', key.id, 0);
  expect(await access.authenticateKey(text)).not.toBeNull();
  wire?.lose();
  expect(await access.authenticateKey(text)).toBeNull();
});
