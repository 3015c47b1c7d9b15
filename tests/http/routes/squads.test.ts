import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import { openSquadRequests, squadIn, unknownId } from './squad-requests.ts';
import type { SquadDocument, SquadRequests } from './squad-requests.ts';

let requests: SquadRequests;
let ask: SquadRequests['ask'];
beforeAll(async () => {
  requests = await openSquadRequests();
  ({ ask } = requests);
});
afterAll(() => requests[Symbol.asyncDispose]());

describe('creating a squad', () => {
  it('answers with the squad, its address and its version', async () => {
    const name = requests.freshName();
    const member = {
      role: 'tester',
      name: 'Ada',
      specialization: 'automation',
      provider: 'openai',
      model: 'gpt-5-mini',
      temperature: 0,
      instructions: 'Be brief.',
      tools: ['read'],
    };
    const answer = await ask('/squads', { body: { name, description: 'They test.', members: [member] } });
    expect(answer).toMatchObject({
      status: 201,
      body: { name, description: 'They test.', version: 1, userId: null, members: [{ ...member, version: 1 }] },
    });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('location')).toBe(`/api/v1/squads/${squadIn(answer).id}`);
    const read = await ask(answer.headers.get('location') ?? '');
    expect(read.body).toEqual(answer.body);
  });

  it('gives members what they do not say: a name, a temperature of 0.7, the provider and model of the installation', async () => {
    const { members } = await requests.create({ members: [{ role: 'tester' }, { role: 'tester' }] });
    expect(members).toMatchObject([
      {
        name: 'Tester',
        temperature: 0.7,
        provider: null,
        model: null,
        specialization: null,
        instructions: null,
        tools: [],
      },
      { name: 'Tester 2' },
    ]);
  });

  it('puts the members of the template before those that are listed', async () => {
    const { members } = await requests.create({ template: 'software', members: [{ role: 'reviewer' }] });
    expect(members.map(({ role }) => role)).toEqual([
      'project_manager',
      'backend_developer',
      'frontend_developer',
      'tester',
      'reviewer',
    ]);
  });

  const tester = { role: 'tester' };
  it.each([
    ['an unknown role', { members: [tester, { role: 'wizard' }] }, 'UNKNOWN_ROLE'],
    [
      'an unknown specialization',
      { members: [tester, { role: 'tester', specialization: 'magic' }] },
      'UNKNOWN_SPECIALIZATION',
    ],
    [
      'a specialization of another role',
      { members: [{ role: 'tester', specialization: 'react' }] },
      'UNKNOWN_SPECIALIZATION',
    ],
    ['an unknown template', { template: 'wizards', members: [tester] }, 'UNKNOWN_TEMPLATE'],
    ['a template with a path in it', { template: '../software', members: [tester] }, 'UNKNOWN_TEMPLATE'],
    ['an unknown role beside a template', { template: 'software', members: [{ role: 'wizard' }] }, 'UNKNOWN_ROLE'],
    ['an unknown tool', { members: [{ role: 'tester', tools: ['rm'] }] }, 'UNKNOWN_TOOL'],
    ['no members', { members: [] }, 'INVALID_INPUT'],
    ['no template and no members', {}, 'INVALID_INPUT'],
    ['more than 100 members', { members: Array.from({ length: 101 }, () => tester) }, 'INVALID_INPUT'],
    [
      '100 members and a template',
      { template: 'software', members: Array.from({ length: 100 }, () => tester) },
      'INVALID_INPUT',
    ],
    ['an unknown field', { members: [tester], colour: 'red' }, 'INVALID_INPUT'],
    ['an unknown field of a member', { members: [{ ...tester, colour: 'red' }] }, 'INVALID_INPUT'],
    ['a field that would do nothing', { members: [tester], version: 7 }, 'INVALID_INPUT'],
    ['a member without a role', { members: [{ name: 'Ada' }] }, 'INVALID_INPUT'],
    ['a temperature above 2', { members: [{ ...tester, temperature: 2.1 }] }, 'INVALID_INPUT'],
    ['a temperature below 0', { members: [{ ...tester, temperature: -0.1 }] }, 'INVALID_INPUT'],
    ['a temperature as text', { members: [{ ...tester, temperature: '0.7' }] }, 'INVALID_INPUT'],
    ['a name of another type', { name: 7, members: [tester] }, 'INVALID_INPUT'],
    ['an empty name', { name: ' ', members: [tester] }, 'INVALID_INPUT'],
    ['a name that is too long', { name: 'x'.repeat(201), members: [tester] }, 'INVALID_INPUT'],
    ['a name in the shape of an id', { name: unknownId, members: [tester] }, 'INVALID_INPUT'],
    ['a description of null', { description: null, members: [tester] }, 'INVALID_INPUT'],
    ['a description that is too long', { description: 'x'.repeat(2_001), members: [tester] }, 'INVALID_INPUT'],
    ['instructions that are too long', { members: [{ ...tester, instructions: 'x'.repeat(20_001) }] }, 'INVALID_INPUT'],
    ['members that are no list', { members: tester }, 'INVALID_INPUT'],
  ])('refuses %s, and creates nothing', async (_, fields, code) => {
    const before = await requests.server.assembly.squadra.squads.list({ limit: 200 });
    const answer = await ask('/squads', { body: { name: requests.freshName(), ...fields } });
    expect(answer).toMatchObject({ status: 400, body: { code, status: 400 } });
    expect(await requests.server.assembly.squadra.squads.list({ limit: 200 })).toEqual(before);
  });

  it('names every field that is wrong', async () => {
    const answer = await ask('/squads', { body: { name: '', members: [{ role: 'tester', temperature: 3 }] } });
    expect(answer.body).toMatchObject({ errors: [{ path: 'name' }, { path: 'members.0.temperature' }] });
  });

  it.each([
    ['text', 'hello'],
    ['a list', '[]'],
    ['null', 'null'],
    ['half of something', '{"name":'],
    ['nothing', ''],
    ['a key of every object', '{"__proto__": {}, "name": "x"}'],
  ])('refuses a body that is %s', async (_, body) => {
    const answer = await ask('/squads', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(400);
  });

  it('refuses what is no JSON', async () => {
    const answer = await ask('/squads', {
      body: 'name=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(415);
  });

  it('refuses a name that is taken, also of twenty at once', async () => {
    const name = requests.freshName();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask('/squads', { body: { name, template: 'review' } })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 409),
    ]);
    expect(answers.find(({ status }) => status === 409)).toMatchObject({ body: { code: 'NAME_TAKEN' } });
  });
});

