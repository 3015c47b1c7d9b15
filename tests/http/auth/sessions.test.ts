import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/access/principal.ts';
import { sessionIdleMs, sessionLifeMs } from '../../../src/access/session.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { readEvents } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';

const submission = { message: 'Say hello', start: false };
const sameOrigin = { 'sec-fetch-site': 'same-origin' };

async function keyOf(server: TestServer, expiresInMs: number | null = null, scopes: readonly Scope[] = ['write']) {
  return server.assembly.access.createKey('acme', { name: 'Maren', scopes, expiresInMs });
}

const signIn = (server: TestServer, key: string, headers: Record<string, string> = {}): Promise<Answer> =>
  server.ask('/session', { body: { key }, headers });

/** What the browser sends from then on. */
function cookieOf(answer: Answer): string {
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function signedIn(server: TestServer, key: string): Promise<string> {
  const answer = await signIn(server, key, sameOrigin);
  expect(answer.status).toBe(201);
  return cookieOf(answer);
}

const me = (server: TestServer, cookie: string) => server.ask('/me', { headers: { cookie } });

describe('signing in with a key', () => {
  it('gives a cookie that stands for the key, out of reach of scripts and other sites', async () => {
    await using server = await openTestServer();
    const { key, text } = await keyOf(server);
    const answer = await signIn(server, text);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(answer.body).toMatchObject({ tenant: 'acme', name: 'Maren' });
    expect(answer.text).not.toContain(text);
    const { port } = new URL(server.url);
    expect(answer.headers.get('set-cookie')).toMatch(
      new RegExp(`^squadra_session_${port}=sqs_[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000$`),
    );
    const { status, body } = await me(server, `theme=dark; ${cookieOf(answer)}`);
    expect([status, body]).toMatchObject([
      200,
      { kind: 'key', id: key.id, tenant: 'acme', signedInWith: 'cookie', scopes: ['read', 'write'] },
    ]);
    expect((await server.ask('/me', { key: text })).body).toMatchObject({ signedInWith: 'key', expiresAt: null });
    const secure = await signIn(server, text, { origin: server.url.replace('http:', 'https:') });
    expect(secure.headers.get('set-cookie')).toMatch(/; Secure$/);
  });

  it('refuses what is no key, and counts it for the address as a wrong key in a header', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ settings: { failedAuthPerMinute: 3 } }, { clock });
    const { text } = await keyOf(server);
    for (const wrong of [`${text}x`, 'x', 'x'.repeat(512)]) {
      const refused = await signIn(server, wrong);
      expect([refused.status, refused.headers.get('set-cookie')]).toEqual([401, null]);
      expect(refused.body).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(refused.text).not.toContain(wrong.repeat(2).slice(0, 20));
    }
    expect((await signIn(server, text)).status).toBe(429);
    expect((await server.ask('/me', { key: text })).status).toBe(429);
    await clock.advance(60_000);
    expect((await signIn(server, text)).status).toBe(201);
    expect((await server.ask('/session', { body: {} })).status).toBe(400);
    expect((await server.ask('/session', { body: { key: text, tenant: 'other' } })).status).toBe(400);
  });

  it('changes something, and follows events, for pages of this server alone', async () => {
    await using server = await openTestServer();
    const cookie = await signedIn(server, (await keyOf(server)).text);
    const { host } = new URL(server.url);
    const submit = async (headers: Record<string, string>) =>
      (await server.ask('/executions', { body: submission, headers: { cookie, ...headers } })).status;
    expect(await submit(sameOrigin)).toBe(202);
    expect(await submit({ origin: `http://${host}` })).toBe(202);
    expect(await submit({ origin: `https://${host}` })).toBe(202);
    for (const foreign of [
      {},
      { origin: 'http://attacker.example' },
      { origin: 'null' },
      { origin: `http://${host}.attacker.example` },
      { origin: 'http://127.0.0.1:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: `http://${host}` },
      { 'sec-fetch-site': 'none' },
    ])
      expect([foreign, await submit(foreign)]).toEqual([foreign, 403]);
    const follow = async (headers: Record<string, string>) =>
      (await server.ask('/pulse', { headers: { cookie, ...headers } })).status;
    expect(await follow({})).toBe(403);
    expect(await follow({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    using reader = await readEvents(`${server.url}/api/v1/pulse`, { headers: { cookie, ...sameOrigin } });
    expect(reader.status).toBe(200);
    // Reading changes nothing, and no other page is told the answer.
    expect((await me(server, cookie)).status).toBe(200);
    expect((await server.ask('/me', { headers: { cookie, origin: 'http://attacker.example' } })).status).toBe(200);
  });

  it('lets no other site sign a browser in or out', async () => {
    await using server = await openTestServer();
    const { text } = await keyOf(server);
    const cookie = await signedIn(server, text);
    for (const foreign of [{ origin: 'http://attacker.example' }, { 'sec-fetch-site': 'same-site' }]) {
      const refused = await signIn(server, text, foreign);
      expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
      const out = await server.ask('/session', { method: 'DELETE', headers: { cookie, ...foreign } });
      expect(out.status).toBe(403);
    }
    expect((await me(server, cookie)).status).toBe(200);
  });

  it('ends when one signs out, with what was opened by it and nothing else', async () => {
    await using server = await openTestServer();
    const { text } = await keyOf(server);
    const [cookie, other] = [await signedIn(server, text), await signedIn(server, text)];
    const open = (headers: Record<string, string>) => readEvents(`${server.url}/api/v1/pulse`, { headers });
    using own = await open({ cookie, ...sameOrigin });
    using others = await open({ cookie: other, ...sameOrigin });
    using byKey = await open({ authorization: `Bearer ${text}` });
    const out = await server.ask('/session', { method: 'DELETE', headers: { cookie, ...sameOrigin } });
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringMatching(/=; .*Max-Age=0/)]);
    expect((await own.ended()).at(-1)?.event).toBe('resume');
    expect((await me(server, cookie)).status).toBe(401);
    expect((await me(server, other)).status).toBe(200);
    for (const reader of [others, byKey]) {
      await reader.until(({ event }) => event === 'pulse');
      expect(reader.text).not.toContain('resume');
    }
    expect((await server.ask('/session', { method: 'DELETE' })).status).toBe(204);
  });

  it('ends with the key at once, and the browser forgets the cookie', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({}, { clock });
    const { key, text } = await keyOf(server);
    const cookie = await signedIn(server, text);
    using reader = await readEvents(`${server.url}/api/v1/pulse`, { headers: { cookie, ...sameOrigin } });
    await server.assembly.access.revokeKey('acme', key.id);
    expect((await reader.ended()).at(-1)?.event).toBe('resume');
    const refused = await me(server, cookie);
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([401, expect.stringMatching(/Max-Age=0/)]);

    const short = await keyOf(server, 60_000);
    const answer = await signIn(server, short.text);
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=60');
    expect((await me(server, cookieOf(answer))).body).toMatchObject({
      expiresAt: new Date(clock.now() + 60_000).toISOString(),
    });
    await clock.advance(60_000);
    expect((await me(server, cookieOf(answer))).status).toBe(401);
  });

  it('is over when nobody used it for a week, and after a month however much it was used', async () => {
    // Of a month of this clock no timer hears.
    let ageMs = 0;
    const start = Date.UTC(2026, 0, 1);
    const clock: Clock = { now: () => start + ageMs, setTimer: () => ({ cancel: () => {} }) };
    await using server = await openTestServer({}, { clock });
    const { text } = await keyOf(server);
    const [used, unused] = [await signedIn(server, text), await signedIn(server, text)];
    const statusAt = async (at: number, cookie: string) => {
      ageMs = at;
      return (await me(server, cookie)).status;
    };
    for (let at = 0; at < sessionLifeMs; at += sessionIdleMs - 1)
      expect([at, await statusAt(at, used)]).toEqual([at, 200]);
    expect(await statusAt(sessionLifeMs - 1, unused)).toBe(401);
    expect(await statusAt(sessionLifeMs - 1, used)).toBe(200);
    expect(await statusAt(sessionLifeMs, used)).toBe(401);
  });

  it('holds after the server was started again, and the state holds no token', async () => {
    await using folder = await temporaryFolder();
    const stateDir = folder.path;
    const cookie = await (async () => {
      await using server = await openTestServer({ stateDir });
      return await signedIn(server, (await keyOf(server)).text);
    })();
    const [, token = ''] = cookie.split('=');
    const written = await Promise.all(
      (await readdir(stateDir)).map((name) => readFile(join(stateDir, name), 'latin1')),
    );
    expect([token.length, written.some((text) => text.includes(token))]).toEqual([47, false]);
    await using server = await openTestServer({ stateDir });
    // The port is another one, and the cookie's name tells servers of one machine apart.
    const renamed = cookie.replace(/_\d+=/, `_${new URL(server.url).port}=`);
    expect((await me(server, renamed)).status).toBe(200);
    expect((await me(server, cookie)).status).toBe(401);
  });

  it.each(['', 'sqs_', 'x', `sqs_${'a'.repeat(43)}`, `sqs_${'ä'.repeat(43)}`, 'a'.repeat(5_000)])(
    'lets nobody in with the cookie %j',
    async (value) => {
      await using server = await openTestServer();
      await keyOf(server);
      const cookie = `squadra_session_${new URL(server.url).port}=${encodeURI(value)}`;
      expect((await me(server, cookie)).status).toBe(401);
    },
  );

  it('asks nothing of who need not sign in', async () => {
    await using server = await openTestServer();
    expect((await server.ask('/me')).body).toMatchObject({ kind: 'local', signedInWith: 'nothing' });
    expect((await signIn(server, 'sqd_no_such_key_here')).status).toBe(401);
  });
});
