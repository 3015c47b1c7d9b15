import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startModelServer } from '../../../src/testing/model-server/model-server.ts';
import type { ModelServer } from '../../../src/testing/model-server/model-server.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';
import { createClient } from '../../../src/client.ts';

const time = /^\d{4}-\d\d-\d\dT.*Z$/;
const unknownId = '00000000-0000-7000-8000-000000000000';
const acceptedSchema = z.object({ id: z.string(), status: z.string(), links: z.object({ self: z.string() }) });
const convoySchema = z.looseObject({
  status: z.string(),
  reason: z.string().nullable(),
  items: z.array(z.looseObject({ key: z.string(), status: z.string(), executionId: z.string().nullable() })),
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ settings: { agentRateLimitPerMinute: 0 } });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const item = (key: string, dependsOn: readonly string[] = []) => ({
  key,
  role: 'tester',
  message: `Look at ${key}.`,
  dependsOn,
});
const create = (items: readonly object[], more: object = {}): Promise<Answer> =>
  ask('/convoys', { body: { items, ...more } });
const made = async (items: readonly object[], more: object = {}): Promise<string> =>
  acceptedSchema.parse((await create(items, more)).body).id;
const ended = async (id: string) => {
  await server.assembly.squadra.convoys.result(id);
  return convoySchema.parse((await ask(`/convoys/${id}`)).body);
};
const refused = (status: number, code: string, more: object = {}) => ({ status, body: { code, status, ...more } });

describe('POST /convoys', () => {
  it('answers as soon as it is stored, and works the items off as executions', async () => {
    const answer = await create([item('a'), item('b', ['a'])], { parallelism: 2, timeout: '5m' });
    const { id } = acceptedSchema.parse(answer.body);
    const self = `/api/v1/convoys/${id}`;
    expect(answer).toMatchObject({ status: 202, body: { status: 'running', links: { self } } });
    expect(answer.headers.get('location')).toBe(self);
    const convoy = await ended(id);
    expect(convoy).toMatchObject({
      status: 'completed',
      reason: null,
      parallelism: null,
      progress: { total: 2, completed: 2, failed: 0, cancelled: 0, running: 0, ready: 0, blocked: 0 },
      options: { parallelism: 2, stopOnFirstFailure: false, timeoutMs: 300_000 },
      items: [
        { key: 'a', status: 'completed', dependsOn: [], startedAt: expect.stringMatching(time) },
        { key: 'b', status: 'completed', dependsOn: ['a'], endedAt: expect.stringMatching(time) },
      ],
    });
    const child = await ask(`/executions/${convoy.items[0]?.executionId ?? ''}`);
    expect(child).toMatchObject({ status: 200, body: { status: 'completed', workflow: 'task' } });
  });

  it.each([
    ['the same key twice', [item('a'), item('a')], 'INVALID_INPUT', "'a'"],
    ['an unknown key', [item('a', ['ghost'])], 'UNKNOWN_DEPENDENCY', "'ghost'"],
    ['a cycle', [item('a', ['b']), item('b', ['a'])], 'DEPENDENCY_CYCLE', "'a' → 'b' → 'a'"],
    ['an unknown role', [{ ...item('a'), role: 'pilot' }], 'UNKNOWN_ROLE', 'pilot'],
    ['role and member', [{ ...item('a'), memberId: unknownId }], 'INVALID_INPUT', "'a'"],
    ['an unknown member', [{ key: 'a', memberId: unknownId, message: 'x' }], 'UNKNOWN_ROLE', unknownId],
  ])('refuses %s, naming it, and stores nothing', async (_, items, code, named) => {
    const answer = await create(items);
    expect(answer).toMatchObject(refused(400, code));
    expect(answer.body).toMatchObject({ detail: expect.stringContaining(named) });
  });

  it.each([
    [{ parallelism: 0 }],
    [{ parallelism: 'many' }],
    [{ timeout: 'soon' }],
    [{ timeout: 0 }],
    [{ cpuThreshold: 0 }],
    [{ cpuThreshold: 101 }],
    [{ baselineParallelism: 5, maxParallelism: 4 }],
    [{ colour: 'red' }],
    [{ squad: 'nobody' }],
  ])('refuses %j', async (more) => {
    expect((await create([item('a')], more)).status).toBe(400);
  });

  it('refuses a convoy without items', async () => {
    expect((await create([])).status).toBe(400);
  });
});

