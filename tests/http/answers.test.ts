import { expect, it } from 'vitest';
import { AnswerSchemas, describedAsk, readApiDocument } from '../support/answer-schema.ts';
import { openTestServer } from '../support/http-server.ts';

it('answers as it describes itself', async () => {
  await using server = await openTestServer();
  const ask = await describedAsk(server);
  expect((await ask('/health')).status).toBe(200);
  expect((await ask('/executions', { body: { message: 'Hello.', start: false } })).status).toBe(202);
  expect((await ask('/executions', { body: { colour: 'red' } })).status).toBe(400);
  expect((await ask('/nowhere')).status).toBe(404);
});

it('would notice an answer that is not as described', async () => {
  await using server = await openTestServer();
  const schemas = new AnswerSchemas(await readApiDocument(server));
  const answer = await server.ask('/executions', { body: { message: 'Hello.', start: false } });
  const faults = (changes: object) => schemas.faults('POST', '/executions', { ...answer, ...changes }).join('\n');
  expect(faults({})).toBe('');
  expect(faults({ body: { ...(answer.body as object), secret: 1 } })).toContain('additional properties');
  expect(faults({ body: { status: 'queued' } })).toContain("required property 'id'");
  expect(faults({ body: { ...(answer.body as object), id: 'x' } })).toContain('/id');
  expect(faults({ status: 418 })).toContain('418: the status is not described');
  expect(faults({ headers: new Headers({ 'content-type': 'text/html' }) })).toContain("content type 'text/html'");
  expect(schemas.faults('GET', '/nowhere', answer).join('\n')).toContain("required property 'type'");
});
