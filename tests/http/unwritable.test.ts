import { expect, it } from 'vitest';
import { openTestServer } from '../support/http-server.ts';

it('is not ready while its state cannot be written, and ready again when it can', async () => {
  let isFull = true;
  await using server = await openTestServer();
  const { check } = server.assembly.writability;
  server.assembly.writability.check = async () => !isFull && check.call(server.assembly.writability);
  expect(await server.ask('/ready')).toMatchObject({ status: 503, body: { status: 'unwritable' } });
  expect(await server.ask('/health')).toMatchObject({ status: 200 });
  isFull = false;
  expect(await server.ask('/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
});
