import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSquadRequests, squadIn, unknownId } from './squad-requests.ts';
import type { SquadRequests } from './squad-requests.ts';

let requests: SquadRequests;
let ask: SquadRequests['ask'];
beforeAll(async () => {
  requests = await openSquadRequests();
  ({ ask } = requests);
});
afterAll(() => requests[Symbol.asyncDispose]());

describe('changing a squad', () => {
  it('answers with the next version', async () => {
    const { id, members } = await requests.create();
    const name = requests.freshName();
    const answer = await requests.patch(id, { name, description: 'New.' }, '"1"');
    expect(answer).toMatchObject({ status: 200, body: { id, name, description: 'New.', version: 2, members } });
    expect(answer.headers.get('etag')).toBe('"2"');
    expect((await ask(`/squads/${id}`)).body).toEqual(answer.body);
    expect((await requests.patch(id, { description: null }, '"2"')).body).toMatchObject({
      name,
      description: null,
      version: 3,
    });
  });

  it('needs the version that was read', async () => {
    const { id, name } = await requests.create();
    expect(await requests.patch(id, { description: 'x' })).toMatchObject({
      status: 428,
      body: { code: 'PRECONDITION_REQUIRED' },
    });
    await requests.patch(id, { description: 'first' }, '"1"');
    expect(await requests.patch(id, { description: 'late' }, '"1"')).toMatchObject({
      status: 412,
      body: { code: 'STALE_VERSION', currentVersion: 2 },
    });
    expect(await requests.patch(id, { description: 'early' }, '"3"')).toMatchObject({
      status: 412,
      body: { currentVersion: 2 },
    });
    expect((await ask(`/squads/${id}`)).body).toMatchObject({ name, description: 'first', version: 2 });
  });

  it.each(['1', '', 'W/1', '"1', '1"', '"abc"', '""', '"1" "2"', '*, "1"', "'1'", '"-1"', '"1.0"', ','])(
    'refuses If-Match: %s as malformed',
    async (ifMatch) => {
      const { id } = await requests.create();
      const answer = await requests.patch(id, { description: 'x' }, ifMatch);
      expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT', errors: [{ path: 'if-match' }] } });
      expect(await requests.remove(id, ifMatch)).toMatchObject({ status: 400 });
    },
  );

  it.each([
    ['*', 200],
    ['"7", "1"', 200],
    ['"7","1",', 200],
    ['"7", "8"', 412],
    ['W/"1"', 412],
    ['W/"1", "1"', 200],
    ['"01"', 412],
    ['"9999999999999999"', 412],
  ])('answers If-Match: %s of version 1 with %i', async (ifMatch, status) => {
    const { id } = await requests.create();
    expect((await requests.patch(id, { description: 'x' }, ifMatch)).status).toBe(status);
  });

  it.each([
    ['nothing', {}],
    ['an unknown field', { colour: 'red' }],
    ['members, which have addresses of their own', { members: [] }],
    ['a version', { version: 7 }],
    ['a name of null', { name: null }],
    ['an empty description', { description: '' }],
    ['a name in the shape of an id', { name: unknownId }],
    ['a list', []],
  ])('refuses %s', async (_, body) => {
    const { id } = await requests.create();
    expect(await requests.patch(id, body, '"1"')).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect((await ask(`/squads/${id}`)).body).toMatchObject({ version: 1 });
  });

  it('refuses a name that another has, and keeps its own', async () => {
    const [first, second] = [await requests.create(), await requests.create()];
    expect(await requests.patch(second.id, { name: first.name }, '"1"')).toMatchObject({
      status: 409,
      body: { code: 'NAME_TAKEN' },
    });
    expect(await requests.patch(second.id, { name: second.name }, '"1"')).toMatchObject({ status: 200 });
  });

  it('lets one of twenty changes of the same version win', async () => {
    const { id } = await requests.create();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => requests.patch(id, { description: `change ${n}` }, '"1"')),
    );
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status === 412);
    expect([won.length, lost.length]).toEqual([1, 19]);
    for (const answer of lost) expect(answer.body).toMatchObject({ currentVersion: 2 });
    expect((await ask(`/squads/${id}`)).body).toEqual(won[0]?.body);
  });

  it('makes twenty changes of whatever version one after another', async () => {
    const { id } = await requests.create();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => requests.patch(id, { description: `change ${n}` }, '*')),
    );
    expect(answers.map((answer) => squadIn(answer).version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 2),
    );
  });

  it('is found by its new name in a submission, and no longer by the old one', async () => {
    const { id, name } = await requests.create();
    const submit = (squad: string) => ask('/executions', { body: { message: 'Hello.', squad, start: false } });
    expect((await submit(name)).status).toBe(202);
    const renamed = requests.freshName();
    await requests.patch(id, { name: renamed }, '"1"');
    expect((await submit(name)).status).toBe(400);
    expect((await submit(renamed)).status).toBe(202);
    expect((await submit(id)).status).toBe(202);
  });
});
