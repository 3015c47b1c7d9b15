import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { modelFetch } from '../../src/agents/model-fetch.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of its own on a free port; tells its address. */
async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('sends what it is given, and answers as fetch does', async () => {
  const url = await serve((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      response.writeHead(418, 'Teapot', [
        ['content-type', 'text/plain'],
        ['x-more', 'a'],
        ['x-more', 'b'],
      ]);
      response.end(
        `${request.method} ${request.url} ${String(request.headers['x-key'])} ${String(request.headers['content-length'])} ${body}`,
      );
    });
  });
  const answer = await modelFetch()(`${url}/chat?n=1`, { method: 'POST', headers: { 'x-key': 'k' }, body: 'żółw' });
  expect(answer).toMatchObject({ status: 418, statusText: 'Teapot', ok: false });
  expect(answer.headers.get('x-more')).toBe('a, b');
  expect(await answer.text()).toBe('POST /chat?n=1 k 7 żółw');
});

it('takes an answer without a body', async () => {
  const url = await serve((_request, response) => response.writeHead(204).end());
  const answer = await modelFetch()(url);
  expect([answer.status, answer.body]).toEqual([204, null]);
});

it('hands on the first piece at once, and those that come within a moment as one', async () => {
  let go: (text: string) => void = () => {};
  const url = await serve((_request, response) => {
    response.write('first ');
    go = (text) => void response.write(text);
  });
  const { body } = await modelFetch()(url);
  const reader = body?.getReader();
  const read = async (): Promise<string> => Buffer.from((await reader?.read())?.value ?? []).toString();
  expect(await read()).toBe('first ');
  // Whatever the network made of them: far fewer pieces come than were sent.
  const sent = Array.from({ length: 200 }, (_, n) => `${n} `);
  for (const text of sent) go(text);
  let [got, pieces] = ['', 0];
  for (; got.length < sent.join('').length; pieces++) got += await read();
  expect(got).toBe(sent.join(''));
  expect(pieces).toBeLessThan(20);
  await reader?.cancel();
});

it('hands on what had come when the answer breaks, and then says so', async () => {
  const url = await serve((_request, response) => {
    response.write('half');
    setImmediate(() => response.write(' of it', () => response.destroy()));
  });
  const { body } = await modelFetch()(url);
  const reader = body?.getReader();
  let text = '';
  const reading = (async () => {
    for (;;) text += Buffer.from((await reader?.read())?.value ?? []).toString();
  })();
  await expect(reading).rejects.toThrow('aborted');
  expect(text).toBe('half of it');
});

it('reads no more than somebody takes', async () => {
  let sent = 0;
  const [piece, total] = [Buffer.alloc(256 * 1024), 64 * 1024 * 1024];
  const url = await serve((_request, response) => {
    const send = (): void => {
      while (sent < total) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once('drain', send);
      }
      response.end();
    };
    send();
  });
  const { body } = await modelFetch()(url);
  const reader = body?.getReader();
  await reader?.read();
  await untilStill(() => sent);
  expect(sent).toBeLessThan(total / 2);
  let left = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
    left += part.value.byteLength;
  expect(sent).toBe(total);
  expect(left).toBeGreaterThan(total / 2);
});

/** Resolves when a figure has stayed the same for some turns of the loop and of the kernel. */
async function untilStill(figure: () => number): Promise<void> {
  for (let [last, same] = [-1, 0]; same < 200; same = figure() === last ? same + 1 : 0, last = figure())
    await new Promise((resolve) => setTimeout(resolve, 1));
}

it('rejects with the reason of an abort: before, while it waits for the head, and in the body', async () => {
  let asked: () => void = () => {};
  const arrived = new Promise<void>((resolve) => (asked = resolve));
  const url = await serve((request, response) => {
    if (request.url === '/body') response.write('some');
    else asked();
  });
  const reason = new Error('enough');
  await expect(modelFetch()(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const head = new AbortController();
  const waiting = modelFetch()(`${url}/head`, { signal: head.signal });
  await arrived;
  head.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const inside = new AbortController();
  const answer = await modelFetch()(`${url}/body`, { signal: inside.signal });
  const text = answer.text();
  inside.abort(reason);
  await expect(text).rejects.toThrow('aborted');
});

it('rejects as fetch does where nobody listens, saying why', async () => {
  const url = await serve(() => {});
  const closed = new URL(url);
  closed.port = '1';
  await expect(modelFetch()(closed)).rejects.toMatchObject({
    name: 'TypeError',
    message: 'fetch failed',
    cause: { message: expect.stringContaining('ECONNREFUSED') },
  });
});
