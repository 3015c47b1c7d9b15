import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { describedAsk } from '../../support/answer-schema.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';

const greet = defineWorkflow({
  name: 'greet',
  input: z.object({ who: z.string(), at: z.date() }),
  run: () => 'Hello.',
});
const open = defineWorkflow({ name: 'open', run: () => 'Done.' });

let server: TestServer;
let ask: TestServer['ask'];
beforeAll(async () => {
  server = await openTestServer({ workflows: [greet, open] });
  ask = await describedAsk(server);
});
afterAll(() => server[Symbol.asyncDispose]());

interface List {
  readonly items: readonly { readonly name: string }[];
  readonly nextCursor: string | null;
}
const list = async (path: string): Promise<List> => (await ask(path)).body as List;

it('lists the roles, with their specializations and what they are told', async () => {
  const { items, nextCursor } = await list('/roles');
  expect(items.length).toBeGreaterThan(10);
  expect(nextCursor).toBeNull();
  expect(items.find(({ name }) => name === 'tester')).toEqual({
    name: 'tester',
    title: 'Tester',
    specializations: ['automation', 'performance'],
    prompt: expect.stringContaining('test'),
  });
});

it('lists templates of which each makes a squad', async () => {
  const { items } = await list('/templates');
  expect(items).toContainEqual({
    name: 'software',
    description: expect.any(String),
    members: ['project_manager', 'backend_developer', 'frontend_developer', 'tester'].map((role) =>
      expect.objectContaining({ role }),
    ),
  });
  for (const { name } of items)
    expect((await ask('/squads', { body: { name: `of ${name}`, template: name } })).status).toBe(201);
});

it('lists roles of which each can be a member', async () => {
  const members = (await list('/roles')).items.map(({ name }) => ({ role: name }));
  expect((await ask('/squads', { body: { name: 'everybody', members } })).status).toBe(201);
});

it('lists the workflows, with what their input looks like where it can be said', async () => {
  const { items } = await list('/workflows');
  expect(items.map(({ name }) => name)).toEqual([
    'pipeline',
    'parallel',
    'delegate',
    'review-loop',
    'task',
    'greet',
    'open',
  ]);
  expect(items[0]).toMatchObject({ isBuiltIn: true, inputSchema: { type: 'object', required: ['message'] } });
  expect(items.slice(5)).toEqual([
    {
      name: 'greet',
      isBuiltIn: false,
      inputSchema: expect.objectContaining({ properties: { who: { type: 'string' }, at: {} } }),
    },
    { name: 'open', isBuiltIn: false, inputSchema: null },
  ]);
});

it.each(['/roles', '/templates', '/workflows'])('turns the pages of %s', async (path) => {
  const whole = await list(path);
  const seen: unknown[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: List = await list(`${path}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...page.items);
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(whole.items);
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'name=tester'])
    expect([query, (await ask(`${path}?${query}`)).status]).toEqual([query, 400]);
});

it('says who asks: whoever is at this machine, while nobody signs in', async () => {
  expect((await ask('/me')).body).toEqual({
    kind: 'local',
    signedInWith: 'nothing',
    tenant: 'local',
    id: 'local',
    name: 'local',
    userId: null,
    scopes: ['read', 'write', 'admin'],
    expiresAt: null,
  });
  expect((await ask('/me?verbose=1')).status).toBe(400);
});

it('says who asks: the holder of a key, and nothing of the key itself', async () => {
  await using own = await openTestServer();
  const { text, key } = await own.assembly.access.createKey('acme', {
    name: 'ci',
    scopes: ['write'],
    expiresInMs: 86_400_000,
  });
  const askOwn = await describedAsk(own);
  const answer = await askOwn('/me', { key: text });
  expect(answer.body).toEqual({
    kind: 'key',
    signedInWith: 'key',
    tenant: 'acme',
    id: key.id,
    name: 'ci',
    userId: null,
    scopes: ['read', 'write'],
    expiresAt: new Date(key.expiresAt ?? 0).toISOString(),
  });
  for (const path of ['/me', '/roles', '/templates', '/workflows']) expect((await askOwn(path)).status).toBe(401);
});
