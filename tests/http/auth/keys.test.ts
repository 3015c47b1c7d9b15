import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/access/principal.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';
import { rawRequest } from './raw-request.ts';

const submission = { message: 'Say hello', start: false };

async function keyOf(server: TestServer, tenant: string, scopes: readonly Scope[] = ['write']): Promise<string> {
  const { text } = await server.assembly.access.createKey(tenant, { name: 'test', scopes, expiresInMs: null });
  return text;
}

describe('with keys', () => {
  it('works as the tenant of the key, and of no other', async () => {
    await using server = await openTestServer();
    const [acme, umbrella] = [await keyOf(server, 'acme'), await keyOf(server, 'umbrella')];
    await server.ask('/executions', { key: acme, body: submission });
    await server.ask('/executions', { key: umbrella, body: submission });
    const { squadra } = server.assembly;
    for (const tenant of ['acme', 'umbrella']) {
      const { items } = await squadra.forTenant(tenant).list();
      expect(items).toMatchObject([{ tenant, userId: null }]);
    }
    expect((await squadra.list()).items).toEqual([]);
  });

  it('asks for a key with a challenge, and leaves what is open open', async () => {
    await using server = await openTestServer();
    await keyOf(server, 'acme');
    const { status, headers, body } = await server.ask('/executions', { body: submission });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="squadra"');
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, requestId: expect.any(String) });
    for (const path of ['/health', '/ready', '/openapi.json', '/docs/', '/docs/static/index.css']) {
      expect([path, (await server.ask(path)).status]).toEqual([path, 200]);
    }
    expect((await server.ask('/nowhere')).status).toBe(404);
  });

  it('refuses a key that lacks the scope, naming it, and takes those that include it', async () => {
    await using server = await openTestServer();
    const submit = async (scopes: readonly Scope[]) =>
      server.ask('/executions', { key: await keyOf(server, 'acme', scopes), body: submission });
    const refused = await submit(['read']);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toBe(
      'Bearer realm="squadra", error="insufficient_scope", scope="write"',
    );
    expect(refused.body).toMatchObject({ code: 'FORBIDDEN' });
    for (const scopes of [['write'], ['admin'], ['read', 'write']] as const)
      expect((await submit(scopes)).status).toBe(202);
  });

  it('refuses every header that is not exactly a known key, before it reads a body', async () => {
    await using server = await openTestServer();
    const key = await keyOf(server, 'acme');
    const other = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
    const headers = [
      other,
      key.slice(0, -1),
      `${key}a`,
      `${key},${key}`,
      `${key} ${key}`,
      key.toUpperCase(),
      key.split('_').slice(0, 2).join('_'),
      'x'.repeat(9_000),
      "' OR 1=1 --",
      '%00',
      '',
    ].map((text) => `Bearer ${text}`);
    for (const authorization of [
      ...headers,
      key,
      `Basic ${btoa(`${key}:`)}`,
      `Token ${key}`,
      'Bearer',
      `Bearer${key}`,
    ]) {
      const asked = { method: 'POST', headers: { authorization }, body: 'not even JSON' };
      const { status, body, headers: answered } = await rawRequest(`${server.url}/api/v1/executions`, asked);
      expect([authorization, status, body['code']]).toEqual([authorization, 401, 'UNAUTHENTICATED']);
      expect(answered['www-authenticate']).toBe('Bearer realm="squadra", error="invalid_token"');
      expect(JSON.stringify(body)).not.toContain(key.slice(13));
    }
    for (const authorization of [`Bearer ${key}`, `bearer ${key}`, `BEARER  ${key} `]) {
      const asked = { method: 'POST', headers: { authorization }, body: JSON.stringify(submission) };
      expect((await rawRequest(`${server.url}/api/v1/executions`, asked)).status).toBe(202);
    }
  });

  it('takes no key from the address', async () => {
    await using server = await openTestServer();
    const key = await keyOf(server, 'acme');
    for (const name of ['key', 'token', 'access_token', 'api_key', 'authorization']) {
      expect((await server.ask(`/executions?${name}=${key}`, { body: submission })).status).toBe(401);
    }
  });

  it('refuses a key from the moment it expires', async () => {
    let aheadMs = 0;
    const clock: Clock = {
      now: () => systemClock.now() + aheadMs,
      setTimer: (ms, fire) => systemClock.setTimer(ms, fire),
    };
    await using server = await openTestServer({}, { clock });
    const { access } = server.assembly;
    const { text } = await access.createKey('acme', { name: 'short', scopes: ['write'], expiresInMs: 60_000 });
    const submit = async () => (await server.ask('/executions', { key: text, body: submission })).status;
    expect(await submit()).toBe(202);
    aheadMs = 60_000;
    expect(await submit()).toBe(401);
  });

  it('refuses a key from the moment it is revoked, however many requests are under way', async () => {
    await using server = await openTestServer();
    const { access } = server.assembly;
    const { key, text } = await access.createKey('acme', { name: 'test', scopes: ['write'], expiresInMs: null });
    const submit = async () => (await server.ask('/executions', { key: text, body: submission })).status;
    const during = Array.from({ length: 20 }, submit);
    await access.revokeKey('acme', key.prefix);
    expect(await submit()).toBe(401);
    for (const status of await Promise.all(during)) expect([202, 401]).toContain(status);
    expect(await submit()).toBe(401);
  });
});

describe('the first key of a container', () => {
  const chosen = 'c0ffee'.repeat(8);

  it('is made at the start as an admin key of tenant local', async () => {
    await using server = await openTestServer({ settings: { bootstrapKey: chosen } });
    expect(server.assembly.access.isOpen).toBe(false);
    expect((await server.ask('/executions', { body: submission })).status).toBe(401);
    expect((await server.ask('/executions', { body: submission, key: chosen })).status).toBe(202);
    expect(await server.assembly.access.listKeys('local')).toMatchObject([
      { name: 'bootstrap', prefix: 'chosen', scopes: ['read', 'write', 'admin'], expiresAt: null },
    ]);
  });

  it('is refused when it is too short to be safe, without being shown', async () => {
    const opening = openTestServer({ settings: { bootstrapKey: 'only-15-letters' } });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_SETTING',
      message: expect.not.stringContaining('only'),
    });
  });
});
