import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { readEvents } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';
import { rawRequest } from './raw-request.ts';

const waiting = defineWorkflow({ name: 'waiting', run: ({ step }) => step.waitFor('go') });
const work = { workflow: 'waiting', input: {} };

async function submit(server: TestServer, key?: string): Promise<string> {
  const answer = await server.ask('/executions', { body: work, ...(key === undefined ? {} : { key }) });
  return `/api/v1/executions/${(answer.body as { id: string }).id}/events`;
}

function keyOf(server: TestServer, tenant = 'acme', expiresInMs: number | null = null) {
  return server.assembly.access.createKey(tenant, { name: 'test', scopes: ['write'], expiresInMs });
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

describe('open streams', () => {
  it('end when their key is revoked, and only those of that key', async () => {
    await using server = await openTestServer({ workflows: [waiting] });
    const [mine, other] = [await keyOf(server), await keyOf(server)];
    const path = await submit(server, mine.text);
    const open = await Promise.all(
      [path, '/api/v1/events'].map((each) => readEvents(server.url + each, { headers: bearer(mine.text) })),
    );
    const staying = await readEvents(server.url + path, { headers: bearer(other.text) });
    await staying.until(({ data }) => data['status'] === 'waiting');
    await server.assembly.access.revokeKey('acme', mine.key.id);
    await Promise.all(open.map((reader) => reader.ended()));
    expect((await rawRequest(server.url + path, { headers: bearer(mine.text) })).status).toBe(401);
    await server.assembly.squadra
      .forTenant('acme')
      .run(path.split('/')[4] ?? '')
      .signal('go');
    await staying.until(({ event }) => event === 'done');
  });

  it('end when their key expires', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ workflows: [waiting] }, { clock });
    const { text } = await keyOf(server, 'acme', 60_000);
    const reader = await readEvents(server.url + (await submit(server, text)), { headers: bearer(text) });
    await reader.until(({ data }) => data['status'] === 'waiting');
    await clock.advance(60_000);
    expect((await reader.ended()).some(({ event }) => event === 'done')).toBe(false);
  });

  it('end with the open mode', async () => {
    await using server = await openTestServer({ workflows: [waiting] });
    const reader = await readEvents(server.url + (await submit(server)));
    await keyOf(server);
    expect((await reader.ended()).some(({ event }) => event === 'done')).toBe(false);
  });
});

describe('stream tokens', () => {
  let server: TestServer;
  let aheadMs = 0;
  beforeAll(async () => {
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    server = await openTestServer({ workflows: [waiting] }, { clock });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const tokenFor = async (key: string): Promise<string> => {
    const { status, body } = await server.ask('/stream-tokens', { key, method: 'POST' });
    expect(status).toBe(201);
    return (body as { token: string }).token;
  };

  it('open streams of their tenant, and nothing else', async () => {
    const [acme, umbrella] = [(await keyOf(server)).text, (await keyOf(server, 'umbrella')).text];
    const path = await submit(server, acme);
    const token = await tokenFor(acme);
    const reader = await readEvents(`${server.url}${path}?token=${token}`);
    await reader.until(({ data }) => data['status'] === 'waiting');
    const foreign = await rawRequest(`${server.url}${path}?token=${await tokenFor(umbrella)}`);
    expect(foreign.status).toBe(404);
    const id = path.split('/')[4] ?? '';
    for (const other of [`/executions/${id}`, '/executions', '/squads', '/me']) {
      expect([other, (await server.ask(`${other}?token=${token}`)).status]).toEqual([other, 401]);
      expect([other, (await server.ask(other, { key: token })).status]).toEqual([other, 401]);
    }
    const cancel = { method: 'POST', body: {} };
    expect((await server.ask(`/executions/${id}/cancel?token=${token}`, cancel)).status).toBe(401);
    expect((await server.ask(`/stream-tokens?token=${token}`, { method: 'POST' })).status).toBe(401);
  });

  it('hold for minutes, and no longer than their key', async () => {
    const { key, text } = await keyOf(server);
    const path = await submit(server, text);
    const [token, late] = [await tokenFor(text), await tokenFor(text)];
    await server.assembly.access.revokeKey('acme', key.id);
    expect((await rawRequest(`${server.url}${path}?token=${token}`)).status).toBe(401);
    const again = (await keyOf(server)).text;
    const fresh = await tokenFor(again);
    aheadMs += 5 * 60_000;
    for (const old of [late, fresh]) expect((await rawRequest(`${server.url}${path}?token=${old}`)).status).toBe(401);
  });

  it('are refused when anything about them was changed or made up', async () => {
    const { text } = await keyOf(server);
    const path = await submit(server, text);
    const token = await tokenFor(text);
    const [claims = '', signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify(['["key","umbrella","x"]', Date.now() + 1e6])).toString('base64url');
    const own = createHmac('sha256', '').update(forged).digest('base64url');
    const cut = (part: string): string => part.slice(0, -1);
    const wrong = [
      '',
      '.',
      '..',
      text,
      claims,
      `${claims}.`,
      `.${signature}`,
      `${cut(claims)}.${signature}`,
      `${claims}.${cut(signature)}`,
      `${forged}.${signature}`,
      `${forged}.${own}`,
      `${token}.x`,
      'x'.repeat(1_900),
      '%00',
      'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
    ];
    for (const each of wrong) {
      const { status } = await rawRequest(`${server.url}${path}?token=${each}`);
      expect([each, [400, 401].includes(status)]).toEqual([each, true]);
    }
    const twice = await rawRequest(`${server.url}${path}?token=${token}&token=${token}`);
    expect([400, 401]).toContain(twice.status);
  });
});
