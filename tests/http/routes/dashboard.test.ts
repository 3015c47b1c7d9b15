import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { readDashboard } from '../../../src/http/dashboard/dashboard-files.ts';
import { Readiness } from '../../../src/http/readiness.ts';
import { startServer } from '../../../src/http/server.ts';
import type { HttpServer } from '../../../src/http/server.ts';
import { exchange, headerOf } from '../../support/exchange.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';

const page = '<!doctype html><title>Squadra</title>';
const script = 'console.log("the dashboard");'.repeat(20);
const files: Readonly<Record<string, string | Buffer>> = {
  'index.html': page,
  'mark.svg': '<svg/>',
  'assets/main-a1.js': script,
  'assets/main-a1.js.br': brotliCompressSync(script),
  'assets/main-a1.js.gz': gzipSync(script),
  'assets/main-b2.css': 'p { color: red }',
  'assets/notes.map': 'not for the world',
};

/** A server with an API and these files, and the folder they lie in. */
let behind: TestServer;
let server: HttpServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), content);
  }
  behind = await openTestServer();
  const dashboard = await readDashboard(folder.path);
  server = await startServer(
    { ...behind.assembly, readiness: new Readiness(), dashboard },
    { host: '127.0.0.1', port: 0 },
  );
});

afterAll(async () => {
  await server.close();
  await behind[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => exchange(server.url, path, { headers });

describe('the dashboard', () => {
  it.each(['/', '/executions', '/executions/0198-no-id/deep', '/convoys', '/squads/x', '/costs', '/system', '/?a=b'])(
    'gives out the page at %s, which asks whether it is new each time',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, answer.text]).toEqual([200, page]);
      expect(headerOf(answer, 'content-type')).toBe('text/html; charset=utf-8');
      expect(headerOf(answer, 'cache-control')).toBe('no-cache');
      expect(headerOf(answer, 'x-content-type-options')).toBe('nosniff');
      expect(headerOf(answer, 'content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';font-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
      );
      const again = await get(path, { 'if-none-match': headerOf(answer, 'etag') ?? '' });
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );

  it.each(['/nowhere', '/execution', '/assets/main-a1.ts', '/assets/', '/assets/notes.map', '/index.htm', '/..%2fx'])(
    'knows no %s',
    async (path) => {
      const answer = await get(path);
      expect([answer.status, headerOf(answer, 'content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
      expect(headerOf(answer, 'content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    },
  );

  it('gives out what is built into it as it was compressed, to be kept for ever', async () => {
    const plain = await get('/assets/main-a1.js');
    expect([plain.status, plain.text]).toEqual([200, script]);
    expect(headerOf(plain, 'content-type')).toBe('text/javascript; charset=utf-8');
    expect(headerOf(plain, 'cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headerOf(plain, 'vary')).toBe('accept-encoding');
    const lengthOf = async (accepted: string) => {
      const answer = await get('/assets/main-a1.js', { 'accept-encoding': accepted });
      return [headerOf(answer, 'content-encoding'), Number(headerOf(answer, 'content-length'))];
    };
    const [br, gzip] = [brotliCompressSync(script).length, gzipSync(script).length];
    expect(await lengthOf('gzip, deflate, br')).toEqual(['br', br]);
    expect(await lengthOf('gzip, br;q=0')).toEqual(['gzip', gzip]);
    expect(await lengthOf('identity')).toEqual([undefined, script.length]);
    expect(gunzipSync(files['assets/main-a1.js.gz'] ?? '').toString()).toBe(script);
    // What was not compressed is given out as it is.
    const css = await get('/assets/main-b2.css', { 'accept-encoding': 'br' });
    expect([css.status, css.text, headerOf(css, 'content-encoding')]).toEqual([200, 'p { color: red }', undefined]);
  });

  it('is found where one would look for it', async () => {
    const answer = await get('/dashboard');
    expect([answer.status, headerOf(answer, 'location')]).toEqual([302, '/']);
  });

  it('is for this machine alone while nobody has to sign in', async () => {
    const foreign = await get('/', { host: 'attacker.example' });
    expect([foreign.status, foreign.text.includes('WRONG_HOST')]).toEqual([421, true]);
  });

  it('opens nothing else: the API asks for keys as before, and is at its addresses', async () => {
    const { key, text } = await behind.assembly.access.createKey('local', {
      name: 'k',
      scopes: ['read'],
      expiresInMs: null,
    });
    expect((await get('/')).status).toBe(200);
    expect((await get('/api/v1/executions')).status).toBe(401);
    expect((await get('/metrics/resources')).status).toBe(401);
    expect((await get('/api/v1/executions', { authorization: `Bearer ${text}` })).status).toBe(200);
    expect((await get('/api/v1/nowhere')).status).toBe(404);
    expect((await exchange(server.url, '/executions', { method: 'POST' })).status).toBe(404);
    await behind.assembly.access.revokeKey('local', key.id);
  });

  it('is not there where it was not built', async () => {
    await using empty = await temporaryFolder();
    expect(await readDashboard(empty.path)).toBe(null);
    expect(await readDashboard(join(empty.path, 'nothing'))).toBe(null);
    const answer = await behind.ask('/health');
    expect(answer.status).toBe(200);
    expect((await exchange(behind.url, '/')).status).toBe(404);
  });
});
