import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createClient } from '../../../src/client.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
let calls = 0;
const twoSteps = defineWorkflow({
  name: 'two-steps',
  run: async ({ step }) => {
    await step.run('first', () => ++calls);
    return step.run('second', () => ++calls);
  },
});

let server: TestServer;
let ask: TestServer['ask'];
let id: string;
beforeAll(async () => {
  server = await openTestServer({ workflows: [twoSteps] });
  ask = await describedAsk(server);
  const run = await server.assembly.squadra.submit('two-steps', { input: null });
  await run.result();
  id = run.id;
});
afterAll(() => server[Symbol.asyncDispose]());

const fork = (body: unknown, of = id) => ask(`/executions/${of}/fork`, { body });

describe('POST /executions/{id}/fork', () => {
  it('does it again from the step on, and takes over what came before', async () => {
    const before = calls;
    const answer = await fork({ from: 'second' });
    const { id: forkId } = z.object({ id: z.string() }).parse(answer.body);
    expect(answer).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(answer.headers.get('location')).toBe(`/api/v1/executions/${forkId}`);
    await server.assembly.squadra.run(forkId).result();
    expect(calls).toBe(before + 1);
    const { metadata, steps } = await createClient({ url: server.url }).executions.get(forkId);
    expect(metadata).toMatchObject({ forkedFrom: { executionId: id, step: 'second' } });
    expect(steps.map(({ key, forkedFrom }) => [key, forkedFrom])).toEqual([
      ['first', id],
      ['second', null],
    ]);
  });

  it('is there for the client', async () => {
    const { id: forkId, status } = await createClient({ url: server.url }).executions.fork(id, { from: 'first' });
    expect([forkId === id, status]).toEqual([false, 'queued']);
  });

  it.each([
    ['a step it does not have', { from: 'third' }],
    ['no step', {}],
    ['members of no squad', { from: 'second', set: { tester: { model: 'gpt-5' } } }],
    ['a setting that members do not have', { from: 'second', set: { tester: { shoes: 'red' } } }],
    ['a field that it does not have', { from: 'second', into: 'x' }],
  ])('refuses %s as bad input', async (_, body) => {
    expect(await fork(body)).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
  });

  it('knows no execution that is not there', async () => {
    expect(await fork({ from: 'first' }, unknownId)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});
