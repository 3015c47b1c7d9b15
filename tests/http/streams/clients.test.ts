import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { MemoryBus } from '../../../src/bus/memory/memory-bus.ts';
import { TestClock, settle } from '../../../src/testing/test-clock.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { readEvents } from '../../support/event-reader.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const waiting = defineWorkflow({ name: 'waiting', run: ({ step }) => step.waitFor('go').then(() => 'gone') });
const large = 'x'.repeat(1024 * 1024);
const talking = defineWorkflow({
  name: 'talking',
  run: async ({ step }) => {
    for (let n = 0; n < 24; n++) await step.run(`say-${n}`, () => large);
    return null;
  },
});

async function submit(server: TestServer, body: unknown, key?: string): Promise<string> {
  const answer = await server.ask('/executions', { body, ...(key === undefined ? {} : { key }) });
  return (answer.body as { id: string }).id;
}

const pathOf = (id: string): string => `/api/v1/executions/${id}/events`;

async function openStreams(server: TestServer): Promise<number> {
  const { text } = await server.ask('/metrics');
  return Number(/^squadra_\w*streams\w* (\d+)$/m.exec(text)?.[1]);
}

function listeners(server: TestServer): number {
  const { bus } = server.assembly.events;
  if (!(bus instanceof MemoryBus)) throw new Error('The bus of one process is in memory.');
  return bus.listenedTo;
}

/** Connects and asks for a stream by hand; resolves when it has begun. */
async function rawStream(server: TestServer, path: string): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  await once(socket, 'data');
  return socket;
}

describe('clients of event streams', () => {
  it('hear a comment every 15 seconds, from one timer for all', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ workflows: [waiting] }, { clock });
    const id = await submit(server, { workflow: 'waiting', input: {} });
    const before = clock.timers;
    const readers = await Promise.all(Array.from({ length: 40 }, () => readEvents(server.url + pathOf(id))));
    await Promise.all(readers.map((reader) => reader.until(({ data }) => data['status'] === 'waiting')));
    expect(clock.timers - before).toBeLessThanOrEqual(2);
    for (let round = 1; round <= 3; round++) {
      await clock.advance(15_000);
      for (const reader of readers) await reader.untilText(new RegExp(`^(?:[^]*\\n:\\n){${round}}\\n$`));
    }
    for (const reader of readers) reader[Symbol.dispose]();
  });

  it('that do not read are told to come again and let go, and get the rest when they do', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ workflows: [talking] }, { clock });
    const id = await submit(server, { workflow: 'talking', input: {} });
    using slow = await readEvents(server.url + pathOf(id));
    slow.pause();
    await server.assembly.squadra.run(id).result();
    const memory = process.memoryUsage().arrayBuffers;
    // Visited often enough to be found too slow; what it did not take by then is bounded.
    for (let second = 0; second < 31; second++) await clock.advance(1_000);
    expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(64 * 1024 * 1024);
    slow.resume();
    const first = await slow.ended();
    expect(first.at(-1)?.event).not.toBe('done');
    expect(slow.events.filter(({ event }) => event === 'resume').length).toBeLessThanOrEqual(1);
    expect(await openStreams(server)).toBe(0);
    const again = await readEvents(server.url + pathOf(id), { headers: { 'last-event-id': slow.lastId ?? '0' } });
    const rest = await again.ended();
    const ids = [...first, ...rest].flatMap(({ id: seq, event }) =>
      seq === null || event === 'done' ? [] : [Number(seq)],
    );
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, place) => place + 1));
    expect(rest.at(-1)).toMatchObject({ event: 'done', data: { seq: ids.length } });
  });

  it('leave nothing behind when a thousand are cut off at once', async () => {
    const clock = new TestClock();
    await using server = await openTestServer({ workflows: [waiting] }, { clock });
    const ids = [
      await submit(server, { workflow: 'waiting', input: {} }),
      await submit(server, { workflow: 'waiting', input: {} }),
    ];
    const timers = clock.timers;
    const sockets: Socket[] = [];
    for (let n = 0; n < 1_000; n += 50) {
      const paths = Array.from({ length: 50 }, (_, place) =>
        place % 3 === 0 ? '/api/v1/events' : pathOf(ids[place % 2] ?? ''),
      );
      sockets.push(...(await Promise.all(paths.map((path) => rawStream(server, path)))));
    }
    expect(await openStreams(server)).toBe(1_000);
    expect(listeners(server)).toBe(3);
    for (const [place, socket] of sockets.entries()) place % 2 === 0 ? socket.destroy() : socket.resetAndDestroy();
    while ((await openStreams(server)) > 0) await settle();
    await settle(20);
    expect(listeners(server)).toBe(0);
    expect(clock.timers).toBeLessThanOrEqual(timers);
  });

  it('are refused beyond the limit of the server and of one caller, and let in again when one has left', async () => {
    await using server = await openTestServer({
      workflows: [waiting],
      settings: { maxStreams: 3, maxStreamsPerCaller: 2 },
    });
    const { access } = server.assembly;
    const [one, other] = [
      await access.createKey('local', { name: 'one', scopes: ['write'], expiresInMs: null }),
      await access.createKey('local', { name: 'other', scopes: ['write'], expiresInMs: null }),
    ];
    const id = await submit(server, { workflow: 'waiting', input: {} }, one.text);
    const open = (key: string) => readEvents(server.url + pathOf(id), { headers: { authorization: `Bearer ${key}` } });
    const first = await open(one.text);
    using second = await open(one.text);
    expect(second.status).toBe(200);
    const third = await server.ask(`/executions/${id}/events`, { key: one.text });
    expect([third.status, third.body]).toMatchObject([429, { code: 'TOO_MANY_STREAMS' }]);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    using others = await open(other.text);
    expect(others.status).toBe(200);
    const fourth = await server.ask(`/executions/${id}/events`, { key: other.text });
    expect([fourth.status, fourth.body]).toMatchObject([503, { code: 'STREAMS_FULL' }]);
    expect(Number(fourth.headers.get('retry-after'))).toBeGreaterThan(0);
    first[Symbol.dispose]();
    for (;;) {
      using again = await open(one.text);
      if (again.status === 200) break;
    }
  });

  it('are told to come again when the server stops, which does not wait for those who do not listen', async () => {
    const server = await openTestServer({ workflows: [waiting] });
    const id = await submit(server, { workflow: 'waiting', input: {} });
    const readers = await Promise.all(Array.from({ length: 20 }, () => readEvents(server.url + pathOf(id))));
    const all = await readEvents(`${server.url}/api/v1/events`);
    const ui = await readEvents(`${server.url}/api/v1/executions/${id}/ui-stream`);
    const deaf = await rawStream(server, pathOf(id));
    deaf.pause();
    await Promise.all(readers.map((reader) => reader.until(({ data }) => data['status'] === 'waiting')));
    await server[Symbol.asyncDispose]();
    for (const reader of [...readers, all])
      expect((await reader.ended()).at(-1)).toEqual({ event: 'resume', id: null, data: {} });
    expect(await ui.ended()).not.toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ type: 'finish' }) }),
    );
    deaf.destroy();
  });
});
