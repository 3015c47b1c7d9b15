import { describe, expect, it } from 'vitest';
import { assertMayListen } from '../../../src/http/auth/listening.ts';
import { openTestServer } from '../../support/http-server.ts';
import { rawRequest } from './raw-request.ts';

const submission = JSON.stringify({ message: 'Say hello', start: false });

const foreignHosts = [
  'evil.example',
  'evil.example:8080',
  '10.0.0.7',
  'localhost.evil.example',
  '127.0.0.1.nip.io',
  'localhost@evil.example',
  '[fe80::1]',
  '0.0.0.0',
  'evillocalhost',
  'localhost/',
  'localhost:x',
];
const ownHosts = ['localhost', 'localhost:9999', '127.0.0.1:1', '127.8.9.1', '[::1]:8080', 'LOCALHOST', 'a.localhost'];

describe('while no key was ever made and no issuer is configured', () => {
  it('lets in whoever is on this machine, as tenant local with every scope', async () => {
    await using server = await openTestServer();
    const { status, body } = await server.ask('/executions', { body: { message: 'Say hello', start: false } });
    expect(status).toBe(202);
    const { items } = await server.assembly.squadra.list();
    expect(items).toMatchObject([{ id: (body as { id: string }).id, tenant: 'local', userId: null }]);
  });

  it('answers no request that was sent to another name than one of this machine', async () => {
    await using server = await openTestServer();
    for (const host of foreignHosts) {
      for (const path of ['/health', '/openapi.json', '/api/v1/executions', '/nowhere']) {
        const { status, body } = await rawRequest(`${server.url}${path}`, { headers: { host } });
        expect([host, path, status, body['code']]).toEqual([host, path, 421, 'WRONG_HOST']);
      }
    }
    for (const host of ownHosts)
      expect([host, (await rawRequest(`${server.url}/health`, { headers: { host } })).status]).toEqual([host, 200]);
  });

  it('refuses changes to pages of other origins, and lets those of its own make them', async () => {
    await using server = await openTestServer();
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await rawRequest(`${server.url}/api/v1/executions`, { method: 'POST', body: submission, headers })).status;
    const { host } = new URL(server.url);
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost:1',
      `https://${host}`,
      `http://${host}.evil.example`,
    ])
      expect([origin, await post({ origin })]).toEqual([origin, 403]);
    expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await post({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(202);
    expect(await post({})).toBe(202);
    const read = await rawRequest(`${server.url}/health`, { headers: { origin: 'https://evil.example' } });
    expect(read.status).toBe(200);
    expect(read.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('refuses pages before it reads what they sent', async () => {
    await using server = await openTestServer();
    const headers = { origin: 'https://evil.example', 'content-type': 'text/plain' };
    const { status, body } = await rawRequest(`${server.url}/api/v1/executions`, {
      method: 'POST',
      body: '{',
      headers,
    });
    expect([status, body['code']]).toEqual([403, 'FOREIGN_ORIGIN']);
  });

  it('lets pages of listed origins ask, and tells browsers so', async () => {
    await using server = await openTestServer({ settings: { corsOrigins: ['https://app.example.com'] } });
    const url = `${server.url}/api/v1/executions`;
    const listed = { origin: 'https://app.example.com' };
    const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const asked = await rawRequest(url, { method: 'OPTIONS', headers: { ...listed, ...preflight } });
    expect(asked.status).toBe(204);
    expect(asked.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined();
    expect((await rawRequest(url, { method: 'POST', body: submission, headers: listed })).status).toBe(202);
    const foreign = { origin: 'https://evil.example' };
    const refused = await rawRequest(url, { method: 'OPTIONS', headers: { ...foreign, ...preflight } });
    expect(refused.headers['access-control-allow-origin']).not.toBe('https://evil.example');
    expect((await rawRequest(url, { method: 'POST', body: submission, headers: foreign })).status).toBe(403);
  });

  it('refuses what came through a proxy', async () => {
    await using server = await openTestServer();
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host']) {
      const asked = { method: 'POST', body: submission, headers: { [header]: '203.0.113.7' } };
      const { status, body } = await rawRequest(`${server.url}/api/v1/executions`, asked);
      expect([header, status, body['code']]).toEqual([header, 401, 'UNAUTHENTICATED']);
    }
  });

  it('ends at once with the first key, and does not come back when that is revoked', async () => {
    await using server = await openTestServer();
    const { access } = server.assembly;
    const submit = (key?: string) =>
      server.ask('/executions', { body: { message: 'x', start: false }, ...(key === undefined ? {} : { key }) });
    expect((await submit()).status).toBe(202);
    const { key, text } = await access.createKey('local', { name: 'first', scopes: ['write'], expiresInMs: null });
    expect((await submit()).status).toBe(401);
    expect((await submit(text)).status).toBe(202);
    await access.revokeKey('local', key.id);
    expect((await submit(text)).status).toBe(401);
    expect((await submit()).status).toBe(401);
    expect(access.isOpen).toBe(false);
  });

  it('does not listen where others could get in, and says what to do', async () => {
    await using server = await openTestServer();
    const { access } = server.assembly;
    for (const host of ['0.0.0.0', '::', '192.168.1.4', 'squadra.example', '']) {
      expect(() => assertMayListen(host, access)).toThrow(
        /squadra keys create[^]*SQUADRA_BOOTSTRAP_KEY[^]*SQUADRA_OIDC_ISSUER/,
      );
    }
    for (const host of ['127.0.0.1', '::1', 'localhost', '127.0.0.2']) assertMayListen(host, access);
    await access.createKey('acme', { name: 'first', scopes: ['read'], expiresInMs: null });
    assertMayListen('0.0.0.0', access);
  });
});

it('asks for keys wherever it listens once an issuer is configured', async () => {
  await using server = await openTestServer({ settings: { oidcIssuer: 'http://127.0.0.1:9' } });
  assertMayListen('0.0.0.0', server.assembly.access);
  expect((await server.ask('/executions', { body: { message: 'x' } })).status).toBe(401);
  // Whoever has a key may come through any name.
  expect((await rawRequest(`${server.url}/health`, { headers: { host: 'squadra.example' } })).status).toBe(200);
});
