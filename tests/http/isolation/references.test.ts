import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readApiDocument } from '../../support/answer-schema.ts';
import { readEvents } from '../../support/event-reader.ts';
import { exchange, headerOf } from '../../support/exchange.ts';
import { bodyOf } from './pairs.ts';
import type { Described } from './pairs.ts';
import { openTenants, randomId } from './tenants.ts';
import type { Tenants } from './tenants.ts';

let tenants: Tenants;
let operations: readonly (Described & { readonly fields: readonly string[] })[];
beforeAll(async () => {
  tenants = await openTenants();
  const document = await readApiDocument(tenants.server);
  operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      operation,
      fields: fieldsOf(document, operation),
    })),
  );
});
afterAll(() => tenants[Symbol.asyncDispose]());

const schemaShape = z.looseObject({
  $ref: z.string().exactOptional(),
  properties: z.record(z.string(), z.unknown()).exactOptional(),
  anyOf: z.array(z.unknown()).exactOptional(),
  items: z.unknown().optional(),
});
const componentsShape = z.looseObject({ components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }) });

/** The names of the fields of a body, at any depth. */
function fieldsOf(document: object, { requestBody }: Described['operation']): readonly string[] {
  const { components } = componentsShape.parse(document);
  const names = new Set<string>();
  const visit = (given: unknown): void => {
    const schema = schemaShape.safeParse(given).data;
    if (schema === undefined) return;
    if (schema.$ref !== undefined) visit(components.schemas[schema.$ref.split('/').at(-1) ?? '']);
    for (const part of schema.anyOf ?? []) visit(part);
    visit(schema.items);
    for (const [name, part] of Object.entries(schema.properties ?? {})) {
      names.add(name);
      visit(part);
    }
  };
  const content = z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.unknown() })) });
  visit(content.safeParse(requestBody).data?.content['application/json']?.schema);
  return [...names];
}

/** What names a thing of the tenant, in bodies, queries and headers. */
const references = ['squad', 'schedule', 'memberId', 'convoyId', 'executionId', 'dependencies'];
/** Places in lists and streams: looked at below. */
const places = ['cursor', 'after', 'last-event-id'];
/** What names nothing that a tenant has. `token` is a credential, `idempotency-key` is looked at below. */
const plain = [
  'name description template members role specialization provider model temperature instructions tools workflow',
  'message input priority start metadata reason choice comment text title context artifacts',
  'labels status limit createdAfter token if-match if-none-match idempotency-key idempotencyKey budget before createdBefore',
  'limitMicroUsd limitTokens onExceeded scope timeRange groupBy from to set userId',
  'cron every timezone overlap missed',
  'items key dependsOn parallelism stopOnFirstFailure timeout baselineParallelism maxParallelism cpuThreshold memoryThreshold',
].flatMap((names) => names.split(' '));

const parametersOf = ({ operation }: Described, where: string): readonly string[] =>
  (operation.parameters ?? []).filter((given) => given.in === where).map(({ name }) => name);

/** A foreign and a random value of a reference. */
function valuesOf(name: string): readonly (readonly [foreign: string, random: string])[] {
  const { squads, members, executions, workItems, convoys, schedules } = tenants.theirs.things;
  const foreign: Readonly<Record<string, readonly (string | undefined)[]>> = {
    squad: [squads[0]],
    memberId: [members[0]],
    convoyId: Object.values(convoys),
    executionId: Object.values(executions),
    dependencies: workItems,
    schedule: schedules,
  };
  const pairs = (foreign[name] ?? []).map((id) => [id ?? '', randomId] as const);
  return name === 'squad' ? [...pairs, ['classified-crew', 'nowhere-at-all']] : pairs;
}

