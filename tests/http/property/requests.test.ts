import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../../src/kernel/json.ts';
import { defineWorkflow } from '../../../src/workflows/workflow.ts';
import { AnswerSchemas, readApiDocument } from '../../support/answer-schema.ts';
import { exchange } from '../../support/exchange.ts';
import type { Exchange } from '../../support/exchange.ts';
import { openTestServer } from '../../support/http-server.ts';
import type { TestServer } from '../../support/http-server.ts';
import { requestsOf } from './requests.ts';
import type { Description, GeneratedRequest } from './requests.ts';

/** Requests for each operation: as many as keep the file below 20 s. */
const runs = 100;

const echo = defineWorkflow({ name: 'echo', run: ({ input, step }) => step.run('echo', () => input) });
const waits = defineWorkflow({ name: 'waits', run: ({ step }) => step.waitFor('go') });
const asks = defineWorkflow({
  name: 'asks',
  run: ({ step }) => step.approve('release', { title: 'Go ahead?', choices: ['yes', 'no'] }),
});

let server: TestServer;
let schemas: AnswerSchemas;
let description: Description;
let known: Readonly<Record<string, readonly Json[]>>;
let keys: readonly string[];

beforeAll(async () => {
  server = await openTestServer({
    workflows: [echo, waits, asks],
    settings: { rateLimitPerMinute: 0, failedAuthPerMinute: 0, shutdownGrace: '0s', logLevel: 'silent' },
  });
  const { access } = server.assembly;
  const keyOf = async (scope: 'read' | 'write') =>
    (await access.createKey('local', { name: scope, scopes: [scope], expiresInMs: null })).text;
  keys = [await keyOf('write'), await keyOf('read')];
  const document = await readApiDocument(server);
  schemas = new AnswerSchemas(document);
  description = document as unknown as Description;
  known = await makeThings();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Something of each kind, for requests that are about something. */
async function makeThings(): Promise<Readonly<Record<string, readonly Json[]>>> {
  const { squadra } = server.assembly;
  const squads = [];
  for (const name of ['one', 'two', 'three'])
    squads.push(await squadra.squads.create({ name, members: [{ role: 'tester' }, { role: 'reviewer' }] }));
  const executions: string[] = [];
  for (const workflow of ['echo', 'waits', 'asks', 'waits', 'asks'])
    executions.push((await squadra.submit(workflow, { input: 1, squad: 'one' })).id);
  executions.push((await squadra.submit('echo', { input: 1, start: false })).id);
  const items = [];
  for (const title of ['a', 'b', 'c', 'd']) items.push((await squadra.workItems.create({ title })).id);
  const convoys = [];
  for (const key of ['a', 'b', 'c'])
    convoys.push((await squadra.convoys.create({ items: [{ key, role: 'tester', message: 'Look.' }] })).id);
  await vi.waitUntil(async () => (await squadra.approvals.list({})).items.length === 2, { timeout: 20_000 });
  const approvals = (await squadra.approvals.list({})).items.map(({ id }) => id);
  const members = squads.flatMap((squad) => squad.members.map(({ id }) => id));
  return {
    squads: squads.map(({ id }) => id),
    squad: [...squads.map(({ id }) => id), 'one', 'review', 'nowhere'],
    executions,
    executionId: executions,
    approvals,
    'work-items': items,
    convoys,
    convoyId: convoys,
    key: ['a', 'b', 'c', 'd', 'e'],
    dependsOn: [['a'], ['b', 'a'], ['a', 'ghost']],
    items: taskLists,
    parallelism: ['auto', 1, 3, 0],
    timeout: ['5m', 60_000, 'soon', 1],
    baselineParallelism: [1, 2],
    maxParallelism: [30, 1],
    cpuThreshold: [70.5],
    memoryThreshold: [90],
    dependencies: items,
    memberId: members,
    name: ['go', 'release', 'crew'],
    role: ['tester', 'reviewer', 'wizard'],
    template: ['review', 'wizards'],
    workflow: ['echo', 'waits', 'asks', 'nowhere'],
    specialization: ['automation', 'magic'],
    tools: ['read', 'write', 'rm'],
    choice: ['yes', 'no', 'perhaps'],
    start: [false],
    cursor: [...executions, ...items, ...convoys],
  };
}

/** Tasks that fit together. */
const taskLists: readonly Json[] = [
  [{ key: 'a', role: 'tester', message: 'Look.' }],
  [
    { key: 'a', role: 'tester', message: 'Look.', priority: 3 },
    { key: 'b', role: 'tester', message: 'Look again.', dependsOn: ['a'] },
  ],
];

const pageShape = z.looseObject({
  items: z.array(z.looseObject({ id: z.string().default('') })).default([]),
  nextCursor: z.string().nullable().default(null),
});

/** What is wrong with an answer. */
function faultsOf({ method, path }: GeneratedRequest, answer: Exchange): readonly string[] {
  const headers = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2)
    headers.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
  const isJson = /\bjson\b/.test(headers.get('content-type') ?? '');
  const body = isJson && answer.text !== '' ? (JSON.parse(answer.text) as unknown) : null;
  const faults = schemas.faults(method, path, { status: answer.status, headers, body, text: answer.text });
  const missing = ['x-request-id', 'x-content-type-options', 'content-security-policy'].filter(
    (name) => !headers.has(name),
  );
  return [
    ...faults,
    ...(answer.status >= 500 ? [`${answer.status}: ${answer.text}`] : []),
    ...(missing.length > 0 ? [`${answer.status} without ${missing.join()}: ${answer.text.slice(0, 200)}`] : []),
    ...(/\bat .*\.[jt]s:\d+|node_modules|SQLITE|ZodError/.test(answer.text)
      ? [`tells of the inside: ${answer.text}`]
      : []),
  ];
}

/** As much of a request as tells what was asked. */
function shown({ method, path, headers, body = new Uint8Array() }: GeneratedRequest): string {
  const parts = [path, JSON.stringify(headers), Buffer.from(body).toString()];
  return `${method} ${parts.map((part) => part.slice(0, 300)).join(' ')}`;
}

const withKey = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

it('every generated request is answered, in time, as the description says', async () => {
  // Told with what went wrong: the same seed makes the same requests.
  const seed = Math.floor(Math.random() * 2 ** 31);
  const faults = new Set<string>();
  const statuses = new Map<number, number>();
  const keyOf = fc.oneof(
    { weight: 12, arbitrary: fc.constant(keys[0]) },
    { weight: 1, arbitrary: fc.constantFrom(keys[1], undefined, 'nonsense', 'eyJ.e30.x') },
  );
  for (const [template, methods] of Object.entries(description.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const requests = requestsOf(
        { method: method.toUpperCase(), template, operation },
        description,
        (name) => known[name] ?? [],
      );
      await fc.assert(
        fc.asyncProperty(requests, keyOf, async (request, key) => {
          const answer = await exchange(server.url, request.path, {
            ...request,
            headers: { ...request.headers, ...withKey(key) },
            onlyBeginning: true,
          });
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          for (const fault of faultsOf(request, answer))
            faults.add(`${operation.operationId}: ${fault.slice(0, 500)} ← ${shown(request)}`);
        }),
        { numRuns: runs, seed },
      );
    }
  // As many as would tell that the requests do not get far.
  for (const [status, least] of [
    [200, 100],
    [201, 5],
    [202, 5],
    [204, 2],
    [404, 20],
    [409, 2],
  ] as const)
    expect([status, statuses.get(status) ?? 0], `seed ${seed}`).toSatisfy(
      ([, count]: [number, number]) => count >= least,
    );
  expect([...faults], `seed ${seed}`).toEqual([]);
  expect(await unreadable(), `seed ${seed}`).toEqual([]);
}, 120_000);

/** What was stored and cannot be read as the description says; also what went with it, as members and messages. */
async function unreadable(): Promise<readonly string[]> {
  const faults: string[] = [];
  const read = async (path: string): Promise<z.output<typeof pageShape>> => {
    const request = { method: 'GET', path: `/api/v1${path}`, headers: {} };
    const answer = await exchange(server.url, request.path, { headers: withKey(keys[0]), onlyBeginning: true });
    if (answer.status !== 200) faults.push(`${path} → ${answer.status} ${answer.text}`);
    faults.push(...faultsOf(request, answer));
    return pageShape.parse(answer.text.startsWith('{') ? JSON.parse(answer.text) : {});
  };
  for (const kind of ['squads', 'executions', 'approvals', 'work-items', 'convoys']) {
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await read(`/${kind}?limit=20${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      for (const { id } of page.items) {
        await read(`/${kind}/${id}`);
        for (const part of { squads: ['members'], executions: ['messages', 'events', 'ui-stream'] }[kind] ?? [])
          await read(`/${kind}/${id}/${part}`);
      }
      cursor = page.nextCursor;
    }
  }
  return faults;
}
