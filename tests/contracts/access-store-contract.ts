import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewApiKey, User } from '../../src/access/access-store.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { newId, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

function newApiKey(tenant: string, given: Partial<NewApiKey> = {}): NewApiKey {
  const id = newId();
  return {
    id,
    tenant,
    name: 'Deployment — “blue”',
    prefix: `sqd_${id.slice(-8)}`,
    hash: createHash('sha256').update(id).digest('hex'),
    scopes: ['read', 'write'],
    createdAt: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2026, 3, 1),
    revokedAt: null,
    ...given,
  };
}

function withoutHash({ hash: _, ...key }: NewApiKey): Omit<NewApiKey, 'hash'> {
  return key;
}

function newUser(tenant: string, given: Partial<User> = {}): User {
  const user = { id: newId(), tenant, sub: 'auth0|7', name: 'Maren', email: 'maren@example.org' };
  return { ...user, createdAt: Date.UTC(2026, 0, 1), ...given };
}

/** What every `AccessStore` does. */
export function accessStoreContract(open: OpenState): void {
  describe('an access store', () => {
    let state: ContractState;
    beforeAll(async () => {
      state = await open(new TestClock());
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('tells whether a key was ever made, also when the only one is revoked', async () => {
      await using empty = await open(new TestClock());
      const { tenant, foreign } = twoTenants();
      expect(await empty.access.hasKeys()).toBe(false);
      const key = newApiKey(tenant);
      await empty.access.addKey(key);
      expect(await empty.access.hasKeys()).toBe(true);
      await expect(empty.access.revokeKey(foreign, key.id, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await empty.access.revokeKey(tenant, key.id, 1);
      expect(await empty.access.hasKeys()).toBe(true);
    });

    it('keeps the first secret that it is given to sign by', async () => {
      await using empty = await open(new TestClock());
      const given = await Promise.all(['one', 'two', 'three'].map((fresh) => empty.access.signingSecret(fresh)));
      expect(new Set(given).size).toBe(1);
      expect(['one', 'two', 'three']).toContain(given[0]);
      expect(await empty.access.signingSecret('four')).toBe(given[0]);
    });

    it('finds a key by the hash of its text, whoever asks, and lists it for its tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const key = newApiKey(tenant);
      const endless = newApiKey(tenant, { expiresAt: null, scopes: ['admin'] });
      await state.access.addKey(key);
      await state.access.addKey(endless);
      expect(await state.access.findKey(key.hash)).toEqual(withoutHash(key));
      expect(await state.access.getKey(tenant, key.id)).toEqual(withoutHash(key));
      expect(await state.access.getKey(foreign, key.id)).toBeNull();
      expect(await state.access.getKey(tenant, newId())).toBeNull();
      expect(await state.access.findKey(endless.hash)).toEqual(withoutHash(endless));
      expect(await state.access.findKey(newApiKey(tenant).hash)).toBeNull();
      expect(await state.access.listKeys(tenant)).toEqual([withoutHash(endless), withoutHash(key)]);
      expect(await state.access.listKeys(foreign)).toEqual([]);
    });

    it('stores a key that is added again once, as it was', async () => {
      const { tenant, foreign } = twoTenants();
      const key = newApiKey(tenant);
      await state.access.addKey(key);
      await state.access.revokeKey(tenant, key.id, 7);
      await state.access.addKey(key);
      await state.access.addKey({ ...key, id: newId(), tenant: foreign });
      expect(await state.access.listKeys(tenant)).toEqual([{ ...withoutHash(key), revokedAt: 7 }]);
      expect(await state.access.listKeys(foreign)).toEqual([]);
    });

    it('revokes a key by its id or its prefix, once, and only for its tenant', async () => {
      const { tenant, foreign } = twoTenants();
      const [first, second] = [newApiKey(tenant), newApiKey(tenant)];
      await state.access.addKey(first);
      await state.access.addKey(second);
      for (const name of [first.id, first.prefix]) {
        await expect(state.access.revokeKey(foreign, name, 5)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
      expect(await state.access.revokeKey(tenant, first.prefix, 5)).toEqual({ ...withoutHash(first), revokedAt: 5 });
      expect(await state.access.revokeKey(tenant, first.id, 6)).toMatchObject({ revokedAt: 5 });
      expect(await state.access.findKey(first.hash)).toMatchObject({ revokedAt: 5 });
      expect(await state.access.findKey(second.hash)).toMatchObject({ revokedAt: null });
      await expect(state.access.revokeKey(tenant, newId(), 5)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('revokes the key that still holds where two have the same prefix', async () => {
      const { tenant } = twoTenants();
      const keys = [newApiKey(tenant), newApiKey(tenant), newApiKey(tenant)].map((key) => ({
        ...key,
        prefix: 'chosen',
      }));
      for (const key of keys) await state.access.addKey(key);
      const revoked = new Set<string>();
      for (const at of [1, 2, 3]) revoked.add((await state.access.revokeKey(tenant, 'chosen', at)).id);
      expect(revoked).toEqual(new Set(keys.map(({ id }) => id)));
    });

    it('keeps a user at first sight and renews name and e-mail, in each tenant for itself', async () => {
      const { tenant, foreign } = twoTenants();
      const user = newUser(tenant);
      expect(await state.access.seeUser(tenant, user)).toEqual(user);
      const stranger = newUser(foreign, { name: 'Somebody else' });
      expect(await state.access.seeUser(foreign, stranger)).toEqual(stranger);
      const renamed = { ...newUser(tenant), name: null, email: 'm@example.org', createdAt: 9 };
      const seen = { ...user, name: null, email: 'm@example.org' };
      expect(await state.access.seeUser(tenant, renamed)).toEqual(seen);
      expect(await state.access.seeUser(tenant, renamed)).toEqual(seen);
      expect(await state.access.seeUser(foreign, stranger)).toEqual(stranger);
    });

    it('keeps one user however many requests are the first', async () => {
      const { tenant } = twoTenants();
      const seen = await Promise.all(Array.from({ length: 20 }, () => state.access.seeUser(tenant, newUser(tenant))));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(1);
    });
  });
}
