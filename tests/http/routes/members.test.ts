import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { Answer, TestServer } from '../../support/http-server.ts';

let server: TestServer;
let ask: TestServer['ask'];
let number = 0;
let squadId: string;
let ada: string;
beforeAll(async () => {
  server = await openTestServer();
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  const members = [
    { role: 'tester', name: 'Ada' },
    { role: 'reviewer', name: 'Grace' },
  ];
  const { id, members: made } = await squadra().squads.create({ name: `crew ${++number}`, members });
  squadId = id;
  ada = made[0]?.id ?? '';
});

const squadra = () => server.assembly.squadra;
const unknownId = '01a203f4-84a6-7004-8ba2-7fae218d8be2';
const all = (): string => `/squads/${squadId}/members`;
const one = (memberId = ada): string => `${all()}/${memberId}`;

interface MemberDocument {
  readonly id: string;
  readonly name: string;
  readonly version: number;
}
const memberIn = (answer: Answer): MemberDocument => answer.body as MemberDocument;
const conditional = (ifMatch?: string) => (ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } });
const patch = (body: unknown, ifMatch?: string, path = one()) =>
  ask(path, { method: 'PATCH', body, ...conditional(ifMatch) });
const remove = (path = one(), ifMatch?: string) => ask(path, { method: 'DELETE', ...conditional(ifMatch) });
const squadVersion = async () => (await squadra().squads.get(squadId)).version;

describe('adding a member', () => {
  it('answers with the member, its address and its version, and moves the squad', async () => {
    const body = { role: 'backend_developer', name: 'Alan', specialization: 'go', temperature: 1, tools: ['read'] };
    const answer = await ask(all(), { body });
    expect(answer).toMatchObject({ status: 201, body: { ...body, provider: null, model: null, version: 1 } });
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.headers.get('location')).toBe(`/api/v1${one(memberIn(answer).id)}`);
    expect((await ask(one(memberIn(answer).id))).body).toEqual(answer.body);
    const squad = (await ask(`/squads/${squadId}`)).body;
    expect(squad).toMatchObject({ version: 2, members: [{ name: 'Ada' }, { name: 'Grace' }, { name: 'Alan' }] });
  });

  it.each([
    ['an unknown role', { role: 'wizard' }, 'UNKNOWN_ROLE'],
    ['an unknown specialization', { role: 'tester', specialization: 'magic' }, 'UNKNOWN_SPECIALIZATION'],
    ['an unknown tool', { role: 'tester', tools: ['rm'] }, 'UNKNOWN_TOOL'],
    ['no role', { name: 'Alan' }, 'INVALID_INPUT'],
    ['an unknown field', { role: 'tester', colour: 'red' }, 'INVALID_INPUT'],
    ['a temperature out of bounds', { role: 'tester', temperature: 2.5 }, 'INVALID_INPUT'],
    ['a list of members', [{ role: 'tester' }], 'INVALID_INPUT'],
  ])('refuses %s, and changes nothing', async (_, body, code) => {
    expect(await ask(all(), { body })).toMatchObject({ status: 400, body: { code } });
    expect(await squadVersion()).toBe(1);
  });

  it('keeps all of twenty that come at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => ask(all(), { body: { role: 'tester', name: `t${n}` } })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(answers.map((answer) => memberIn(answer).name)).toEqual(Array.from({ length: 20 }, (_, n) => `t${n}`));
    const { members, version } = await squadra().squads.get(squadId);
    expect([members.length, version]).toEqual([22, 21]);
  });

  it('gives each of those without a name a name of its own', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ask(all(), { body: { role: 'tester' } })));
    const { members } = await squadra().squads.get(squadId);
    expect(new Set(members.map(({ name }) => name)).size).toBe(7);
  });

  it('takes the version of the squad as a condition', async () => {
    const body = { role: 'tester' };
    expect(await ask(all(), { body, ...conditional('"2"') })).toMatchObject({
      status: 412,
      body: { currentVersion: 1 },
    });
    expect((await ask(all(), { body, ...conditional('1') })).status).toBe(400);
    expect((await ask(all(), { body, ...conditional('"1"') })).status).toBe(201);
  });

  it('ends at a hundred', async () => {
    const members = Array.from({ length: 100 }, () => ({ role: 'tester' }));
    const { id } = await squadra().squads.create({ name: 'full', members });
    expect(await ask(`/squads/${id}/members`, { body: { role: 'tester' } })).toMatchObject({ status: 400 });
  });
});

