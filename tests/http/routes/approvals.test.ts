import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const release = defineWorkflow({
  name: 'release',
  input: z.object({ timeoutMs: z.number().exactOptional() }),
  run: ({ input, step }) =>
    step.approve('release', {
      title: 'Go ahead?',
      details: 'All of “it”',
      choices: ['yes', 'no'],
      ...(input.timeoutMs === undefined ? {} : { timeout: input.timeoutMs }),
    }),
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [release] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const approvalSchema = z.looseObject({ id: z.string(), executionId: z.string() });
const pageSchema = z.object({ items: z.array(approvalSchema), nextCursor: z.string().nullable() });
const list = async (query = '') => pageSchema.parse((await ask(`/approvals${query}`)).body);
const refused = (status: number, code: string) => ({ status, body: { code, status } });

/** An execution that has asked. */
async function asked(tenant = 'local'): Promise<{ readonly id: string; readonly executionId: string }> {
  const squadra = server.assembly.squadra.forTenant(tenant);
  const run = await squadra.submit('release', { input: {} });
  for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
  const [approval] = (await squadra.approvals.list({ executionId: run.id })).items;
  if (approval === undefined) throw new Error('It waits, so it has asked.');
  return { id: approval.id, executionId: run.id };
}
const resultOf = (executionId: string) => server.assembly.squadra.run(executionId).result();

describe('GET /approvals', () => {
  it('lists what is asked, newest first, page by page, and only of the tenant', async () => {
    const approvals = [await asked(), await asked(), await asked()].toReversed();
    const foreign = await asked('other');
    const ids = approvals.map(({ id }) => id);
    const first = await list('?status=pending&limit=2');
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const second = await list(`?status=pending&limit=2&cursor=${first.nextCursor}`);
    expect(second.items[0]?.id).toBe(ids[2]);
    expect((await list('?limit=200')).items.map(({ id }) => id)).not.toContain(foreign.id);
    const [{ id, executionId } = { id: '', executionId: '' }] = approvals;
    const question = { id, executionId, stepKey: 'release', title: 'Go ahead?', details: 'All of “it”' };
    const open = { choices: ['yes', 'no'], status: 'pending', choice: null, by: null, comment: null, text: null };
    expect(first.items[0]).toMatchObject({ ...question, ...open, answeredAt: null });
    expect(await list(`?executionId=${executionId}`)).toEqual({ items: [first.items[0]], nextCursor: null });
    expect((await ask(`/approvals/${id}`)).body).toEqual(first.items[0]);
  });

  it('lists by what became of the question', async () => {
    const answered = await asked();
    await ask(`/approvals/${answered.id}`, { body: { choice: 'yes' } });
    const cancelled = await asked();
    await ask(`/executions/${cancelled.executionId}/cancel`, { method: 'POST' });
    const ids = async (status: string) => (await list(`?status=${status}`)).items.map(({ id }) => id);
    expect(await ids('answered')).toContain(answered.id);
    expect(await ids('cancelled')).toContain(cancelled.id);
    expect(await ids('expired')).toEqual([]);
    expect(await ids('pending')).not.toContain(answered.id);
  });

  it.each([
    ['status=open', 'INVALID_INPUT'],
    ['status=', 'INVALID_INPUT'],
    ['executionId=x', 'INVALID_INPUT'],
    ['limit=0', 'INVALID_INPUT'],
    ['cursor=x', 'INVALID_CURSOR'],
    ['colour=red', 'INVALID_INPUT'],
  ])('refuses ?%s', async (query, code) => {
    expect(await ask(`/approvals?${query}`)).toMatchObject(refused(400, code));
  });
});

describe('POST /approvals/{id}', () => {
  it('answers, and tells who did, when, and what was shown', async () => {
    const { id, executionId } = await asked();
    const answer = await ask(`/approvals/${id}`, { body: { choice: 'yes', comment: 'Good “work”' } });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id,
        executionId,
        title: 'Go ahead?',
        details: 'All of “it”',
        choices: ['yes', 'no'],
        status: 'answered',
        choice: 'yes',
        by: 'local',
        comment: 'Good “work”',
        text: null,
        answeredAt: expect.stringMatching(/Z$/) as string,
      },
    });
    expect((await ask(`/approvals/${id}`)).body).toEqual(answer.body);
    expect(await resultOf(executionId)).toMatchObject({
      output: { choice: 'yes', by: 'local', comment: 'Good “work”' },
    });
  });

  it('refuses a second answer, whatever it is', async () => {
    const { id, executionId } = await asked();
    await ask(`/approvals/${id}`, { body: { choice: 'no' } });
    for (const choice of ['no', 'yes', 'maybe'])
      expect(await ask(`/approvals/${id}`, { body: { choice } })).toMatchObject(refused(409, 'ALREADY_ANSWERED'));
    expect(await resultOf(executionId)).toMatchObject({ output: { choice: 'no' } });
  });

  it('takes one of many simultaneous answers', async () => {
    const { id } = await asked();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, number) =>
        ask(`/approvals/${id}`, { body: { choice: number % 2 ? 'no' : 'yes' } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  it('takes an answer in words, alone or with a choice', async () => {
    const [one, two] = [await asked(), await asked()];
    expect(await ask(`/approvals/${one.id}`, { body: { text: 'In May.\nNot before.' } })).toMatchObject({
      status: 200,
      body: { choice: 'yes', text: 'In May.\nNot before.' },
    });
    expect(await ask(`/approvals/${two.id}`, { body: { choice: 'no', text: 'Never.' } })).toMatchObject({
      status: 200,
      body: { choice: 'no', text: 'Never.' },
    });
  });

  it.each<[string, unknown, string]>([
    ['a choice that is not offered', { choice: 'maybe' }, 'UNKNOWN_CHOICE'],
    ['an empty choice', { choice: '' }, 'UNKNOWN_CHOICE'],
    ['no choice', {}, 'INVALID_INPUT'],
    ['a comment alone', { comment: 'x' }, 'INVALID_INPUT'],
    ['a choice that is no text', { choice: true }, 'INVALID_INPUT'],
    ['an unknown field', { choice: 'yes', by: 'somebody else' }, 'INVALID_INPUT'],
    ['nothing', '', 'INVALID_INPUT'],
  ])('refuses %s, and still waits', async (_, body, code) => {
    const { id } = await asked();
    expect(await ask(`/approvals/${id}`, { body })).toMatchObject(refused(400, code));
    expect((await ask(`/approvals/${id}`)).body).toMatchObject({ status: 'pending' });
  });

  it('refuses a comment that is too long', async () => {
    const { id } = await asked();
    const body = { choice: 'yes', comment: 'x'.repeat(1024 * 1024) };
    expect(await ask(`/approvals/${id}`, { body })).toMatchObject(refused(413, 'PAYLOAD_TOO_LARGE'));
  });

  it('is 404 for what is unknown, malformed or foreign', async () => {
    const { id } = await asked('other');
    for (const body of [undefined, { choice: 'yes' }, { text: 'x' }]) {
      const answers = await Promise.all(
        [id, unknownId, 'x'].map((given) => ask(`/approvals/${given}`, body === undefined ? {} : { body })),
      );
      expect(answers[0]).toMatchObject(refused(404, 'NOT_FOUND'));
      const bodies = answers.map((answer) =>
        JSON.stringify([answer.status, { ...(answer.body as object), requestId: null }]),
      );
      expect(new Set(bodies).size).toBe(1);
    }
    expect(await server.assembly.squadra.forTenant('other').approvals.get(id)).toMatchObject({ status: 'pending' });
  });

  it('notes the name of the key that answered', async () => {
    await using keyed = await openTestServer({ workflows: [release] });
    const { access, squadra } = keyed.assembly;
    const { text: key } = await access.createKey('acme', {
      name: 'release desk',
      scopes: ['write'],
      expiresInMs: null,
    });
    const run = await squadra.forTenant('acme').submit('release', { input: {} });
    for await (const event of run.events()) if (event.event === 'status' && event.status === 'waiting') break;
    const [pending] = pageSchema.parse((await keyed.ask('/approvals?status=pending', { key })).body).items;
    const answer = await keyed.ask(`/approvals/${pending?.id}`, { key, body: { choice: 'yes' } });
    expect(answer).toMatchObject({ status: 200, body: { by: 'release desk' } });
  });
});