describe('the idempotency key', () => {
  const asked = (key: string, items: readonly object[], more: object = {}): Promise<Answer> =>
    ask('/convoys', { body: { items, ...more }, headers: { 'idempotency-key': key } });

  it('makes the same request the same convoy, also when it has ended', async () => {
    const items = [item('a'), item('b', ['a'])];
    const first = await asked('order-1', items, { timeout: '5m' });
    const { id } = acceptedSchema.parse(first.body);
    await ended(id);
    // What is said is the same, however it is written.
    const again = await asked('order-1', [item('a'), item('b', ['a', 'a'])], { timeout: 300_000, squad: 'software' });
    expect([again.status, again.body, again.headers.get('location')]).toEqual([
      202,
      first.body,
      first.headers.get('location'),
    ]);
    expect(await ended(id)).toMatchObject({ items: [{ key: 'a' }, { key: 'b' }] });
    expect(acceptedSchema.parse((await asked('order-2', items)).body).id).not.toBe(id);
  });

  it('is refused for another request, whatever is other', async () => {
    const { id } = acceptedSchema.parse((await asked('order-3', [item('a'), item('b')])).body);
    const others: readonly (readonly [readonly object[], object])[] = [
      [[item('a')], {}],
      [[item('b'), item('a')], {}],
      [[item('a'), { ...item('b'), message: 'Other.' }], {}],
      [[item('a'), item('b', ['a'])], {}],
      [[item('a'), { ...item('b'), priority: 1 }], {}],
      [[item('a'), { ...item('b'), role: 'project_manager' }], {}],
      [[item('a'), item('b')], { parallelism: 2 }],
      [[item('a'), item('b')], { stopOnFirstFailure: true }],
      [[item('a'), item('b')], { timeout: '1h' }],
      [[item('a'), item('b')], { maxParallelism: 9 }],
    ];
    for (const [items, more] of others)
      expect([items, more, await asked('order-3', items, more)]).toMatchObject([
        items,
        more,
        refused(409, 'IDEMPOTENCY_CONFLICT', { detail: expect.stringContaining(id) }),
      ]);
    expect((await asked('order-3', [item('a'), item('b')])).status).toBe(202);
  });

  it('makes one convoy of many requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => asked('order-4', [item('a')])));
    expect(new Set(answers.map(({ body }) => acceptedSchema.parse(body).id)).size).toBe(1);
  });

  it.each([[''], ['x'.repeat(256)]])('is refused when it is none (%#)', async (key) => {
    expect((await asked(key, [item('a')])).status).toBe(400);
  });

  it('has nothing to do with that of an execution', async () => {
    const body = { message: 'Hello', workflow: 'task', start: false };
    const headers = { 'idempotency-key': 'order-5' };
    const execution = acceptedSchema.parse((await ask('/executions', { body, headers })).body);
    const convoy = acceptedSchema.parse((await asked('order-5', [item('a')])).body);
    expect(convoy.id).not.toBe(execution.id);
  });
});

describe('GET /convoys', () => {
  it('lists them newest first, page by page, and narrowed', async () => {
    const ids = [await made([item('a')]), await made([item('a')])];
    for (const id of ids) await ended(id);
    const page = z.object({ items: z.array(z.looseObject({ id: z.string() })), nextCursor: z.string().nullable() });
    const first = page.parse((await ask('/convoys?limit=1&status=completed')).body);
    expect(first.items.map(({ id }) => id)).toEqual([ids[1]]);
    const second = page.parse((await ask(`/convoys?limit=1&cursor=${first.nextCursor ?? ''}`)).body);
    expect(second.items.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await ask('/convoys?status=sleepy')).status).toBe(400);
    expect((await ask('/convoys?squad=nobody')).status).toBe(400);
  });

  it('knows none of another tenant, to the byte', async () => {
    const id = await made([item('a')]);
    await ended(id);
    const other = server.assembly.squadra.forTenant('other');
    await expect(other.convoys.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(other.convoys.cancel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(other.convoys.retry(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await other.convoys.list()).items).toEqual([]);
    expect(await ask(`/convoys/${unknownId}`)).toMatchObject(refused(404, 'NOT_FOUND'));
    expect(await ask('/convoys/nonsense')).toMatchObject(refused(404, 'NOT_FOUND'));
  });
});

describe('the end of a convoy from outside', () => {
  let models: ModelServer;
  let slow: TestServer;
  beforeAll(async () => {
    models = await startModelServer({ defaults: { hang: 'inside' } });
    slow = await openTestServer({
      settings: { agentRateLimitPerMinute: 0, openaiApiKey: 'test', openaiBaseUrl: models.url },
    });
  });
  afterAll(async () => {
    await slow[Symbol.asyncDispose]();
    await models[Symbol.asyncDispose]();
  });

  it('leaves no model call open at the server', async () => {
    const { id } = acceptedSchema.parse(
      (await slow.ask('/convoys', { body: { items: [item('a'), item('b'), item('c', ['a'])] } })).body,
    );
    await models.reached('received', 2);
    expect(await slow.ask(`/convoys/${id}`)).toMatchObject({
      body: { status: 'running', parallelism: { running: 2, why: expect.stringContaining('the machine') } },
    });
    const { text: metrics } = await slow.ask('/metrics');
    for (const line of [
      'squadra_convoys 1',
      'squadra_convoy_items{state="running"} 2',
      'squadra_convoy_items{state="ready"} 0',
      'squadra_convoy_items{state="blocked"} 1',
      'squadra_item_starts_total 2',
      'squadra_item_start_delay_seconds_count 2',
    ])
      expect(metrics).toContain(`\n${line}\n`);
    const cancelled = await slow.ask(`/convoys/${id}/cancel`, { body: { reason: 'not needed' } });
    expect(cancelled).toMatchObject({ status: 202, body: { status: 'cancelled' } });
    await models.reached('aborted', 2);
    expect(models.calls).toHaveLength(2);
    expect((await slow.ask(`/convoys/${id}/cancel`, { body: {} })).status).toBe(200);
    expect(await slow.ask(`/convoys/${id}/retry`, { body: {} })).toMatchObject(
      refused(409, 'ILLEGAL_TRANSITION', { convoyStatus: 'cancelled' }),
    );
  });
});

describe('the client', () => {
  it('makes, reads, lists, and is told why it cannot retry or cancel', async () => {
    const { convoys } = createClient({ url: server.url });
    const { id } = await convoys.create({ items: [{ key: 'a', role: 'tester', message: 'Look.' }] });
    await ended(id);
    expect((await convoys.get(id)).items[0]?.status).toBe('completed');
    expect((await convoys.list({ limit: 1 })).items[0]?.id).toBe(id);
    await expect(convoys.retry(id)).rejects.toMatchObject({ status: 409 });
    await expect(convoys.cancel(id)).rejects.toMatchObject({ status: 409 });
  });
});
