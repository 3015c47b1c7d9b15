import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';

const unknownId = '00000000-0000-7000-8000-000000000000';
const otherId = '11111111-1111-7111-8111-111111111111';
const asks = defineWorkflow({
  name: 'asks',
  run: async ({ squad }) => {
    await squad.ask('tester', 'Look at this.');
  },
});

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [asks] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const itemSchema = z.looseObject({ id: z.string(), status: z.string(), version: z.int(), priority: z.int() });
type Item = z.output<typeof itemSchema>;
const pageSchema = z.object({ items: z.array(itemSchema), nextCursor: z.string().nullable() });
const post = (body: unknown): Promise<Answer> => ask('/work-items', { body });
const made = async (body: object = {}): Promise<Item> =>
  itemSchema.parse((await post({ title: 'Look', ...body })).body);
const read = async (id: string): Promise<Item> => itemSchema.parse((await ask(`/work-items/${id}`)).body);
const patch = (id: string, version: number | string | null, body: unknown): Promise<Answer> =>
  ask(`/work-items/${id}`, { method: 'PATCH', body, headers: ifMatch(version) });
const remove = (id: string, version: number | string | null = null): Promise<Answer> =>
  ask(`/work-items/${id}`, { method: 'DELETE', headers: ifMatch(version) });
const ifMatch = (version: number | string | null): Record<string, string> =>
  version === null ? {} : { 'if-match': typeof version === 'number' ? `"${version}"` : version };
const list = async (query: string) => pageSchema.parse((await ask(`/work-items${query}`)).body);
const refused = (status: number, code: string, more: object = {}) => ({ status, body: { code, status, ...more } });
const moved = async (item: Item, ...statuses: readonly string[]): Promise<Item> => {
  let now = item;
  for (const status of statuses) now = itemSchema.parse((await patch(now.id, now.version, { status })).body);
  return now;
};

