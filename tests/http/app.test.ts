import { expect, it } from 'vitest';
import { openTestServer } from '../support/http-server.ts';

it('lives, is ready, and describes itself', async () => {
  await using server = await openTestServer();
  expect(await server.ask('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect(await server.ask('/ready')).toMatchObject({ status: 200, body: { status: 'ready', gate: { isOpen: true } } });
  expect(await server.ask('/openapi.json')).toMatchObject({ status: 200, body: { openapi: '3.1.1' } });
  expect((await server.ask('/docs/')).status).toBe(200);
});
