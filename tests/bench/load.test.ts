import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Connections, requestText } from '../../bench/load/connection.ts';
import type { Answer } from '../../bench/load/connection.ts';
import { dataOf, EventStream } from '../../bench/load/event-stream.ts';
import type { ServerEvent } from '../../bench/load/event-stream.ts';
import { insist } from '../../bench/load/insistent-client.ts';
import type { Insisted } from '../../bench/load/insistent-client.ts';
import { onSchedule } from '../../bench/load/schedule.ts';
import { Tally } from '../../bench/load/tally.ts';
import { WatchedExecution } from '../../bench/load/watched-execution.ts';

async function serve(listener: RequestListener): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the load of the benchmarks', () => {
  it('sends more requests than it has connections, and reads each answer to its end', async () => {
    await using server = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat([Buffer.from(`${request.headers.authorization} `), ...parts]);
        response.writeHead(202, { 'content-length': body.length }).end(body);
      });
    });
    const connections = new Connections(server.port, 2);
    const answers = Array.from({ length: 7 }, (_, n) => {
      const request = requestText('POST', '/', { key: `k${n}`, body: { n, text: 'x'.repeat(n * 50_000) } });
      return new Promise<Answer | Error>((resolve) => connections.send(request, resolve));
    });
    const got = (await Promise.all(answers)) as Answer[];
    expect(got.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 202));
    expect(got.map(({ body }) => body.length)).toEqual(
      got.map((_, n) => `Bearer k0 {"n":0,"text":""}`.length + n * 50_000),
    );
    expect(connections.use.open).toBe(2);
    connections.close();
  });

  it('tells of a connection that breaks, and opens another', async () => {
    let served = 0;
    await using server = await serve((_, response) => {
      if (++served === 1) response.destroy();
      else response.writeHead(200, { 'content-length': 2 }).end('ok');
    });
    const connections = new Connections(server.port, 1);
    const send = (): Promise<Answer | Error> =>
      new Promise((resolve) => connections.send(requestText('GET', '/', {}), resolve));
    expect(await send()).toBeInstanceOf(Error);
    expect(await send()).toMatchObject({ status: 200, body: 'ok' });
    connections.close();
  });

  it('reads a stream whatever its pieces are, up to its end', async () => {
    const text = `: hello\n\nid: 1\nevent: status\ndata: {"status":"größer"}\n\nevent: done\ndata: {"seq":1}\n\n`;
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    });
    const events: ServerEvent[] = [];
    const why = await new Promise<Error | null>((onEnd) => {
      new EventStream(server.port, requestText('GET', '/', {}), { onEvent: (event) => events.push(event), onEnd });
    });
    expect(why).toBeNull();
    expect(events.map(({ id, event }) => [id, event])).toEqual([
      ['1', 'status'],
      [null, 'done'],
    ]);
    expect(events.map(dataOf)).toEqual([{ status: 'größer' }, { seq: 1 }]);
  });

  it('says when a stream was refused, and when it broke off', async () => {
    const end = (port: number, path: string): Promise<Error | null> =>
      new Promise((onEnd) => void new EventStream(port, requestText('GET', path, {}), { onEvent: () => {}, onEnd }));
    await using server = await serve((request, response) => {
      if (request.url === '/refused') response.writeHead(404).end('no such thing');
      else response.write(': begun\n\n', () => response.destroy());
    });
    expect(String(await end(server.port, '/refused'))).toMatch(/http\/1.1 404 not found/);
    expect(String(await end(server.port, '/broken'))).toMatch(/closed a stream before its end/);
  });

  it('finds what a client missed', () => {
    const watch = (...events: readonly (readonly [string | null, string, object])[]): string | null => {
      const watched = new WatchedExecution();
      for (const [id, event, data] of events) watched.take({ id, event, data: JSON.stringify(data) });
      return watched.fault;
    };
    const text = (attempt: number, offset: number, piece: string) =>
      [null, 'text-delta', { stepKey: 'one', attempt, offset, text: piece }] as const;
    const [first, second, done] = [
      ['1', 'status', { status: 'queued' }],
      ['2', 'step', {}],
      [null, 'done', { seq: 2 }],
    ] as const;
    expect(watch(first, text(1, 0, 'ab'), text(1, 2, 'c'), second, done)).toBeNull();
    expect(watch(first, text(1, 0, 'ab'), text(2, 0, 'c'), second, done)).toBeNull();
    expect(watch(second)).toBe('event 2 came after 0');
    expect(watch(first, first)).toBe('event 1 came after 1');
    expect(watch(first, done)).toBe("'done' came with 2 after event 1");
    expect(watch(first, text(1, 0, 'ab'), text(1, 3, 'c'))).toBe('text of one came from 3, 2 was next');
    expect(watch(first, second, done, second)).toMatch(/^'step' came after 'done'/);
  });

  it('comes back after a refusal, and counts what it was told', async () => {
    let served = 0;
    await using server = await serve((_, response) => {
      served += 1;
      if (served === 1) response.writeHead(503, { 'retry-after': '0', 'content-length': 0 }).end();
      else if (served === 2) response.writeHead(429, { 'content-length': 0 }).end();
      else response.writeHead(202, { 'content-length': 0 }).end();
    });
    const connections = new Connections(server.port, 1);
    const submit = (tries: number): Promise<Insisted> =>
      new Promise((resolve) =>
        insist(connections, requestText('POST', '/', { body: {} }), { intendedAt: performance.now(), tries }, resolve),
      );
    expect(await submit(2)).toMatchObject({
      kind: 'gave-up',
      refusals: [
        { status: 503, retryAfterSeconds: 0 },
        { status: 429, retryAfterSeconds: null },
      ],
    });
    expect(await submit(2)).toMatchObject({ kind: 'accepted', refusals: [] });
    connections.close();
  });

  it('does not come back when that would be too late', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(503, { 'retry-after': '60', 'content-length': 0 }).end();
    });
    const connections = new Connections(server.port, 1);
    const intendedAt = performance.now();
    const how = await new Promise<Insisted>((resolve) =>
      insist(connections, requestText('POST', '/', {}), { intendedAt, tries: 2, until: intendedAt + 50_000 }, resolve),
    );
    expect(how).toMatchObject({ kind: 'gave-up', refusals: [{ status: 503, retryAfterSeconds: 60 }] });
    connections.close();
  });

  it('counts what became of submissions, and of returns after the end of the overload', () => {
    const refusal = (sentAt: number, retryAfterSeconds: number | null = 1) => ({
      status: 503,
      retryAfterSeconds,
      sentAt,
      answeredAt: sentAt + 2,
    });
    const overAt = 1_000;
    const tally = new Tally();
    tally.add({ kind: 'accepted', sentAt: 0, answeredAt: 5, refusals: [] }, overAt);
    tally.add({ kind: 'accepted', sentAt: 1_001, answeredAt: 1_006, refusals: [refusal(1)] }, overAt);
    tally.add({ kind: 'accepted', sentAt: 900, answeredAt: 1_001, refusals: [refusal(1), refusal(2)] }, overAt);
    tally.add({ kind: 'gave-up', refusals: [refusal(1), refusal(1_001, null)] }, overAt);
    tally.add({ kind: 'error', message: 'broke' }, overAt);
    expect(tally.result()).toMatchObject({
      acceptedAtOnce: 1,
      acceptedLater: 2,
      acceptedAtFirstReturn: 1,
      acceptedMeanwhile: 1,
      refused: 3,
      gaveUp: 1,
      errorCount: 1,
      errors: ['broke'],
      byStatus: { '429': 0, '503': 5 },
      withoutRetryAfter: 1,
      returnsAfter: 2,
      acceptedAfter: 1,
      acceptMs: { max: 101 },
      refuseMs: { max: 2 },
    });
  });

  it('keeps its schedule, and says how late each arrival was', async () => {
    const intended: number[] = [];
    const lags = await onSchedule({ perSecond: 1_000, count: 20 }, (at) => void intended.push(at));
    expect(intended.map((at) => Math.round(at - (intended[0] ?? 0)))).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(lags).toHaveLength(20);
    expect(Math.min(...lags)).toBeGreaterThanOrEqual(0);
  });
});
