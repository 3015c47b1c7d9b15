import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { NonRetryableError } from '../../../src/kernel/errors.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';

const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });
const gate = defineWorkflow({
  name: 'gate',
  input: z.object({ signal: z.string().default('go') }),
  run: async ({ input, step }) => {
    const waited = await step.waitFor(input.signal, { name: 'wait' });
    return waited.timedOut ? null : waited.payload;
  },
});
/** Fails the first time it is run; the times are counted by the test. */
const tries = new Map<string, number>();
const flaky = defineWorkflow({
  name: 'flaky',
  run: ({ execution, step }) =>
    step.run('try', () => {
      const times = (tries.get(execution.id) ?? 0) + 1;
      tries.set(execution.id, times);
      if (times === 1) throw new NonRetryableError('Not the first time.');
      return times;
    }),
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [echo, gate, flaky] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const act = (id: string, action: string, body?: unknown): Promise<Answer> =>
  ask(`/executions/${id}/${action}`, { method: 'POST', ...(body === undefined ? {} : { body }) });
const runOf = (id: string) => server.assembly.squadra.run(id);
const made = async (workflow: string, input: unknown = {}, start = true): Promise<string> => {
  const { body } = await ask('/executions', { body: { workflow, input, start } });
  return z.object({ id: z.string() }).parse(body).id;
};
const completed = async (): Promise<string> => {
  const id = await made('echo');
  await runOf(id).result();
  return id;
};
const failed = async (): Promise<string> => {
  const id = await made('flaky');
  await runOf(id).result();
  return id;
};
const cancelled = async (): Promise<string> => {
  const id = await made('echo', {}, false);
  await runOf(id).cancel();
  return id;
};
const refused = (status: number, code: string, more: object = {}) => ({ status, body: { code, status, ...more } });

describe('POST /executions/{id}/start', () => {
  it('starts what was created, and says so again afterwards', async () => {
    const id = await made('gate', {}, false);
    const self = `/api/v1/executions/${id}`;
    const links = { self, events: `${self}/events`, messages: `${self}/messages` };
    expect(await act(id, 'start')).toMatchObject({ status: 202, body: { id, status: 'queued', links } });
    expect(await act(id, 'start', {})).toMatchObject({ status: 200, body: { id } });
    await act(id, 'cancel');
  });

  it.each([
    ['completed', completed],
    ['failed', failed],
    ['cancelled', cancelled],
  ] as const)('refuses one that is %s', async (executionStatus, make) => {
    expect(await act(await make(), 'start')).toMatchObject(refused(409, 'ALREADY_ENDED', { executionStatus }));
  });
});

describe('POST /executions/{id}/cancel', () => {
  it('cancels for a reason, and says so again afterwards', async () => {
    const id = await made('gate');
    expect(await act(id, 'cancel', { reason: 'No longer wanted' })).toMatchObject({
      status: 202,
      body: { id, status: 'cancelled' },
    });
    expect(await act(id, 'cancel', { reason: 'Another one' })).toMatchObject({
      status: 200,
      body: { id, status: 'cancelled' },
    });
    expect((await ask(`/executions/${id}`)).body).toMatchObject({ status: 'cancelled', reason: 'No longer wanted' });
  });

  it('needs no body, and takes an empty one', async () => {
    for (const body of [undefined, '', {}, 'null'])
      expect((await act(await made('gate'), 'cancel', body)).status).toBe(202);
  });

  it.each([
    ['completed', completed],
    ['failed', failed],
  ] as const)('refuses one that is %s', async (executionStatus, make) => {
    expect(await act(await make(), 'cancel')).toMatchObject(refused(409, 'ALREADY_ENDED', { executionStatus }));
  });

  it('refuses what it does not know', async () => {
    const id = await made('gate', {}, false);
    for (const body of [{ because: 'x' }, { reason: 7 }, [], '"why"'])
      expect(await act(id, 'cancel', body)).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect((await ask(`/executions/${id}`)).body).toMatchObject({ status: 'created' });
  });
});

describe('POST /executions/{id}/retry', () => {
  it('goes on with what failed', async () => {
    const id = await failed();
    expect(await act(id, 'retry')).toMatchObject({ status: 202, body: { id, status: 'queued' } });
    expect(await runOf(id).result()).toEqual({ status: 'completed', output: 2 });
  });

  it.each([
    ['created', () => made('echo', {}, false)],
    ['completed', completed],
    ['cancelled', cancelled],
  ] as const)('refuses one that is %s', async (executionStatus, make) => {
    expect(await act(await make(), 'retry')).toMatchObject(refused(409, 'ILLEGAL_TRANSITION', { executionStatus }));
  });
});

describe('POST /executions/{id}/signals/{name}', () => {
  it.each<[string, unknown, unknown]>([
    ['an object', { version: 2 }, { version: 2 }],
    ['a list', '[1,2]', [1, 2]],
    ['text', '"now"', 'now'],
    ['a number', '0', 0],
    ['false', 'false', false],
    ['null', 'null', null],
    ['nothing', undefined, null],
    ['an empty body', '', null],
  ])('takes %s as its payload', async (_, body, payload) => {
    const id = await made('gate');
    expect(await act(id, 'signals/go', body)).toMatchObject({ status: 202, body: { id } });
    expect(await runOf(id).result()).toEqual({ status: 'completed', output: payload });
  });

  it('keeps it for a wait that is not reached yet', async () => {
    const id = await made('gate', {}, false);
    expect(await act(id, 'signals/go', { early: true })).toMatchObject({ status: 202, body: { status: 'created' } });
    await act(id, 'start');
    expect(await runOf(id).result()).toEqual({ status: 'completed', output: { early: true } });
  });

  it.each(['a/b', '100 %', 'ü “x”', '?a=b#c', '+', '%2F', '-', 'x'.repeat(200)])(
    'takes the name %s',
    async (signal) => {
      const id = await made('gate', { signal });
      expect((await act(id, `signals/${encodeURIComponent(signal)}`, { of: signal })).status).toBe(202);
      expect(await runOf(id).result()).toEqual({ status: 'completed', output: { of: signal } });
    },
  );

  it.each([
    ['is too long', 'x'.repeat(201)],
    ['is far too long', 'x'.repeat(8_000)],
    ['is that of an approval', 'approval%3Arelease'],
  ])('refuses a name that %s', async (_, name) => {
    const id = await made('gate', {}, false);
    const answer = await server.ask(`/executions/${id}/signals/${name}`, { method: 'POST' });
    expect(answer).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.text.length).toBeLessThan(9_000);
  });

  it('finds nothing at an address that cannot be decoded', async () => {
    const id = await made('gate', {}, false);
    const answer = await server.ask(`/executions/${id}/signals/%E0%A4`, { method: 'POST' });
    expect(answer).toMatchObject(refused(404, 'NOT_FOUND'));
  });

  it('refuses what has ended, what is no JSON, and what is too much', async () => {
    expect(await act(await completed(), 'signals/go')).toMatchObject(
      refused(409, 'ALREADY_ENDED', { executionStatus: 'completed' }),
    );
    const id = await made('gate', {}, false);
    expect(await act(id, 'signals/go', '{"a":')).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await act(id, 'signals/go', `${'['.repeat(501)}${']'.repeat(501)}`)).toMatchObject(
      refused(400, 'INVALID_INPUT'),
    );
    expect(await act(id, 'signals/go', JSON.stringify('x'.repeat(1024 * 1024)))).toMatchObject(
      refused(413, 'PAYLOAD_TOO_LARGE'),
    );
    const headers = { 'content-type': 'text/plain' };
    expect(await ask(`/executions/${id}/signals/go`, { body: 'x', headers })).toMatchObject(
      refused(415, 'UNSUPPORTED_MEDIA_TYPE'),
    );
  });

  it('takes a payload that nests 500 levels, with brackets in its texts', async () => {
    const id = await made('gate');
    const payload = `${'['.repeat(500)}"${'[{\\"\\\\'.repeat(500)}"${']'.repeat(500)}`;
    expect((await act(id, 'signals/go', payload)).status).toBe(202);
    expect(await runOf(id).result()).toEqual({ status: 'completed', output: JSON.parse(payload) as unknown });
  });
});

describe('what is done to an execution', () => {
  it.each(['start', 'cancel', 'retry', 'signals/go'])(
    'is 404 for %s of what is unknown, malformed or foreign',
    async (action) => {
      const foreign = server.assembly.squadra.forTenant('other');
      const { id } = await foreign.submit('echo', { input: 1, start: false });
      const answers = await Promise.all([id, unknownId, 'x', id.toUpperCase()].map((given) => act(given, action)));
      const comparable = answers.map(({ status, body }) =>
        JSON.stringify([status, { ...(body as object), requestId: null }]),
      );
      expect(answers[0]).toMatchObject(refused(404, 'NOT_FOUND'));
      expect(new Set(comparable).size).toBe(1);
      expect((await foreign.run(id).get()).status).toBe('created');
    },
  );
});