describe('reading members', () => {
  it('lists them in their order, with the version of the squad as the tag', async () => {
    const answer = await ask(all());
    expect(answer.body).toMatchObject({ items: [{ id: ada, name: 'Ada' }, { name: 'Grace' }], nextCursor: null });
    expect(answer.headers.get('etag')).toBe('"1"');
    const first = (await ask(`${all()}?limit=1`)).body as { items: MemberDocument[]; nextCursor: string };
    expect(first).toMatchObject({ items: [{ name: 'Ada' }], nextCursor: ada });
    expect((await ask(`${all()}?limit=1&cursor=${first.nextCursor}`)).body).toMatchObject({
      items: [{ name: 'Grace' }],
      nextCursor: null,
    });
  });

  it.each(['limit=0', 'limit=201', 'cursor=nonsense', `cursor=${unknownId}`, 'role=tester'])(
    'refuses %s',
    async (query) => {
      expect((await ask(`${all()}?${query}`)).status).toBe(400);
    },
  );

  it('answers with nothing to who has the version', async () => {
    const tag = { headers: { 'if-none-match': '"1"' } };
    expect(await ask(one(), tag)).toMatchObject({ status: 304, text: '' });
    expect(await ask(all(), tag)).toMatchObject({ status: 304, text: '' });
    await ask(all(), { body: { role: 'tester' } });
    expect((await ask(one(), tag)).status).toBe(304);
    expect((await ask(all(), tag)).status).toBe(200);
  });

  it('finds nothing where there is no such squad or member', async () => {
    const other = await squadra().squads.create({ name: `crew ${++number}`, members: [{ role: 'tester' }] });
    const nowhere = [
      one(unknownId),
      one('nonsense'),
      one('Ada'),
      `/squads/${other.id}/members/${ada}`,
      `/squads/${unknownId}/members/${ada}`,
      `/squads/nonsense/members/${ada}`,
    ];
    for (const path of nowhere) {
      const answers = [
        await ask(path),
        await patch({ name: 'x' }, '"1"', path),
        await patch({ name: 'x' }, undefined, path),
        await remove(path),
        await remove(path, 'x'),
      ];
      for (const { status, body } of answers)
        expect([path, status, body]).toMatchObject([path, 404, { code: 'NOT_FOUND' }]);
    }
    expect((await ask(`/squads/${unknownId}/members`)).status).toBe(404);
    expect((await ask(`/squads/${unknownId}/members`, { body: { role: 'tester' } })).status).toBe(404);
  });
});

