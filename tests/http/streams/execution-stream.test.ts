import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { readEvents } from '../../support/event-reader.ts';
import type { WireEvent } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const waiting = defineWorkflow({
  name: 'waiting',
  run: async ({ step }) => {
    await step.run('first', () => ({ 'line\nbreak': '🚀\u2028\r\n' }));
    return step.waitFor('go').then(() => 'gone');
  },
});

/** `id event` of stored events. */
function stored(events: readonly WireEvent[]): string[] {
  return events.flatMap(({ id, event }) => (id === null ? [] : [`${id} ${event}`]));
}

describe('GET /executions/{id}/events', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer({ workflows: [waiting] });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const submit = async (body: unknown): Promise<string> => {
    const { body: accepted } = await server.ask('/executions', { body });
    return (accepted as { id: string }).id;
  };
  const streamOf = (id: string, query = ''): string => `${server.url}/api/v1/executions/${id}/events${query}`;

  it('tells every stored event with its seq as the id, then done, and hangs up', async () => {
    const id = await submit({ message: 'Add a login page' });
    const reader = await readEvents(streamOf(id));
    expect(reader.status).toBe(200);
    expect(reader.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(reader.headers['x-request-id']).toBeDefined();
    const events = await reader.ended();
    const records = await server.assembly.squadra
      .run(id)
      .get()
      .then(() => server.assembly.events.stored.after('local', id, 0, 500));
    expect(stored(events)).toEqual([...records.map(({ seq, event }) => `${seq} ${event}`), `${records.length} done`]);
    expect(events.at(-1)).toEqual({ event: 'done', id: String(records.length), data: { seq: records.length } });
    expect(reader.text).toMatch(/^retry: \d+\n\n/);
    const [request] = events;
    expect(request?.data).toEqual({
      seq: 1,
      role: 'user',
      kind: 'request',
      memberId: null,
      stepKey: null,
      text: 'Add a login page',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(events.some(({ event, id: none }) => event === 'text-delta' && none === null)).toBe(true);
    for (const { data } of events.filter(({ event }) => event === 'step'))
      expect(data).toMatchObject({ key: expect.any(String), phase: expect.any(String), attempt: expect.any(Number) });
  });

  it('goes on while the execution waits, and carries odd text unbroken', async () => {
    const id = await submit({ workflow: 'waiting', input: {} });
    using reader = await readEvents(streamOf(id));
    await reader.until(({ data }) => data['status'] === 'waiting');
    const first = await reader.until(({ data }) => data['key'] === 'first' && data['phase'] === 'completed');
    expect(first.data['output']).toEqual({ 'line\nbreak': '🚀\u2028\r\n' });
    await server.ask(`/executions/${id}/signals/go`, { method: 'POST' });
    const events = await reader.ended();
    expect(events.at(-1)?.event).toBe('done');
    expect(events.at(-2)?.data).toMatchObject({ status: 'completed', output: 'gone' });
  });

  it('resumes after Last-Event-ID, which wins over ?after=, with exactly what comes after it', async () => {
    const id = await submit({ message: 'Add a login page' });
    const all = stored(await (await readEvents(streamOf(id))).ended());
    const last = all.length - 1;
    for (const after of [0, 1, 7, last - 1]) {
      const byQuery = await (await readEvents(streamOf(id, `?after=${after}`))).ended();
      expect(stored(byQuery)).toEqual(all.slice(after));
      const headers = { 'last-event-id': String(after) };
      const byHeader = await (await readEvents(streamOf(id, '?after=3'), { headers })).ended();
      expect(stored(byHeader)).toEqual(all.slice(after));
    }
    for (const after of [last, last + 1, 999_999_999])
      expect(stored(await (await readEvents(streamOf(id, `?after=${after}`))).ended())).toEqual([`${last} done`]);
  });

  it('refuses what is no number of an event, an unknown field, and an unknown execution, as problems', async () => {
    const id = await submit({ workflow: 'waiting', input: {}, start: false });
    for (const after of ['', 'x', '-1', '1.5', '1e3', '%20', '9999999999999999', '1&after=2', "1'"]) {
      const { status, body } = await server.ask(`/executions/${id}/events?after=${after}`);
      expect({ after, status, body }).toMatchObject({ after, status: 400, body: { code: 'INVALID_INPUT' } });
    }
    for (const lastEventId of ['x', '-1', '1, 2', '٣', '1e1']) {
      const headers = { 'last-event-id': Buffer.from(lastEventId).toString('latin1') };
      const { status } = await server.ask(`/executions/${id}/events?after=1`, { headers });
      expect([lastEventId, status]).toEqual([lastEventId, 400]);
    }
    expect((await server.ask(`/executions/${id}/events?follow=no`)).status).toBe(400);
    const unknown = await server.ask('/executions/01980000-0000-7000-8000-000000000000/events');
    expect([unknown.status, unknown.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect((await server.ask('/executions/nonsense/events')).status).toBe(404);
  });

  it('answers a client of HTTP/1.0 without chunks, and HEAD without a stream', async () => {
    const id = await submit({ message: 'Add a login page' });
    await server.assembly.squadra.run(id).result();
    const { hostname, port } = new URL(server.url);
    const raw = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.write(text));
        let answer = '';
        socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
        socket.on('close', () => resolve(answer)).on('error', reject);
      });
    const host = `Host: ${hostname}:${port}\r\n`;
    const old = await raw(`GET /api/v1/executions/${id}/events HTTP/1.0\r\n${host}\r\n`);
    expect(old).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(old).not.toMatch(/transfer-encoding/i);
    expect(old).toMatch(/event: done\nid: \d+\ndata: \{"seq":\d+\}\n\n$/);
    const head = await raw(`HEAD /api/v1/executions/${id}/events HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(head).not.toContain('event:');
  });
});
