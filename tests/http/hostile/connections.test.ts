import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';
import { headOf, openWire } from './wire.ts';
import type { Wire } from './wire.ts';

const mebibyte = 1024 * 1024;
const submit = '/api/v1/executions';
const json = 'Content-Type: application/json';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ settings: { requestTimeout: '1s', logLevel: 'silent' } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Answers of `/health` while something goes on: how long the slowest took. */
async function slowestHealth(during: Promise<unknown>): Promise<number> {
  let isOver = false;
  let slowest = 0;
  const over = during.finally(() => (isOver = true));
  do {
    const since = performance.now();
    expect((await server.ask('/health')).status).toBe(200);
    slowest = Math.max(slowest, performance.now() - since);
  } while (!isOver);
  await over;
  return slowest;
}

async function talk(...parts: readonly (string | Uint8Array)[]): Promise<Wire> {
  const wire = await openWire(server.url);
  wire.send(...parts);
  return wire;
}

const head = (line: string, ...headers: readonly string[]): string => headOf(server.url, line, headers);
const health = (...headers: readonly string[]): string => head('GET /health HTTP/1.1', ...headers);
const last = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const executions = async (): Promise<number> => (await server.assembly.squadra.list({ limit: 200 })).items.length;

/** A problem as every other, though no route answered. */
function expectProblem({ text }: Wire, status: number, code: string): void {
  const [headers = '', body = ''] = text.split('\r\n\r\n');
  expect(headers).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  for (const name of ['content-security-policy', 'x-content-type-options', 'x-request-id'])
    expect(headers.toLowerCase()).toContain(`${name}: `);
  expect(headers).toMatch(/content-type: application\/problem\+json/i);
  expect(JSON.parse(body)).toMatchObject({ status, code, requestId: expect.any(String) as string });
}

describe('who drips', () => {
  it('headers is told 408 and cut off, a hundred at once, while others are answered within a second', async () => {
    const wires = await Promise.all(
      Array.from({ length: 100 }, () => talk('GET /health HTTP/1.1\r\nHost: localhost\r\n')),
    );
    const drip = setInterval(() => {
      for (const { socket } of wires) if (socket.writable) socket.write('X-A: b\r\n');
    }, 100);
    try {
      expect(await slowestHealth(Promise.all(wires.map(({ closed }) => closed)))).toBeLessThan(1_000);
    } finally {
      clearInterval(drip);
    }
    for (const wire of wires) {
      expectProblem(wire, 408, 'REQUEST_TIMEOUT');
      wire[Symbol.dispose]();
    }
  });

  it('a body is told 408 and cut off', async () => {
    using wire = await talk(head(`POST ${submit} HTTP/1.1`, json, 'Content-Length: 100000'));
    const drip = setInterval(() => wire.socket.writable && wire.socket.write(' '), 100);
    try {
      await wire.closed;
    } finally {
      clearInterval(drip);
    }
    expect(wire.statuses).toEqual([408]);
  });

  it('nothing at all is cut off', async () => {
    using wire = await talk();
    await wire.closed;
    expect(wire.statuses.length).toBeLessThanOrEqual(1);
  });
});

describe('who hangs up half-way', () => {
  it('is still answered when only its own side is closed', async () => {
    using wire = await talk(last);
    wire.socket.end();
    await wire.closed;
    expect(wire.statuses).toEqual([200]);
  });

  it('in the middle of a body leaves nothing behind', async () => {
    const before = await executions();
    for (const way of ['end', 'destroy', 'resetAndDestroy'] as const) {
      using wire = await talk(head(`POST ${submit} HTTP/1.1`, json, 'Content-Length: 100'), '{"message":"x"');
      wire.socket[way]();
      await wire.closed;
      expect(wire.statuses.filter((status) => status < 400)).toEqual([]);
    }
    expect(await executions()).toBe(before);
  });
});

describe('what is too large', () => {
  it('of a body is refused by its announcement, before it has come, and by its length without one', async () => {
    using announced = await talk(head(`POST ${submit} HTTP/1.1`, json, `Content-Length: ${64 * mebibyte}`));
    await announced.until(/PAYLOAD_TOO_LARGE/);
    expect(announced.statuses).toEqual([413]);
    const memory = process.memoryUsage().rss;
    const piece = Buffer.alloc(mebibyte, 'x');
    using sent = await talk(head(`POST ${submit} HTTP/1.1`, json, 'Transfer-Encoding: chunked'));
    const sending = (async () => {
      for (let pieces = 0; pieces < 64 && sent.socket.writable; pieces++) {
        sent.send(`${mebibyte.toString(16)}\r\n`, piece, '\r\n');
        if (sent.socket.writableNeedDrain)
          await Promise.race([once(sent.socket, 'drain').catch(() => {}), sent.closed]);
      }
    })();
    expect(await slowestHealth(Promise.race([sending, sent.closed]))).toBeLessThan(1_000);
    await sent.until(/^HTTP\/1\.1 413/);
    expect(process.memoryUsage().rss - memory).toBeLessThan(128 * mebibyte);
    expect((await server.ask('/health')).status).toBe(200);
  });

  it('of headers is refused as a problem', async () => {
    for (const bomb of [
      health(`X-Bomb: ${'x'.repeat(20_000)}`),
      health(...Array.from({ length: 2_000 }, (_, n) => `X-${n}: ${'y'.repeat(20)}`)),
      head(`GET /${'x'.repeat(20_000)} HTTP/1.1`),
    ]) {
      using wire = await talk(bomb);
      await wire.closed;
      expect(wire.statuses).toEqual([431]);
      expectProblem(wire, 431, 'HEADERS_TOO_LARGE');
    }
  });
});