describe('changing a member', () => {
  it('answers with its next version, and moves the squad', async () => {
    const change = {
      name: 'Ada L.',
      role: 'backend_developer',
      specialization: 'go',
      provider: 'openai',
      model: 'gpt-5-mini',
      temperature: 2,
      instructions: 'Be brief.',
      tools: ['read'],
    };
    const answer = await patch(change, '"1"');
    expect(answer).toMatchObject({ status: 200, body: { id: ada, ...change, version: 2 } });
    expect(answer.headers.get('etag')).toBe('"2"');
    expect((await ask(one())).body).toEqual(answer.body);
    expect((await ask(`/squads/${squadId}`)).body).toMatchObject({
      version: 2,
      members: [answer.body, { name: 'Grace', version: 1 }],
    });
    const back = { specialization: null, provider: null, model: null, instructions: null };
    expect((await patch(back, '"2"')).body).toMatchObject({ ...back, temperature: 2, version: 3 });
  });

  it('needs the version of the member that was read, not of the squad', async () => {
    expect(await patch({ name: 'x' })).toMatchObject({ status: 428, body: { code: 'PRECONDITION_REQUIRED' } });
    await ask(all(), { body: { role: 'tester' } });
    expect(await patch({ name: 'x' }, '"2"')).toMatchObject({
      status: 412,
      body: { code: 'STALE_VERSION', currentVersion: 1 },
    });
    expect((await patch({ name: 'first' }, '"1"')).status).toBe(200);
    expect(await patch({ name: 'late' }, '"1"')).toMatchObject({ status: 412, body: { currentVersion: 2 } });
    expect((await ask(one())).body).toMatchObject({ name: 'first', version: 2 });
  });

  it.each(['1', '', '"abc"', '"1'])('refuses If-Match: %s as malformed', async (ifMatch) => {
    expect((await patch({ name: 'x' }, ifMatch)).status).toBe(400);
    expect((await remove(one(), ifMatch)).status).toBe(400);
  });

  it.each([
    ['nothing', {}, 'INVALID_INPUT'],
    ['an unknown field', { colour: 'red' }, 'INVALID_INPUT'],
    ['an id', { id: unknownId }, 'INVALID_INPUT'],
    ['a role of null', { role: null }, 'INVALID_INPUT'],
    ['a temperature of null', { temperature: null }, 'INVALID_INPUT'],
    ['a temperature out of bounds', { temperature: 3 }, 'INVALID_INPUT'],
    ['an unknown role', { role: 'wizard' }, 'UNKNOWN_ROLE'],
    ['an unknown specialization', { specialization: 'go' }, 'UNKNOWN_SPECIALIZATION'],
    ['an unknown tool', { tools: ['rm'] }, 'UNKNOWN_TOOL'],
  ])('refuses %s, and changes nothing', async (_, body, code) => {
    expect(await patch(body, '"1"')).toMatchObject({ status: 400, body: { code } });
    expect(await squadVersion()).toBe(1);
  });

  it('refuses a role that lacks the specialization the member has', async () => {
    await patch({ specialization: 'automation' }, '"1"');
    expect(await patch({ role: 'reviewer' }, '"2"')).toMatchObject({
      status: 400,
      body: { code: 'UNKNOWN_SPECIALIZATION' },
    });
    expect((await patch({ role: 'reviewer', specialization: 'security' }, '"2"')).status).toBe(200);
  });

  it('lets one of twenty changes of the same version win', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => patch({ name: `Ada ${n}` }, '"1"')));
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status === 412);
    expect([won.length, lost.length]).toEqual([1, 19]);
    for (const answer of lost) expect(answer.body).toMatchObject({ currentVersion: 2 });
    expect((await ask(one())).body).toEqual(won[0]?.body);
    expect(await squadVersion()).toBe(2);
  });

  it('lets changes of twenty members at once all win, each of its own version', async () => {
    const members = Array.from({ length: 20 }, () => ({ role: 'tester' }));
    const squad = await squadra().squads.create({ name: `crew ${++number}`, members });
    const answers = await Promise.all(
      squad.members.map(({ id }, n) => patch({ name: `t${n}` }, '"1"', `/squads/${squad.id}/members/${id}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(members.map(() => 200));
    const changed = await squadra().squads.get(squad.id);
    expect(changed.members.map(({ name }) => name)).toEqual(members.map((_, n) => `t${n}`));
    expect(changed.version).toBe(21);
  });

  it('reaches no execution that was submitted before', async () => {
    const accepted = await ask('/executions', { body: { message: 'Hello.', squad: squadId, start: false } });
    expect((await patch({ instructions: 'Answer in verse.' }, '"1"')).status).toBe(200);
    const { id } = accepted.body as { id: string };
    const execution = await squadra().run(id).get();
    expect(execution).toMatchObject({ squadId, squadVersion: 1 });
  });
});

describe('taking a member out', () => {
  it('leaves nothing at its address, and moves the squad', async () => {
    expect(await remove()).toMatchObject({ status: 204, text: '' });
    expect((await ask(one())).status).toBe(404);
    expect((await remove()).status).toBe(404);
    expect((await ask(`/squads/${squadId}`)).body).toMatchObject({ version: 2, members: [{ name: 'Grace' }] });
  });

  it('takes the version of the member as a condition', async () => {
    await patch({ name: 'x' }, '"1"');
    expect(await remove(one(), '"1"')).toMatchObject({ status: 412, body: { currentVersion: 2 } });
    expect((await remove(one(), '"2"')).status).toBe(204);
  });

  it('leaves at least one, also when all are to go at once', async () => {
    const { items } = (await ask(all())).body as { items: MemberDocument[] };
    const answers = await Promise.all(items.map(({ id }) => remove(one(id))));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 400]);
    expect((await squadra().squads.get(squadId)).members).toHaveLength(1);
  });
});
