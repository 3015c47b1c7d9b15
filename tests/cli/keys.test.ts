import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newFolder, RunningCommand, squadra, squadraJson } from './command-line.ts';

const shown = /^sqd_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}$/;

/** Every byte that the state folder holds, as text. */
function stateText(folder: string): string {
  const state = join(folder, '.squadra');
  return readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

it('makes a key, lists it without its text, and revokes it by its prefix', async () => {
  const folder = newFolder();
  const asked = ['--tenant', 'acme', '--name', 'ci', '--scopes', 'read,write,admin', '--expires', '90d'];
  const made = await squadraJson(folder, 'keys', 'create', ...asked);
  expect(made).toMatchObject({
    id: expect.any(String),
    key: expect.stringMatching(shown),
    prefix: String(made['key']).slice(0, 12),
    tenant: 'acme',
    scopes: ['read', 'write', 'admin'],
    expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  expect(Date.parse(String(made['expiresAt'])) - Date.now()).toBeGreaterThan(89.9 * 86_400_000);
  expect(await squadraJson(folder, 'keys', 'list', '--tenant', 'acme')).toMatchObject({
    items: [{ id: made['id'], prefix: made['prefix'], revokedAt: null }],
  });
  expect(await squadraJson(folder, 'keys', 'list')).toEqual({ items: [] });
  expect((await squadra(folder, ['keys', 'revoke', String(made['prefix'])])).code).toBe(1);
  const revoked = await squadraJson(folder, 'keys', 'revoke', String(made['prefix']), '--tenant', 'acme');
  expect(revoked).toMatchObject({ id: made['id'], revokedAt: expect.any(String) });
  const listed = await squadra(folder, ['keys', 'list', '--tenant', 'acme']);
  expect(listed.stdout).toMatch(/revoked/);
  expect(stateText(folder)).toContain(String(made['prefix']));
  expect(stateText(folder)).not.toContain(String(made['key']).slice(13));
});

it('writes nothing but the key to standard output, for scripts', async () => {
  const folder = newFolder();
  const { stdout, stderr, code } = await squadra(folder, ['keys', 'create', '--name', 'me', '--expires', 'never']);
  expect(code).toBe(0);
  expect(stdout.trim()).toMatch(shown);
  expect(stderr).toMatch(/'me' of tenant local \(read, write\); it never expires. It is not shown again/);
});

it('calls wrong usage by its name and makes nothing', async () => {
  const folder = newFolder();
  const wrong = [
    ['--name', 'x', '--scopes', 'read,owner'],
    ['--name', 'x', '--scopes', ''],
    ['--name', 'x', '--expires', 'soon'],
    ['--name', 'x', '--expires', '0s'],
    ['--name', 'x', '--tenant', 'two words'],
    ['--scopes', 'read'],
  ];
  for (const args of wrong) {
    const { code, stdout } = await squadra(folder, ['keys', 'create', ...args]);
    expect([args, code, stdout]).toEqual([args, 2, '']);
  }
  expect(await squadraJson(folder, 'keys', 'list')).toEqual({ items: [] });
});

it('works beside a running server: the open mode ends, the key holds, and it ends when it is revoked', async () => {
  const folder = newFolder();
  const server = new RunningCommand(folder, ['serve', '--port', '0'], { env: { SQUADRA_LOG_LEVEL: 'trace' } });
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  await server.until(/anybody on this machine/);
  const prompt = 'the-prompt-that-nobody-else-may-read';
  const submit = async (bearer?: string): Promise<number> => {
    const headers = {
      'content-type': 'application/json',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const body = JSON.stringify({ message: prompt });
    return (await fetch(`${url}/api/v1/executions`, { method: 'POST', headers, body })).status;
  };
  expect(await submit()).toBe(202);
  const made = await squadraJson(folder, 'keys', 'create', '--tenant', 'acme', '--name', 'ci');
  const key = String(made['key']);
  expect(await submit()).toBe(401);
  expect(await submit(key)).toBe(202);
  await squadraJson(folder, 'keys', 'revoke', String(made['id']), '--tenant', 'acme');
  expect(await submit(key)).toBe(401);
  const wrong = `sqd_wrongkey_${'w'.repeat(43)}`;
  expect(await submit(wrong)).toBe(401);
  const state = stateText(folder);
  server.kill('SIGTERM');
  const { stdout, stderr } = await server.ended;
  for (const secret of [key.slice(13), 'w'.repeat(43), prompt]) expect(stdout + stderr).not.toContain(secret);
  expect(state).not.toContain(key.slice(13));
});

it('refuses to listen for others while nobody has to sign in, and listens once there is a key', async () => {
  const folder = newFolder();
  const refused = await squadra(folder, ['serve', '--port', '0', '--host', '0.0.0.0']);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/does not listen on 0\.0\.0\.0[^]*squadra keys create/);
  const key = 'chosen-by-an-operator-0123456789';
  const env = { SQUADRA_BOOTSTRAP_KEY: key };
  const server = new RunningCommand(folder, ['serve', '--port', '0', '--host', '0.0.0.0'], { env });
  const [, port] = await server.until(/http:\/\/0\.0\.0\.0:(\d+)/);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const body = JSON.stringify({ message: 'Say hello', start: false });
  const url = `http://127.0.0.1:${port}/api/v1/executions`;
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(202);
  server.kill('SIGTERM');
  const { stdout, stderr } = await server.ended;
  expect(stdout + stderr + stateText(folder)).not.toContain(key);
});

it('says in its log that an issuer does not answer, and not which token was brought', async () => {
  const folder = newFolder();
  const env = { SQUADRA_OIDC_ISSUER: 'http://127.0.0.1:9', SQUADRA_LOG_LEVEL: 'trace' };
  const server = new RunningCommand(folder, ['serve', '--port', '0'], { env });
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d{2,}/);
  const parts = [{ alg: 'RS256', kid: 'one' }, { sub: 'maren' }].map((part) =>
    btoa(JSON.stringify(part)).replaceAll('=', ''),
  );
  const token = `${parts.join('.')}.c2lnbmF0dXJl`;
  const answer = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
  await server.until(/The issuer cannot be asked for its keys/);
  server.kill('SIGTERM');
  const { stdout, stderr } = await server.ended;
  for (const part of token.split('.')) expect(stdout + stderr).not.toContain(part);
});
