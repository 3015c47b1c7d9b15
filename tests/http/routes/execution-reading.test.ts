import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });
const fails = defineWorkflow({
  name: 'fails',
  run: ({ step }) =>
    step.run('break', () => Promise.reject(new RangeError('Too far.', { cause: new Error('Nobody looked.') })), {
      retries: 1,
      backoff: { initial: 0, max: 0 },
    }),
});
const steps = defineWorkflow({
  name: 'steps',
  input: z.object({ count: z.number(), length: z.number() }),
  run: async ({ input, step }) => {
    for (let number = 1; number <= input.count; number++) await step.run(`s${number}`, () => 'x'.repeat(input.length));
  },
});
const talk = defineWorkflow({
  name: 'talk',
  input: z.object({ message: z.string(), rounds: z.number() }),
  run: async ({ input, squad }) => {
    for (let round = 1; round <= input.rounds; round++)
      await squad.ask('tester', `${input.message} ${round}`, { name: `round-${round}` });
  },
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [echo, fails, steps, talk] });
  await server.assembly.squadra.squads.create({ name: 'plain', members: [{ role: 'tester', tools: [] }] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const idSchema = z.object({ id: z.string() });
const pageSchema = z.object({ items: z.array(z.looseObject({ id: z.string() })), nextCursor: z.string().nullable() });
const submit = async (body: object): Promise<string> => idSchema.parse((await ask('/executions', { body })).body).id;
const run = async (workflow: string, input: unknown, more: object = {}): Promise<string> => {
  const id = await submit({ workflow, input, ...more });
  await server.assembly.squadra.run(id).result();
  return id;
};
const page = async (query: string) => pageSchema.parse((await ask(`/executions${query}`)).body);
const refused = (status: number, code: string) => ({ status, body: { code, status } });

describe('GET /executions/{id}', () => {
  it('tells what became of it', async () => {
    const id = await run('echo', { a: 1 }, { priority: 5, metadata: { b: 2 } });
    const answer = await ask(`/executions/${id}`);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    const { version } = z.object({ version: z.int() }).parse(answer.body);
    expect(answer.headers.get('etag')).toBe(`"${version}"`);
    const none = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0 };
    expect(answer.body).toMatchObject({
      id,
      status: 'completed',
      workflow: 'echo',
      squadId: null,
      input: { a: 1 },
      output: { a: 1 },
      error: null,
      steps: [
        {
          key: 'echo',
          type: 'run',
          status: 'completed',
          attempts: 1,
          output: { a: 1 },
          startedAt: time,
          endedAt: time,
        },
      ],
      items: [],
      usage: { ...none, costMicroUsd: 0, modelCalls: 0, estimatedCalls: 0, unpricedCalls: 0 },
      costMicroUsd: 0,
      omitted: { steps: [], items: [], moreItems: false },
      priority: 5,
      metadata: { b: 2 },
      createdAt: time,
      startedAt: time,
      endedAt: time,
    });
  });

  it('tells what failed, with its cause, and each attempt', async () => {
    const error = { name: 'RangeError', message: 'Too far.', cause: { message: 'Nobody looked.' } };
    expect((await ask(`/executions/${await run('fails', 1)}`)).body).toMatchObject({
      status: 'failed',
      output: null,
      error,
      steps: [
        {
          key: 'break',
          status: 'failed',
          attempts: 2,
          error,
          failures: [
            { attempt: 1, error },
            { attempt: 2, error },
          ],
        },
      ],
    });
  });

  it('has items and usage of the members that were asked', async () => {
    const id = await run('talk', { message: 'Look', rounds: 2 }, { squad: 'plain' });
    const [tester] = (await server.assembly.squadra.squads.get('plain')).members;
    const memberId = tester?.id;
    expect((await ask(`/executions/${id}`)).body).toMatchObject({
      items: [1, 2].map((round) => ({ executionId: id, memberId, stepKey: `round-${round}`, status: 'completed' })),
      usage: { modelCalls: 2 },
      steps: [{ key: 'round-1/model/1', type: 'model' }, { key: 'round-2/model/1' }],
    });
  });

  it('has all steps of a long one', async () => {
    const id = await run('steps', { count: 450, length: 1 });
    const { steps: shown } = z
      .object({ steps: z.array(z.looseObject({ key: z.string() })) })
      .parse((await ask(`/executions/${id}`)).body);
    expect(shown.map(({ key }) => key)).toEqual(Array.from({ length: 450 }, (_, number) => `s${number + 1}`));
  });

  it('names the steps whose outputs are too much together, and leaves those out', async () => {
    const id = await run('steps', { count: 7, length: 700_000 });
    const { body, text } = await ask(`/executions/${id}`);
    expect(text.length).toBeLessThan(5 * 1024 * 1024);
    expect(body).toMatchObject({
      steps: { 4: { key: 's5', status: 'completed' }, 6: { key: 's7', status: 'completed', output: null } },
      omitted: { steps: ['s6', 's7'], items: [], moreItems: false },
    });
  });

  it('is 404 for what is unknown, malformed or foreign', async () => {
    const { id } = await server.assembly.squadra.forTenant('other').submit('echo', { input: 1 });
    for (const below of ['', '/messages']) {
      const answers = await Promise.all(
        [id, unknownId, 'x', '%00'].map((given) => ask(`/executions/${given}${below}`)),
      );
      expect(answers[0]).toMatchObject(refused(404, 'NOT_FOUND'));
      const bodies = answers.map(({ status, body }) =>
        JSON.stringify([status, { ...(body as object), requestId: null }]),
      );
      expect(new Set(bodies).size).toBe(1);
    }
  });
});

describe('GET /executions', () => {
  it('lists the newest first, page by page, and only those of the tenant', async () => {
    const { squadra } = server.assembly;
    const squad = await squadra.squads.create({ name: 'pages', members: [{ role: 'tester' }] });
    await squadra.forTenant('other').submit('echo', { input: 1, start: false });
    const made: string[] = [];
    for (let number = 0; number < 5; number++)
      made.unshift(await submit({ workflow: 'echo', input: number, squad: 'pages', start: false }));
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { items, nextCursor }: z.output<typeof pageSchema> = await page(
        `?squad=pages&limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      pages.push(items.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(pages).toEqual([made.slice(0, 2), made.slice(2, 4), made.slice(4)]);
    expect((await page(`?squad=${squad.id}&limit=5`)).nextCursor).toBeNull();
    expect((await page('?limit=200')).items.map(({ id }) => id)).toEqual(expect.arrayContaining(made));
  });

  it('lists by status, workflow and time', async () => {
    const before = new Date(server.assembly.clock.now() - 1).toISOString();
    const created = await submit({ workflow: 'steps', input: { count: 0, length: 0 }, start: false });
    const failed = await run('fails', 1);
    const ids = async (query: string) => (await page(query)).items.map(({ id }) => id);
    expect(await ids('?status=created&workflow=steps')).toEqual([created]);
    expect(await ids(`?status=failed&createdAfter=${encodeURIComponent(before)}`)).toEqual([failed]);
    expect(await ids(`?createdAfter=${encodeURIComponent('2999-01-01T00:00:00+02:00')}`)).toEqual([]);
    expect(await ids('?status=cancelled')).toEqual([]);
  });

  it('has nothing of a template that was never used, and does not make it by asking', async () => {
    await using fresh = await openTestServer();
    expect((await fresh.ask('/executions?squad=software')).body).toEqual({ items: [], nextCursor: null });
    expect((await fresh.assembly.squadra.squads.list()).items).toEqual([]);
  });

  it.each([
    ['status=', 'INVALID_INPUT'],
    ['status=done', 'INVALID_INPUT'],
    ['status=failed&status=created', 'INVALID_INPUT'],
    ['squad=nobody', 'UNKNOWN_SQUAD'],
    [`squad=${unknownId}`, 'UNKNOWN_SQUAD'],
    ['squad=', 'INVALID_INPUT'],
    ['workflow=nothing', 'UNKNOWN_WORKFLOW'],
    ['createdAfter=yesterday', 'INVALID_INPUT'],
    ['createdAfter=2026-02-30T00:00:00Z', 'INVALID_INPUT'],
    ['limit=0', 'INVALID_INPUT'],
    ['limit=201', 'INVALID_INPUT'],
    ['limit=ten', 'INVALID_INPUT'],
    ['limit=1.5', 'INVALID_INPUT'],
    ['cursor=nowhere', 'INVALID_CURSOR'],
    ['cursor=', 'INVALID_INPUT'],
    ['colour=red', 'INVALID_INPUT'],
  ])('refuses ?%s', async (query, code) => {
    expect(await ask(`/executions?${query}`)).toMatchObject(refused(400, code));
  });

  it('tells nothing of the squad of another tenant', async () => {
    const other = server.assembly.squadra.forTenant('other');
    const squad = await other.squads.create({ name: 'theirs', members: [{ role: 'tester' }] });
    await other.submit('echo', { input: 1, squad: 'theirs' });
    for (const name of [squad.id, 'theirs'])
      expect(await ask(`/executions?squad=${name}`)).toMatchObject(refused(400, 'UNKNOWN_SQUAD'));
  });
});

describe('GET /executions/{id}/messages', () => {
  const messagesSchema = z.object({
    items: z.array(z.looseObject({ seq: z.int(), kind: z.string(), text: z.string() })),
    nextCursor: z.string().nullable(),
  });
  const messages = async (id: string, query = '') =>
    messagesSchema.parse((await ask(`/executions/${id}/messages${query}`)).body);

  it.each([
    ['as a message', { message: 'Look at “this”' }],
    ['as the input', { input: { message: 'Look at “this”' } }],
  ])('begin with the request that came %s', async (_, given) => {
    const id = await submit({ ...given, start: false });
    const request = { seq: 1, role: 'user', memberId: null, kind: 'request', text: 'Look at “this”', stepKey: null };
    const { items, nextCursor } = await messages(id);
    expect(items).toMatchObject([request]);
    expect(nextCursor).toBeNull();
  });

  it('go on by the seq of a message, and page by page', async () => {
    const id = await run('talk', { message: 'Look', rounds: 3 }, { squad: 'plain' });
    const { items, nextCursor } = await messages(id);
    expect(items.map(({ kind }) => kind)).toEqual(['request', 'ask', 'answer', 'ask', 'answer', 'ask', 'answer']);
    expect(nextCursor).toBeNull();
    const seqs = items.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect((await messages(id, `?after=${seqs[2]}`)).items).toEqual(items.slice(3));
    const paged: unknown[] = [];
    for (let query = '?limit=3'; query !== '';) {
      const { items: some, nextCursor: next } = await messages(id, query);
      paged.push(...some);
      query = next === null ? '' : `?limit=3&cursor=${next}`;
    }
    expect(paged).toEqual(items);
    expect(await messages(id, `?after=${seqs.at(-1)}`)).toEqual({ items: [], nextCursor: null });
  });

  it.each([
    ['after=-1', 'INVALID_INPUT'],
    ['after=x', 'INVALID_INPUT'],
    ['after=1.5', 'INVALID_INPUT'],
    ['after=', 'INVALID_INPUT'],
    ['cursor=x', 'INVALID_CURSOR'],
    ['limit=201', 'INVALID_INPUT'],
    ['before=3', 'INVALID_INPUT'],
  ])('refuses ?%s', async (query, code) => {
    const id = await submit({ message: 'x', start: false });
    expect(await ask(`/executions/${id}/messages?${query}`)).toMatchObject(refused(400, code));
  });
});