describe('POST /work-items', () => {
  it('keeps a record, and says where', async () => {
    const given = {
      title: 'Write the “login” form',
      description: 'As in the picture',
      priority: -3,
      memberId: unknownId,
      convoyId: otherId,
      executionId: unknownId,
      context: { a: [1] },
      metadata: 'm',
      artifacts: [{ path: 'a.txt' }],
      labels: ['ui'],
    };
    const answer = await post(given);
    const { id } = itemSchema.parse(answer.body);
    expect(answer).toMatchObject({
      status: 201,
      body: { ...given, status: 'ready', reason: null, stepKey: null, version: 1 },
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/work-items/${id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const found = await ask(`/work-items/${id}`);
    expect(found.body).toEqual(answer.body);
    expect(found.headers.get('etag')).toBe('"1"');
  });

  it('is blocked while one it depends on is not completed', async () => {
    const [first, second] = [await made(), await made()];
    const item = await made({ dependencies: [first.id, second.id, first.id] });
    expect(item).toMatchObject({ status: 'blocked', dependencies: [first.id, second.id] });
    await moved(first, 'in_progress', 'completed');
    expect((await read(item.id)).status).toBe('blocked');
    await moved(second, 'in_progress', 'completed');
    expect((await read(item.id)).status).toBe('ready');
    expect((await made({ dependencies: [first.id] })).status).toBe('ready');
  });

  it.each<[string, unknown, string]>([
    ['no title', {}, 'INVALID_INPUT'],
    ['an empty title', { title: '' }, 'INVALID_INPUT'],
    ['a blank title', { title: ' ' }, 'INVALID_INPUT'],
    ['a priority of 101', { title: 'x', priority: 101 }, 'INVALID_INPUT'],
    ['a priority of 0.5', { title: 'x', priority: 0.5 }, 'INVALID_INPUT'],
    ['a status', { title: 'x', status: 'completed' }, 'INVALID_INPUT'],
    ['an unknown field', { title: 'x', colour: 'red' }, 'INVALID_INPUT'],
    ['a member that is no id', { title: 'x', memberId: 'tester' }, 'INVALID_INPUT'],
    ['labels that are no texts', { title: 'x', labels: [1] }, 'INVALID_INPUT'],
    ['a dependency that is no id', { title: 'x', dependencies: ['x'] }, 'INVALID_INPUT'],
    ['an unknown dependency', { title: 'x', dependencies: [unknownId] }, 'UNKNOWN_DEPENDENCY'],
    ['a list', [], 'INVALID_INPUT'],
    ['nothing', '', 'INVALID_INPUT'],
  ])('refuses %s', async (_, body, code) => {
    expect(await post(body)).toMatchObject(refused(400, code));
  });

  it('refuses to depend on what belongs to another tenant, as on what is not there', async () => {
    const foreign = await server.assembly.squadra.forTenant('other').workItems.create({ title: 'Theirs' });
    const answers = await Promise.all([foreign.id, unknownId].map((id) => post({ title: 'x', dependencies: [id] })));
    const bodies = answers.map(({ body }) => JSON.stringify({ ...(body as object), requestId: null }));
    expect(answers[0]).toMatchObject(refused(400, 'UNKNOWN_DEPENDENCY'));
    expect(bodies[0]?.replaceAll(foreign.id, unknownId)).toBe(bodies[1]);
  });

  it('tells nothing of the execution of another tenant, and gives it nothing', async () => {
    const other = server.assembly.squadra.forTenant('other');
    const { id: executionId } = await other.submit('asks', { input: 1, squad: 'software', start: false });
    const item = await made({ executionId });
    expect((await list(`?executionId=${executionId}`)).items).toMatchObject([{ id: item.id }]);
    expect((await other.describe(executionId)).items).toEqual([]);
    await other.run(executionId).cancel();
    expect(await read(item.id)).toEqual(item);
  });
});

describe('GET /work-items', () => {
  it('lists by priority, high first, then age, page by page, whatever moves meanwhile', async () => {
    const convoyId = '22222222-2222-7222-8222-222222222222';
    const items: Item[] = [];
    for (const priority of [0, 5, -1, 5, 0, 0]) items.push(await made({ priority, convoyId }));
    const order = [1, 3, 0, 4, 5, 2].map((place) => items[place]?.id ?? '');
    const query = `?convoyId=${convoyId}&limit=2`;
    const first = await list(query);
    expect(first.items.map(({ id }) => id)).toEqual(order.slice(0, 2));
    // The last one of the page moves to the end: it comes again, and nothing else is passed over.
    await patch(order[1] ?? '', '*', { priority: -100 });
    const second = await list(`${query}&cursor=${first.nextCursor}`);
    expect(second.items.map(({ id }) => id)).toEqual(order.slice(2, 4));
    await remove(order[3] ?? '');
    const third = await list(`${query}&cursor=${second.nextCursor}`);
    expect(third.items.map(({ id }) => id)).toEqual(order.slice(4, 6));
    const fourth = await list(`${query}&cursor=${third.nextCursor}`);
    expect(fourth).toMatchObject({ items: [{ id: order[1] }], nextCursor: null });
  });

  it('has no more on a page than one answer may carry', async () => {
    const convoyId = '44444444-4444-7444-8444-444444444444';
    for (let number = 0; number < 10; number++) await made({ convoyId, context: 'x'.repeat(1_000_000) });
    const first = await list(`?convoyId=${convoyId}&limit=200`);
    expect(first.items).toHaveLength(9);
    const second = await list(`?convoyId=${convoyId}&limit=200&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ items: [{ convoyId }], nextCursor: null });
  });

  it('lists by status, member, convoy and execution', async () => {
    const memberId = '33333333-3333-7333-8333-333333333333';
    const wanted = { memberId, convoyId: otherId, executionId: memberId };
    const item = await moved(await made(wanted), 'in_progress');
    await made({ memberId });
    const ids = async (query: string) => (await list(query)).items.map(({ id }) => id);
    expect(await ids(`?memberId=${memberId}`)).toHaveLength(2);
    expect(await ids(`?executionId=${memberId}`)).toEqual([item.id]);
    expect(await ids(`?status=in_progress&memberId=${memberId}&convoyId=${otherId}`)).toEqual([item.id]);
    expect(await ids(`?status=failed&memberId=${memberId}`)).toEqual([]);
  });

  it.each([
    ['status=done', 'INVALID_INPUT'],
    ['status=', 'INVALID_INPUT'],
    ['memberId=tester', 'INVALID_INPUT'],
    ['convoyId=x', 'INVALID_INPUT'],
    ['executionId=x', 'INVALID_INPUT'],
    ['limit=201', 'INVALID_INPUT'],
    ['cursor=x', 'INVALID_CURSOR'],
    [`cursor=${unknownId}`, 'INVALID_CURSOR'],
    [`cursor=0.0.${'x'.repeat(36)}`, 'INVALID_CURSOR'],
    ['colour=red', 'INVALID_INPUT'],
  ])('refuses ?%s', async (query, code) => {
    expect(await ask(`/work-items?${query}`)).toMatchObject(refused(400, code));
  });
});

it('GET /work-items/stats counts those of the tenant, by status and by member', async () => {
  await using fresh = await openTestServer();
  const { workItems } = fresh.assembly.squadra;
  const none = { pending: 0, ready: 0, blocked: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
  const askFresh = await describedAsk(fresh);
  expect((await askFresh('/work-items/stats')).body).toEqual({ total: 0, byStatus: none, byMember: {} });
  const first = await workItems.create({ title: 'a', memberId: unknownId });
  await workItems.create({ title: 'b', memberId: unknownId, dependencies: [first.id] });
  await workItems.create({ title: 'c' });
  await fresh.assembly.squadra.forTenant('other').workItems.create({ title: 'd' });
  expect(await askFresh('/work-items/stats')).toMatchObject({
    status: 200,
    body: { total: 3, byStatus: { ...none, ready: 2, blocked: 1 }, byMember: { [unknownId]: 2 } },
  });
  expect(await askFresh('/work-items/stats?status=ready')).toMatchObject(refused(400, 'INVALID_INPUT'));
});

describe('PATCH /work-items/{id}', () => {
  it('changes the version that was read', async () => {
    const item = await made({ memberId: unknownId, description: 'x' });
    const change = {
      title: 'Other',
      description: null,
      memberId: null,
      priority: 9,
      context: null,
      metadata: { a: 1 },
      artifacts: [1],
      labels: ['b'],
    };
    const answer = await patch(item.id, 1, change);
    expect(answer).toMatchObject({ status: 200, body: { ...change, id: item.id, status: 'ready', version: 2 } });
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(await read(item.id)).toEqual(answer.body);
  });

  it('needs to be told which version, refuses another one, and says which it is', async () => {
    const { id } = await made();
    expect(await patch(id, null, { priority: 1 })).toMatchObject(refused(428, 'PRECONDITION_REQUIRED'));
    expect(await patch(id, 2, { priority: 1 })).toMatchObject(refused(412, 'STALE_VERSION', { currentVersion: 1 }));
    for (const malformed of ['1', '"x"', '"1', '""'])
      expect(await patch(id, malformed, { priority: 1 })).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect((await patch(id, '"7", "1"', { priority: 1 })).status).toBe(200);
    expect((await patch(id, '*', { priority: 2 })).status).toBe(200);
    expect(await read(id)).toMatchObject({ priority: 2, version: 3 });
  });

  it('lets one of many simultaneous changes of one version through', async () => {
    const { id } = await made();
    const answers = await Promise.all(Array.from({ length: 10 }, (_, priority) => patch(id, 1, { priority })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 412),
    ]);
    const either = await Promise.all(Array.from({ length: 10 }, (_, priority) => patch(id, '*', { priority })));
    expect(either.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await read(id)).version).toBe(12);
  });

  it('makes only the moves there are, and says where it stands', async () => {
    const item = await made();
    for (const status of ['completed', 'failed', 'blocked', 'pending', 'ready'])
      expect(await patch(item.id, 1, { status })).toMatchObject(
        refused(409, 'ILLEGAL_TRANSITION', { currentStatus: 'ready' }),
      );
    const completed = await moved(item, 'in_progress', 'completed');
    expect(await patch(item.id, completed.version, { status: 'cancelled' })).toMatchObject(
      refused(409, 'ILLEGAL_TRANSITION', { currentStatus: 'completed' }),
    );
  });

  it('cancels at once what depends on what failed, and names it', async () => {
    const first = await made({ title: 'The first' });
    const second = await made({ dependencies: [first.id] });
    const third = await made({ dependencies: [second.id] });
    const running = await moved(first, 'in_progress');
    await patch(first.id, running.version, { status: 'failed', reason: 'no disk' });
    expect(await read(first.id)).toMatchObject({ status: 'failed', reason: 'no disk' });
    for (const { id } of [second, third]) expect((await read(id)).status).toBe('cancelled');
    expect((await read(second.id))['reason']).toContain(first.id);
  });

  it('refuses dependencies that form a circle, or are unknown', async () => {
    const first = await made();
    const second = await made({ dependencies: [first.id] });
    expect(await patch(first.id, 1, { dependencies: [second.id] })).toMatchObject(refused(400, 'DEPENDENCY_CYCLE'));
    expect(await patch(first.id, 1, { dependencies: [first.id] })).toMatchObject(refused(400, 'DEPENDENCY_CYCLE'));
    expect(await patch(first.id, 1, { dependencies: [unknownId] })).toMatchObject(refused(400, 'UNKNOWN_DEPENDENCY'));
    expect(await read(first.id)).toEqual(first);
  });

  it.each<[string, unknown]>([
    ['nothing to change', {}],
    ['an unknown field', { colour: 'red' }],
    ['a field that stays', { executionId: unknownId }],
    ['a version', { version: 2 }],
    ['an unknown status', { status: 'done' }],
    ['an empty title', { title: '' }],
    ['no title', { title: null }],
    ['a priority of -101', { priority: -101 }],
  ])('refuses %s', async (_, body) => {
    const { id } = await made();
    expect(await patch(id, 1, body)).toMatchObject(refused(400, 'INVALID_INPUT'));
  });

  it('changes only metadata and priority of what an execution owns', async () => {
    const run = await server.assembly.squadra.submit('asks', { input: 1, squad: 'software' });
    await run.result();
    const [item] = (await list(`?executionId=${run.id}`)).items;
    if (item === undefined) throw new Error('It asked a member.');
    const { id, version } = item;
    for (const body of [{ title: 'Mine' }, { status: 'ready' }, { priority: 1, labels: ['x'] }, { dependencies: [] }])
      expect(await patch(id, version, body)).toMatchObject(refused(409, 'ITEM_OWNED'));
    for (const given of [null, version]) expect(await remove(id, given)).toMatchObject(refused(409, 'ITEM_OWNED'));
    expect(await patch(id, version, { priority: 7, metadata: { seen: true } })).toMatchObject({
      status: 200,
      body: { priority: 7, metadata: { seen: true }, version: version + 1 },
    });
  });
});

describe('DELETE /work-items/{id}', () => {
  it('removes it, at a version or at any', async () => {
    const [one, two] = [await made(), await made()];
    expect(await remove(one.id, 2)).toMatchObject(refused(412, 'STALE_VERSION', { currentVersion: 1 }));
    expect(await remove(one.id, 'x')).toMatchObject(refused(400, 'INVALID_INPUT'));
    expect(await remove(one.id, 1)).toMatchObject({ status: 204, text: '' });
    expect(await remove(two.id)).toMatchObject({ status: 204, text: '' });
    for (const { id } of [one, two]) {
      expect(await ask(`/work-items/${id}`)).toMatchObject(refused(404, 'NOT_FOUND'));
      expect(await remove(id)).toMatchObject(refused(404, 'NOT_FOUND'));
    }
  });
});

describe('a work item', () => {
  it('is 404 when it is unknown, malformed or foreign', async () => {
    const other = server.assembly.squadra.forTenant('other');
    const foreign = await other.workItems.create({ title: 'Theirs' });
    const calls: readonly ((id: string) => Promise<Answer>)[] = [
      (id) => ask(`/work-items/${id}`),
      (id) => patch(id, 1, { priority: 1 }),
      (id) => patch(id, 9, { priority: 1 }),
      (id) => patch(id, null, { priority: 1 }),
      (id) => remove(id),
      (id) => remove(id, 1),
      (id) => remove(id, 9),
    ];
    for (const call of calls) {
      const answers = await Promise.all([foreign.id, unknownId, 'x'].map(call));
      expect(answers[0]).toMatchObject(refused(404, 'NOT_FOUND'));
      const bodies = answers.map(({ status, body }) =>
        JSON.stringify([status, { ...(body as object), requestId: null }]),
      );
      expect(new Set(bodies).size).toBe(1);
    }
    expect(await other.workItems.get(foreign.id)).toEqual(foreign);
  });

  it('is not sent again to who has it', async () => {
    const { id } = await made();
    const answer = await ask(`/work-items/${id}`, { headers: { 'if-none-match': '"1"' } });
    expect(answer).toMatchObject({ status: 304, text: '' });
    expect((await ask(`/work-items/${id}`, { headers: { 'if-none-match': '"2"' } })).status).toBe(200);
  });
});
