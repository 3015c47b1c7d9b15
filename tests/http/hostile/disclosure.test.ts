import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { exchange, headerOf } from '../../support/exchange.ts';
import type { Exchange, ExchangeOptions } from '../../support/exchange.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });

let server: TestServer;
let key: string;
let lines: string[];
beforeAll(async () => {
  lines = [];
  // How the log gets to the standard error output of the process.
  vi.spyOn(fs, 'writeSync').mockImplementation((file: number, text: unknown) => {
    if (file === 2) lines.push(String(text));
    return Buffer.byteLength(String(text));
  });
  server = await openTestServer({ workflows: [echo], settings: { logLevel: 'debug' } });
  ({ text: key } = await server.assembly.access.createKey('local', {
    name: 'x',
    scopes: ['write'],
    expiresInMs: null,
  }));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  vi.restoreAllMocks();
});

const json = { 'content-type': 'application/json' };
const ask = (path: string, { headers, ...options }: ExchangeOptions = {}): Promise<Exchange> =>
  exchange(server.url, path, {
    ...options,
    headers: { authorization: `Bearer ${key}`, ...headers },
    onlyBeginning: true,
  });

/** Something in the inside that fails as nobody foresaw, with words that are for nobody outside. */
async function whileBroken<T>(act: () => Promise<T>): Promise<T> {
  using _broken = vi.spyOn(server.assembly.squadra, 'forTenant').mockImplementation(() => {
    throw new Error('SQLITE_ERROR: no such column in /var/lib/squadra/state.db');
  });
  return await act();
}

describe('every answer', () => {
  it.each<[string, () => Promise<Exchange>, number]>([
    ['a success', () => ask('/api/v1/me'), 200],
    ['health', () => exchange(server.url, '/health'), 200],
    ['the description', () => exchange(server.url, '/openapi.json'), 200],
    ['the documentation', () => exchange(server.url, '/docs/'), 200],
    ['a stream', () => ask('/api/v1/events'), 200],
    ['no such address', () => ask('/nowhere'), 404],
    ['no such thing', () => ask('/api/v1/squads/x'), 404],
    ['an address that is none', () => ask('/api/v1/squads/%ff'), 404],
    ['bad input', () => ask('/api/v1/squads', { method: 'POST', headers: json, body: '{' }), 400],
    ['no key', () => exchange(server.url, '/api/v1/me'), 401],
    ['no scope', () => ask('/metrics', { headers: { host: 'squadra.example' } }), 403],
    ['too much', () => ask('/api/v1/squads', { method: 'POST', headers: json, body: 'x'.repeat(2_000_000) }), 413],
    [
      'no JSON',
      () => ask('/api/v1/squads', { method: 'POST', headers: { 'content-type': 'text/css' }, body: 'x' }),
      415,
    ],
    ['too many headers', () => ask('/health', { headers: { 'x-bomb': 'x'.repeat(20_000) } }), 431],
    ['a failure of our own', () => whileBroken(() => ask('/api/v1/me')), 500],
  ])('such as %s, has the headers that keep browsers from harm', async (_, act, status) => {
    const answer = await act();
    expect(answer.status).toBe(status);
    expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff');
    expect(headerOf(answer, 'content-security-policy')).toContain('default-src ');
    expect(headerOf(answer, 'referrer-policy')).toBe('no-referrer');
    expect(headerOf(answer, 'x-request-id')).toMatch(/^[\da-f-]{36}$/);
    expect(headerOf(answer, 'access-control-allow-origin')).toBeUndefined();
    expect(headerOf(answer, 'x-powered-by')).toBeUndefined();
    expect(headerOf(answer, 'server')).toBeUndefined();
  });
});

describe('a failure of our own', () => {
  it('tells nothing of the inside, and the log under the same number tells all', async () => {
    const answer = await whileBroken(() => ask('/api/v1/me'));
    expect(answer.status).toBe(500);
    const problem = JSON.parse(answer.text) as { readonly requestId: string; readonly code: string };
    expect(problem.code).toBe('INTERNAL');
    expect(answer.text).not.toMatch(/SQLITE|state\.db|\bat .*:\d+|column|\/var/);
    const line = lines.find((text) => text.includes(problem.requestId));
    expect(line).toContain('no such column');
  });
});

describe('the log', () => {
  it('has no key, no token, no prompt and no answer, whatever is asked and however it fails', async () => {
    const prompt = 'my-very-private-prompt';
    const submit = (body: string): Promise<Exchange> =>
      ask('/api/v1/executions', { method: 'POST', headers: json, body });
    await submit(JSON.stringify({ message: prompt }));
    await submit(JSON.stringify({ workflow: 'echo', input: prompt }));
    await submit(`{"message": "${prompt}`);
    await whileBroken(() => submit(JSON.stringify({ message: prompt })));
    const { text } = await ask('/api/v1/stream-tokens', { method: 'POST' });
    const { token } = JSON.parse(text) as { readonly token: string };
    await exchange(server.url, `/api/v1/events?token=${token}`, { onlyBeginning: true });
    await whileBroken(() => exchange(server.url, `/api/v1/events?token=${token}`, { onlyBeginning: true }));
    await exchange(server.url, '/api/v1/me', { headers: { authorization: 'Bearer sqd_wrongwro_some-key' } });
    const log = lines.join('');
    expect(log).toContain('A request failed unexpectedly.');
    for (const secret of [key, key.split('_').at(-1) ?? '', token, prompt, 'some-key'])
      expect(log).not.toContain(secret);
  });
});

describe('pages of other origins', () => {
  const origin = 'https://app.example.com';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };

  it('are told nothing where none is listed', async () => {
    for (const [path, method] of [
      ['/api/v1/me', 'GET'],
      ['/api/v1/executions', 'OPTIONS'],
      ['/nowhere', 'GET'],
      ['/api/v1/events', 'GET'],
    ] as const) {
      const answer = await ask(path, { method, headers: preflight });
      expect(answer.rawHeaders.filter((name) => /^access-control/i.test(name))).toEqual([]);
    }
  });

  it('are let in where they are listed, without credentials of the browser, and no other is', async () => {
    await using listed = await openTestServer({ settings: { corsOrigins: [origin] } });
    await listed.assembly.access.createKey('local', { name: 'x', scopes: ['write'], expiresInMs: null });
    const allowed = async (path: string, method: string, headers: Record<string, string>) => {
      const answer = await exchange(listed.url, path, { method, headers, onlyBeginning: true });
      expect(headerOf(answer, 'access-control-allow-credentials')).toBeUndefined();
      return [answer.status, headerOf(answer, 'access-control-allow-origin')];
    };
    expect(await allowed('/api/v1/executions', 'OPTIONS', preflight)).toEqual([204, origin]);
    // Pages have to be able to read why they were refused.
    expect(await allowed('/api/v1/me', 'GET', { origin })).toEqual([401, origin]);
    expect(await allowed('/nowhere', 'GET', { origin })).toEqual([404, origin]);
    for (const other of [
      'https://evil.example',
      'null',
      `${origin}.evil.example`,
      'http://app.example.com',
      `${origin}:444`,
    ]) {
      const [, named] = await allowed('/api/v1/me', 'GET', { origin: other });
      expect([other, named]).toEqual([other, undefined]);
      const [, answered] = await allowed('/api/v1/executions', 'OPTIONS', { ...preflight, origin: other });
      expect([other, answered]).toEqual([other, undefined]);
    }
  });
});
