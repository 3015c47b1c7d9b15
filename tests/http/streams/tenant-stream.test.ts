import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { readEvents } from '../../support/event-reader.ts';
import type { EventReader } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const plain = defineWorkflow({ name: 'plain', run: ({ step }) => step.run('only', () => 1) });

async function submit(server: TestServer, body: object = {}, key?: string): Promise<string> {
  const answer = await server.ask('/executions', {
    body: { workflow: 'plain', input: {}, ...body },
    ...(key === undefined ? {} : { key }),
  });
  return (answer.body as { id: string }).id;
}

function follow(server: TestServer, query = '', headers: Record<string, string> = {}): Promise<EventReader> {
  return readEvents(`${server.url}/api/v1/events${query}`, { headers });
}

const completed = (reader: EventReader, id: string) =>
  reader.until(({ data }) => data['executionId'] === id && data['status'] === 'completed');

describe('GET /events', () => {
  it('tells what happens from now on, and where it is before anything happens', async () => {
    await using server = await openTestServer({ workflows: [plain] });
    const before = await submit(server);
    await server.assembly.squadra.run(before).result();
    using reader = await follow(server);
    await reader.untilText(/^id: \S+\n\n/m);
    const place = reader.lastId ?? '';
    const id = await submit(server);
    await completed(reader, id);
    expect(new Set(reader.events.map(({ data }) => data['executionId']))).toEqual(new Set([id]));
    expect(reader.events.map(({ data }) => data['seq'])).toEqual([1, 2, 3, 4]);
    using again = await follow(server, `?after=${place}`);
    await completed(again, id);
    expect(again.events).toEqual(reader.events);
  });

  it('resumes after any event, by Last-Event-ID before ?after=, or begins with all that is stored', async () => {
    await using server = await openTestServer({ workflows: [plain] });
    const ids = [await submit(server), await submit(server), await submit(server)];
    for (const id of ids) await server.assembly.squadra.run(id).result();
    using all = await follow(server, '?after=start');
    for (const id of ids) await completed(all, id);
    const { events } = all;
    expect(events.length).toBe(12);
    for (const [at, { id }] of events.entries()) {
      if (at === events.length - 1) break;
      using rest = await follow(server, '?after=start', { 'last-event-id': id ?? '' });
      const last = events.at(-1);
      await rest.until((event) => event.id === last?.id);
      expect(rest.events).toEqual(events.slice(at + 1));
    }
  });

  it('can be narrowed to a squad by name or id, and knows no squad that is none', async () => {
    await using server = await openTestServer({ workflows: [plain] });
    const { body } = await server.ask('/squads', { body: { name: 'ours', template: 'software' } });
    const squad = body as { id: string };
    using byName = await follow(server, '?squad=ours');
    using byId = await follow(server, `?squad=${squad.id}`);
    const other = await submit(server);
    await server.assembly.squadra.run(other).result();
    const id = await submit(server, { squad: 'ours' });
    for (const reader of [byName, byId]) {
      await completed(reader, id);
      expect(new Set(reader.events.map(({ data }) => data['executionId']))).toEqual(new Set([id]));
    }
    const unknown = await server.ask('/events?squad=nobodys');
    expect([unknown.status, unknown.body]).toMatchObject([400, { code: 'UNKNOWN_SQUAD' }]);
  });

  it('refuses a cursor that it did not give', async () => {
    await using server = await openTestServer({ workflows: [plain] });
    await submit(server);
    for (const after of ['0', 'x', 'AAAAAAAAAAAAAA', '%F0%9F%9A%80']) {
      const { status, body } = await server.ask(`/events?after=${after}`);
      expect([after, status, body]).toMatchObject([after, 400, { code: 'INVALID_CURSOR' }]);
      const byHeader = await server.ask('/events', { headers: { 'last-event-id': after } });
      expect([after, byHeader.status, byHeader.body]).toMatchObject([after, 400, { code: 'INVALID_CURSOR' }]);
    }
    expect((await server.ask('/events?after=')).status).toBe(400);
  });

  it('tells a tenant nothing of another', async () => {
    await using server = await openTestServer({ workflows: [plain] });
    const { access } = server.assembly;
    const key = async (tenant: string) =>
      (await access.createKey(tenant, { name: 'k', scopes: ['write'], expiresInMs: null })).text;
    const [mine, theirs] = [await key('mine'), await key('theirs')];
    using reader = await follow(server, '?after=start', { authorization: `Bearer ${mine}` });
    const foreign = await submit(server, {}, theirs);
    await server.assembly.squadra.forTenant('theirs').run(foreign).result();
    const id = await submit(server, {}, mine);
    await completed(reader, id);
    expect(reader.text).not.toContain(foreign);
    const own = await server.ask(`/executions/${foreign}/events`, { key: mine });
    const none = await server.ask('/executions/01980000-0000-7000-8000-000000000000/events', { key: mine });
    const plainBody = ({ body }: typeof own) => ({ ...(body as object), requestId: null });
    expect([own.status, plainBody(own)]).toEqual([404, plainBody(none)]);
  });
});

describe('stream tokens', () => {
  it('open streams and nothing else, for minutes, and end with the key', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ workflows: [plain] }, { clock });
    const { access } = server.assembly;
    const { key, text } = await access.createKey('mine', { name: 'k', scopes: ['write'], expiresInMs: null });
    const id = await submit(server, { start: false }, text);
    const get = async () => {
      const answer = await server.ask('/stream-tokens', { method: 'POST', key: text });
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
      return answer.body as { token: string; expiresAt: string };
    };
    const { token, expiresAt } = await get();
    expect(Date.parse(expiresAt) - clock.now()).toBe(300_000);
    using reader = await readEvents(`${server.url}/api/v1/executions/${id}/events?token=${token}`);
    await reader.until(({ data }) => data['status'] === 'created');
    using all = await follow(server, `?after=start&token=${token}`);
    expect(all.status).toBe(200);

    expect((await server.ask(`/executions/${id}?token=${token}`)).status).toBe(401);
    expect((await server.ask(`/executions/${id}`, { key: token })).status).toBe(401);
    expect(
      (await server.ask('/stream-tokens', { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(401);
    for (const wrong of ['x', `${token}x`, `x${token}`, token.replace('.', ''), `${token}.x`, 'a.b', '.']) {
      const refused = await server.ask(`/executions/${id}/events?token=${wrong}`);
      expect([wrong, refused.status, refused.body]).toMatchObject([wrong, 401, { code: 'UNAUTHENTICATED' }]);
    }
    expect((await server.ask('/stream-tokens', { body: { ttl: 1 }, key: text })).status).toBe(400);

    await clock.advance(300_000);
    expect((await server.ask(`/executions/${id}/events?token=${token}`)).status).toBe(401);
    // What is open stays open: the token only opened it.
    const { token: second } = await get();
    await access.revokeKey('mine', key.id);
    expect((await reader.ended()).at(-1)?.event).toBe('resume');
    expect((await all.ended()).at(-1)?.event).toBe('resume');
    expect((await server.ask(`/executions/${id}/events?token=${second}`)).status).toBe(401);
  });
});