describe('what is no request', () => {
  it.each<[string, string | Uint8Array]>([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['bytes', Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10])],
    ['the beginning of TLS', Buffer.from('16030100a5010000a10303', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a NUL in a header', 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n'],
    ['a bare line feed in a header', 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\rb\r\n\r\n'],
    ['a space before the colon', 'GET /health HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['a folded header', 'GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n'],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n'],
    ['the same host twice', 'GET /health HTTP/1.1\r\nHost: localhost\r\nHOST: localhost\r\n\r\n'],
    ['two lengths', `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a list of lengths', `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2, 2\r\n\r\n{}`],
    ['a negative length', `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}`],
    ['a length with a sign', `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: +2\r\n\r\n{}`],
    ['a length in hex', `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x2\r\n\r\n{}`],
    [
      'a length and chunks',
      `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'chunks that are not last',
      `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a broken chunk',
      `POST ${submit} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    ],
  ])('such as %s, is answered with a problem, or not at all, and ends the connection', async (_, bytes) => {
    const before = await executions();
    // What is smuggled behind it must not be answered.
    using wire = await talk(bytes, last);
    await wire.closed;
    expect(wire.statuses.length).toBeLessThanOrEqual(1);
    expect(wire.statuses.every((status) => status >= 400 && status < 500)).toBe(true);
    expect(await executions()).toBe(before);
  });

  it('behind a request does not touch the answer to that', async () => {
    using wire = await talk(health(), 'nonsense\r\n\r\n', last);
    await wire.closed;
    expect(wire.statuses.length).toBeLessThanOrEqual(2);
    expect(wire.statuses.slice(1).every((status) => status === 400)).toBe(true);
  });

  it('behind the request for a stream does not get into the stream', async () => {
    using wire = await talk(head('GET /api/v1/events HTTP/1.1'));
    await wire.until(/retry: \d+/);
    wire.send('nonsense\r\n\r\n', last);
    await Promise.race([wire.closed, server.ask('/health')]);
    expect(wire.statuses).toEqual([200]);
    expect(wire.text).not.toContain('problem');
  });
});

describe('what is odd', () => {
  it.each([
    ['HTTP/1.0 with a host', `GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n`, 200],
    ['HTTP/1.0 without one', 'GET /health HTTP/1.0\r\n\r\n', 421],
    [
      'an address in absolute form',
      `GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      [200, 404],
    ],
    [
      'another host in absolute form',
      `GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      421,
    ],
    ['dots', 'GET /api/v1/../../health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
    [
      'dots out of the documentation',
      'GET /docs/static/../../../package.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      [400, 403, 404],
    ],
    [
      'written dots out of it',
      'GET /docs/static/..%2f..%2f..%2fpackage.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      [400, 403, 404],
    ],
    [
      'twice written dots',
      'GET /docs/static/..%252f..%252fpackage.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['two slashes', 'GET //evil.example/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
    ['another host', 'GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', 421],
    [
      'two hosts',
      'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      [200, 400, 421],
    ],
    ['a method nobody has', 'BREW /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [400, 404]],
    ['TRACE', 'TRACE /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 404],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', []],
    ['an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [400, 404]],
    [
      'an upgrade',
      'GET /health HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
      200,
    ],
  ])('%s gets one plain answer', async (_, bytes, expected) => {
    using wire = await talk(bytes);
    await wire.closed;
    expect(wire.statuses.length).toBeLessThanOrEqual(1);
    const allowed = typeof expected === 'number' ? [expected] : expected;
    expect(wire.statuses.filter((status) => !allowed.includes(status))).toEqual([]);
    expect(wire.text).not.toMatch(/"name": "squadra"|node_modules|\bat .*:\d+:\d+/);
  });
});

describe('many', () => {
  it('quick connections, ten thousand of them, leave nothing behind, and others are answered within a second', async () => {
    const before = openSockets();
    const { hostname, port } = new URL(server.url);
    const knock = async (number: number): Promise<void> => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      if (number % 3 === 0) socket.write('GET /hea');
      if (number % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    };
    const all = (async () => {
      for (let number = 0; number < 10_000; number += 100)
        await Promise.all(Array.from({ length: 100 }, (_, place) => knock(number + place)));
    })();
    expect(await slowestHealth(all)).toBeLessThan(1_000);
    await expect.poll(openSockets, { timeout: 20_000 }).toBeLessThan(before + 10);
  });
});

/** Both ends of all connections that are open in this process. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}