describe('reading squads', () => {
  it('lists them newest first, page by page', async () => {
    await using own = await openTestServer();
    const askOwn = await describedAsk(own);
    expect((await askOwn('/squads')).body).toEqual({ items: [], nextCursor: null });
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await askOwn('/squads', { body: { name, template: 'review' } });
    const seen: string[] = [];
    const sizes: number[] = [];
    let path = '/squads?limit=2';
    for (;;) {
      const { items, nextCursor } = (await askOwn(path)).body as { items: SquadDocument[]; nextCursor: string | null };
      seen.push(...items.map(({ name }) => name));
      sizes.push(items.length);
      if (nextCursor === null) break;
      path = `/squads?limit=2&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(names.toReversed());
    expect(sizes).toEqual([2, 2, 1]);
    expect((await askOwn('/squads?limit=5')).body).toMatchObject({ nextCursor: null });
  });

  it.each(['limit=1', 'limit=200'])('takes %s', async (query) => {
    expect((await ask(`/squads?${query}`)).status).toBe(200);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=1.5',
    'limit=ten',
    'limit=',
    'limit=1&limit=2',
    'cursor=nonsense',
    'cursor=',
    'colour=red',
  ])('refuses %s', async (query) => {
    expect((await ask(`/squads?${query}`)).status).toBe(400);
  });

  it('says of a cursor that it is none', async () => {
    expect((await ask('/squads?cursor=nonsense')).body).toMatchObject({ code: 'INVALID_CURSOR' });
  });

  it('answers with the version as the tag, and with nothing to who has it', async () => {
    const { id } = await requests.create();
    const read = await ask(`/squads/${id}`);
    expect(read.headers.get('etag')).toBe('"1"');
    for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
      const again = await ask(`/squads/${id}`, { headers: { 'if-none-match': tag } });
      expect(again).toMatchObject({ status: 304, text: '' });
      expect(again.headers.get('etag')).toBe('"1"');
    }
    for (const tag of ['"2"', 'nonsense', '""'])
      expect((await ask(`/squads/${id}`, { headers: { 'if-none-match': tag } })).status).toBe(200);
  });

  it.each(['nonsense', '1', unknownId, unknownId.toUpperCase(), '%00', '..%2f..', 'x'.repeat(250), 'software'])(
    'finds nothing at %s',
    async (id) => {
      const answers = [
        await ask(`/squads/${id}`),
        await requests.patch(id, { name: 'x' }, '"1"'),
        await requests.remove(id),
      ];
      for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    },
  );
});

describe('deleting a squad', () => {
  it('leaves nothing at its address, and its name free', async () => {
    const { id, name } = await requests.create();
    expect(await requests.remove(id)).toMatchObject({ status: 204, text: '' });
    expect((await ask(`/squads/${id}`)).status).toBe(404);
    expect((await requests.remove(id)).status).toBe(404);
    await requests.create({ name });
  });

  it('takes a condition', async () => {
    const { id } = await requests.create();
    await requests.patch(id, { description: 'x' }, '"1"');
    expect(await requests.remove(id, '"1"')).toMatchObject({ status: 412, body: { currentVersion: 2 } });
    expect((await requests.remove(id, '"2"')).status).toBe(204);
  });

  it('is refused while an execution of it is open, with or without a condition', async () => {
    const { id } = await requests.create();
    const accepted = await ask('/executions', { body: { message: 'Hello.', squad: id, start: false } });
    expect(await requests.remove(id)).toMatchObject({ status: 409, body: { code: 'OPEN_EXECUTIONS' } });
    expect(await requests.remove(id, '"1"')).toMatchObject({ status: 409 });
    await requests.server.assembly.squadra.run((accepted.body as { id: string }).id).cancel();
    expect((await requests.remove(id)).status).toBe(204);
  });

  it('either happens before a change or not at all, when both come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await requests.create();
      const [changed, removed] = await Promise.all([
        requests.patch(id, { description: 'x' }, '"1"'),
        requests.remove(id, '"1"'),
      ]);
      expect([
        [200, 412],
        [404, 204],
      ]).toContainEqual([changed.status, removed.status]);
    }
  });
});

it('lists the squads that a user made, and none of others', async () => {
  await using server = await openTestServer();
  const { squadra } = server.assembly;
  await squadra.forTenant('local', 'ann').squads.create({ name: 'of-ann', template: 'software' });
  await squadra.forTenant('local', 'bob').squads.create({ name: 'of-bob', template: 'software' });
  const { body } = await server.ask('/squads?userId=ann');
  expect(body).toMatchObject({ items: [{ name: 'of-ann', userId: 'ann' }], nextCursor: null });
  expect((await server.ask('/squads?userId=')).status).toBe(400);
});