/** An answer without what differs from one request to the next: ids, times, and the value that was given. */
async function answerTo({ method, path, body, given }: Asked) {
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await exchange(tenants.server.url, path, {
    method,
    headers: { ...json, 'if-match': '*', authorization: `Bearer ${tenants.ours.key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    onlyBeginning: true,
  });
  const cleaned = (text: string): string =>
    text
      .replaceAll(given, '<given>')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return {
    status: answer.status,
    headers: answer.rawHeaders.filter((_, at) => at % 2 === 0),
    location: cleaned(headerOf(answer, 'location') ?? ''),
    etag: headerOf(answer, 'etag'),
    text: cleaned(answer.text),
  };
}
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly given: string;
}

/** An address of ours for an operation; what it changes is made anew. */
async function addressOf({ template, operation }: Described): Promise<string> {
  const { squadra } = tenants.server.assembly;
  if (!template.includes('{')) return template;
  if (operation.operationId !== 'updateWorkItem') throw new Error(`No address of ours for ${operation.operationId}.`);
  const { id } = await squadra.forTenant('ours').workItems.create({ title: 'Our item' });
  return template.replace('{id}', id);
}

describe('what names something in a request', () => {
  it('is known here, for every field, query and header of the description', () => {
    const known = new Set([...references, ...places, ...plain]);
    const unknown = operations.flatMap((described) =>
      [...described.fields, ...parametersOf(described, 'query'), ...parametersOf(described, 'header')]
        .filter((name) => !known.has(name))
        .map((name) => `${described.operation.operationId}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  it('is taken alike whether it is of another tenant or of nobody', async () => {
    let compared = 0;
    // Lists first: what the others make would be in them.
    for (const described of operations.toSorted((a, b) => Number(a.method !== 'GET') - Number(b.method !== 'GET'))) {
      const { method, fields } = described;
      const queries = parametersOf(described, 'query');
      for (const name of references)
        for (const values of valuesOf(name)) {
          const ask = async (given: string) => {
            const path = await addressOf(described);
            if (queries.includes(name))
              return answerTo({ method, path: `${path}?${name}=${given}`, body: undefined, given });
            const body = { ...(bodyOf(described) as object), [name]: name === 'dependencies' ? [given] : given };
            return answerTo({ method, path, body, given });
          };
          if (!queries.includes(name) && !fields.includes(name)) continue;
          const [foreign, random] = [await ask(values[0]), await ask(values[1])];
          expect([described.operation.operationId, name, foreign]).toEqual([
            described.operation.operationId,
            name,
            random,
          ]);
          expect(foreign.text).not.toContain('classified-');
          compared++;
        }
    }
    expect(compared).toBeGreaterThan(20);
  });
});

describe('a place of another tenant', () => {
  it('in a list shows nothing of that list', async () => {
    const { server, theirs, ours } = tenants;
    const pageShape = z.object({ nextCursor: z.string().nullable() });
    const lists = operations.filter((list) => list.method === 'GET' && parametersOf(list, 'query').includes('cursor'));
    for (const { template } of lists.filter((list) => !list.template.includes('{'))) {
      const first = await server.ask(`${template}?limit=1`, { key: theirs.key });
      const { nextCursor } = pageShape.parse(first.body);
      if (nextCursor === null) continue;
      const { status, text } = await server.ask(`${template}?cursor=${encodeURIComponent(nextCursor)}`, {
        key: ours.key,
      });
      expect([template, status, text.includes('classified-')]).toEqual([template, 200, false]);
    }
  });

  it('in the events of all executions shows none of its events', async () => {
    const { server, theirs, ours } = tenants;
    using theirReader = await readEvents(`${server.url}/api/v1/events?after=start`, {
      headers: { authorization: `Bearer ${theirs.key}` },
    });
    await theirReader.until(({ data }) => data['executionId'] === theirs.things.executions.waiting);
    const cursors = theirReader.events.flatMap(({ id }) => id ?? []);
    expect(cursors.length).toBeGreaterThan(3);
    for (const after of ['start', ...cursors]) {
      const headers = { authorization: `Bearer ${ours.key}`, 'last-event-id': after };
      using reader = await readEvents(`${server.url}/api/v1/events`, { headers });
      expect([after, reader.status]).toEqual([after, 200]);
      const { id } = await server.assembly.squadra.forTenant('ours').submit('done', { input: 1, start: false });
      await reader.until(({ data }) => data['executionId'] === id);
      expect(reader.text).not.toContain('classified-');
      for (const foreign of Object.values(tenants.theirs.things.executions)) expect(reader.text).not.toContain(foreign);
    }
  });
});

it('an idempotency key of a convoy means nothing to another tenant', async () => {
  const { server, theirs, ours } = tenants;
  const create = (key: string, message: string) =>
    server.ask('/convoys', {
      key,
      body: { items: [{ key: 'a', role: 'tester', message }] },
      headers: { 'idempotency-key': 'the same' },
    });
  const [first, second] = [await create(theirs.key, 'One.'), await create(ours.key, 'Two.')];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect((first.body as { id: string }).id).not.toBe((second.body as { id: string }).id);
  expect((await create(ours.key, 'One.')).status).toBe(409);
  expect((await create(theirs.key, 'One.')).text).toBe(first.text);
});

it('an idempotency key means nothing to another tenant', async () => {
  const { server, theirs, ours } = tenants;
  const submit = (key: string, input: unknown) =>
    server.ask('/executions', {
      key,
      body: { workflow: 'done', input, start: false },
      headers: { 'idempotency-key': 'the same' },
    });
  const [first, second] = [await submit(theirs.key, 1), await submit(ours.key, 2)];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect((first.body as { id: string }).id).not.toBe((second.body as { id: string }).id);
  expect((await submit(ours.key, 1)).status).toBe(409);
  expect((await submit(theirs.key, 1)).text).toBe(first.text);
});
