import { expect, it } from 'vitest';
import type { Scope } from '../../../src/access/principal.ts';
import { openSquadRequests, squadIn, unknownId } from './squad-requests.ts';
import type { SquadRequests } from './squad-requests.ts';

async function keyOf({ server }: SquadRequests, tenant: string, scope: Scope): Promise<string> {
  const { text } = await server.assembly.access.createKey(tenant, { name: 'test', scopes: [scope], expiresInMs: null });
  return text;
}

it('shows nothing of another tenant, and takes names that only another tenant has', async () => {
  await using requests = await openSquadRequests();
  const { ask } = requests;
  const [ours, theirs] = [await keyOf(requests, 'ours', 'write'), await keyOf(requests, 'theirs', 'write')];
  const body = { name: 'crew', template: 'review' };
  const { id, members } = squadIn(await ask('/squads', { body, key: theirs }));
  const mine = squadIn(await ask('/squads', { body, key: ours }));
  expect((await ask('/squads', { key: ours })).body).toMatchObject({ items: [{ id: mine.id }], nextCursor: null });

  const memberId = members[0]?.id ?? '';
  const pairs = [
    [`/squads/${id}`, `/squads/${unknownId}`],
    [`/squads/${id}/members`, `/squads/${unknownId}/members`],
    [`/squads/${id}/members/${memberId}`, `/squads/${unknownId}/members/${memberId}`],
    [`/squads/${mine.id}/members/${memberId}`, `/squads/${mine.id}/members/${unknownId}`],
  ] as const;
  const plain = (text: string) => text.replace(/"requestId":"[^"]*"/, '');
  for (const [foreign, random] of pairs)
    for (const [method, given] of [
      ['GET', undefined],
      ['POST', { role: 'tester' }],
      ['PATCH', { name: 'x' }],
      ['DELETE', undefined],
    ] as const)
      for (const headers of [
        {},
        { 'if-match': '*' },
        { 'if-match': '"7"' },
        { 'if-match': 'x' },
        { 'if-none-match': '*' },
      ]) {
        const options = { method, headers, key: ours, ...(given === undefined ? {} : { body: given }) };
        const [first, second] = [await ask(foreign, options), await ask(random, options)];
        expect([method, foreign, first.status]).toEqual([method, foreign, 404]);
        expect(plain(first.text)).toBe(plain(second.text));
      }
  expect((await ask(`/squads/${id}`, { key: theirs })).body).toMatchObject({ name: 'crew', version: 1, members });
});

it('lets readers read and not change', async () => {
  await using requests = await openSquadRequests();
  const { ask } = requests;
  const writer = await keyOf(requests, 'ours', 'write');
  const { id, members } = squadIn(await ask('/squads', { key: writer, body: { name: 'crew', template: 'review' } }));
  const key = await keyOf(requests, 'ours', 'read');
  const member = `/squads/${id}/members/${members[0]?.id}`;
  for (const path of ['/squads', `/squads/${id}`, `/squads/${id}/members`, member])
    expect([path, (await ask(path, { key })).status]).toEqual([path, 200]);
  const changes = [
    await ask('/squads', { key, body: { name: 'other', template: 'review' } }),
    await ask(`/squads/${id}/members`, { key, body: { role: 'tester' } }),
    await ask(`/squads/${id}`, { key, method: 'PATCH', body: { name: 'x' }, headers: { 'if-match': '*' } }),
    await ask(member, { key, method: 'PATCH', body: { name: 'x' }, headers: { 'if-match': '*' } }),
    await ask(`/squads/${id}`, { key, method: 'DELETE' }),
    await ask(member, { key, method: 'DELETE' }),
  ];
  expect(changes.map(({ status }) => status)).toEqual(changes.map(() => 403));
  expect((await ask(`/squads/${id}`)).status).toBe(401);
  expect((await ask(`/squads/${id}`, { key })).body).toMatchObject({ name: 'crew', version: 1 });
});
