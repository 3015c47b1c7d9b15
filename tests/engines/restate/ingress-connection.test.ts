import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createOldServer } from 'node:http';
import { createServer } from 'node:http2';
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { IngressConnection } from '../../../src/engines/restate/ingress-connection.ts';
import { RestateIngress } from '../../../src/engines/restate/restate-ingress.ts';

/** A node of the test's own, with what reached it. */
interface Node {
  readonly url: string;
  readonly sessions: ServerHttp2Session[];
  readonly paths: string[];
  readonly server: Http2Server;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function node(answer: (stream: ServerHttp2Stream, path: string) => void): Promise<Node> {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  const paths: string[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    paths.push(path);
    stream.on('error', () => {}); // the client gave it up
    stream.resume();
    answer(stream, path);
  });
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: await listening(server), sessions, paths, server };
}

const accept = (stream: ServerHttp2Stream): void => {
  stream.respond({ ':status': 202 });
  stream.end('{}');
};

describe('the connection to a node of Restate', () => {
  it('carries a thousand requests side by side on one connection', async () => {
    const far = await node(accept);
    using connection = new IngressConnection(far.url);
    const paths = Array.from({ length: 1_000 }, (_, place) => `/at/${place}`);
    await Promise.all(paths.map((path) => connection.post(path, { 'idempotency-key': path }, '{}')));
    expect(far.sessions).toHaveLength(1);
    expect(new Set(far.paths)).toEqual(new Set(paths));
  });

  it('is opened again after the node ended it, and what is under way is still answered', async () => {
    const streams: ServerHttp2Stream[] = [];
    const far = await node((stream, path) => (path === '/slow' ? void streams.push(stream) : accept(stream)));
    using connection = new IngressConnection(far.url);
    const slow = connection.post('/slow', {}, '{}');
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    far.sessions[0]?.goaway();
    await vi.waitFor(async () => {
      await connection.post('/next', {}, '{}');
      expect(far.sessions).toHaveLength(2);
    });
    for (const stream of streams) accept(stream);
    await slow;
  });

  it('tells each request of a connection that is lost', async () => {
    const far = await node(() => {});
    using connection = new IngressConnection(far.url);
    const posts = ['/a', '/b'].map((path) => connection.post(path, {}, '{}'));
    const ends = Promise.allSettled(posts);
    await vi.waitFor(() => expect(far.paths).toHaveLength(2));
    far.sessions[0]?.destroy();
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('says what the node answered that does not take it', async () => {
    const far = await node((stream) => {
      stream.respond({ ':status': 404 });
      stream.end(`no such service ${'x'.repeat(2_000)}`);
    });
    using connection = new IngressConnection(far.url);
    await expect(connection.post('/at', {}, '{}')).rejects.toThrow(
      /^127\.0\.0\.1:\d+ answered 404 no such service x{484}$/,
    );
  });

  it('is refused by what speaks HTTP/1.1 only, and by nobody', async () => {
    const old = createOldServer((_request, response) => response.end());
    onTestFinished(() => void old.close());
    const url = await listening(old);
    using connection = new IngressConnection(url);
    await expect(connection.post('/at', {}, '{}')).rejects.toThrow('Protocol error');
    old.closeAllConnections();
    await new Promise((resolve) => old.close(resolve));
    await expect(connection.post('/at', {}, '{}')).rejects.toThrow('ECONNREFUSED');
  });
});

it('keeps no process alive while it is idle, and takes nothing more when it is closed', async () => {
  const far = await node(accept);
  const script = `
    const { IngressConnection } = await import(process.argv[1]);
    const connection = new IngressConnection(process.argv[2]);
    await connection.post('/one', {}, '{}');
    await connection.post('/two', {}, '{}');
    const late = new IngressConnection(process.argv[2]);
    await late.post('/three', {}, '{}');
    late[Symbol.dispose]();
    await late.post('/four', {}, '{}').catch((error) => console.log(error.message));
    process.on('exit', () => console.log('ended by itself'));`;
  const file = new URL('../../../src/engines/restate/ingress-connection.ts', import.meta.url).href;
  const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, file, far.url]);
  const { stdout } = await child;
  expect(stdout).toMatch(/^The connection to 127\.0\.0\.1:\d+ is closed\.\nended by itself\n$/);
  expect(far.paths).toEqual(['/one', '/two', '/three']);
});

describe('several nodes of Restate', () => {
  it('are asked in turn from the one that answered last, and one that is silent is left within seconds', async () => {
    const silent = await node(() => {});
    const well = await node(accept);
    using ingress = new RestateIngress({ restateIngressUrl: [silent.url, well.url] });
    const hand = (id: string): Promise<void> => ingress.hand({ tenant: 't', id, priority: 0, key: id });
    await hand('first');
    await hand('second');
    expect([silent.paths.length, well.paths.length]).toEqual([1, 2]);
  });
});
