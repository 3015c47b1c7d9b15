import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settle } from '../../../src/testing/test-clock.ts';
import { failureOf } from '../asking.ts';
import { callTool } from './calling.ts';
import { HttpEverything, type LogLine, openToolbox, toolOf } from './mcp-running.ts';

describe('a real MCP server over HTTP', () => {
  it('offers its tools and answers', async () => {
    const server = await HttpEverything.open();
    const toolbox = await openToolbox({ everything: { url: server.url } });
    const echo = await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => callTool(echo, { message: String(index) })),
    );
    expect(answers).toEqual(Array.from({ length: 10 }, (_, index) => `Echo: ${index}`));
    expect(toolbox.servers()).toEqual([
      { name: 'everything', transport: 'http', connected: true, pid: null, calls: 0, connections: 1 },
    ]);
  });

  it('that is killed in the middle of a call fails it as one that may be tried again, and is connected to for the next', async () => {
    const server = await HttpEverything.open();
    const toolbox = await openToolbox({ everything: { url: server.url } });
    const long = await toolOf(toolbox, 'mcp:everything', 'everything__trigger-long-running-operation');
    const echo = await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    const failure = failureOf(callTool(long, { duration: 60, steps: 1 }));
    // The answer to a later call shows that the server has read the earlier one.
    await callTool(echo, { message: 'first' });
    await server.kill();
    expect(await failure).toMatchObject({ code: 'TOOL_UNAVAILABLE', retryable: true, details: { mayHaveRun: true } });
    expect(await failureOf(callTool(echo, { message: 'nobody' }))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      details: { mayHaveRun: false },
    });
    await server.start();
    expect(await callTool(echo, { message: 'again' })).toBe('Echo: again');
    expect(toolbox.servers()).toMatchObject([{ connections: 2 }]);
  });

  it('that was started again between two calls has forgotten us, and the next attempt is answered', async () => {
    const server = await HttpEverything.open();
    const toolbox = await openToolbox({ everything: { url: server.url } });
    const echo = await toolOf(toolbox, 'mcp:everything', 'everything__echo');
    await server.kill();
    await server.start();
    expect(await failureOf(callTool(echo, { message: 'who?' }))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      details: { mayHaveRun: false },
    });
    expect(await callTool(echo, { message: 'again' })).toBe('Echo: again');
  });

  it('that is too slow is a time-out, and one that still answers otherwise is kept', async () => {
    const server = await HttpEverything.open();
    const toolbox = await openToolbox({ everything: { url: server.url, timeout: '300ms' } });
    const long = await toolOf(toolbox, 'mcp:everything', 'everything__trigger-long-running-operation');
    expect(await failureOf(callTool(long, { duration: 60, steps: 1 }))).toMatchObject({ code: 'TOOL_TIMEOUT' });
    expect(toolbox.servers()).toMatchObject([{ connected: true, connections: 1 }]);
  });
});

/** A server that answers every request the same way, and what it was sent. */
async function answering(
  status: number,
  body: string | null,
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    if (body !== null) response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, requests };
}

describe('a server over HTTP', () => {
  const secret = 'very-secret-key-123';
  const headers = { authorization: `Bearer ${secret}` };

  it.each([401, 403])('that answers %i is not tried again, and shows no key', async (status) => {
    const { url, requests } = await answering(status, `{"error": "bad key ${secret}"}`);
    const log: LogLine[] = [];
    const toolbox = await openToolbox({ shop: { url, headers } }, { log });
    const error = await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:shop'] }));
    expect(error).toMatchObject({
      name: 'NonRetryableError',
      message: expect.stringContaining(`answered ${status}: check the headers`),
    });
    expect(requests[0]?.headers.authorization).toBe(`Bearer ${secret}`);
    expect(inspect([error, log], { depth: 20, showHidden: true })).not.toContain('very-secret');
  });

  it.each([
    ['500', 500, 'broken'],
    ['something else than JSON', 200, '<html>'],
  ])('that answers %s is unavailable', async (_, status, body) => {
    const { url } = await answering(status, body);
    const toolbox = await openToolbox({ shop: { url } });
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:shop'] }))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
    });
  });

  it('that answers nothing is a time-out, and keeps nobody from leaving', async () => {
    const { url } = await answering(200, null);
    const toolbox = await openToolbox({ shop: { url, startTimeout: '200ms' } });
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:shop'] }))).toMatchObject({
      code: 'TOOL_TIMEOUT',
    });
    const patient = await openToolbox({ shop: { url } });
    const waiting = failureOf(patient.toolsOf({ name: 'Tess', tools: ['mcp:shop'] }));
    await settle();
    await patient[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ name: 'SquadraError' });
  });

  it('that answers without an end is not collected', async () => {
    const { url } = await answering(200, `"${'x'.repeat(11 * 1024 * 1024)}"`);
    const toolbox = await openToolbox({ shop: { url } });
    expect(await failureOf(toolbox.toolsOf({ name: 'Tess', tools: ['mcp:shop'] }))).toMatchObject({
      code: 'TOOL_UNAVAILABLE',
      message: expect.stringContaining('more than 10485760 bytes'),
    });
  });
});
