import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readApiDocument } from '../../support/answer-schema.ts';
import { exchange } from '../../support/exchange.ts';
import type { Exchange, ExchangeOptions } from '../../support/exchange.ts';
import { bodyOf, pairsOf, prefix } from './pairs.ts';
import type { Described } from './pairs.ts';
import { openTenants } from './tenants.ts';
import type { Tenants } from './tenants.ts';

let tenants: Tenants;
let operations: readonly Described[];
beforeAll(async () => {
  tenants = await openTenants();
  const { paths } = await readApiDocument(tenants.server);
  operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), template, operation })),
  );
});
afterAll(() => tenants[Symbol.asyncDispose]());

const isAddressed = ({ template }: Described): boolean => template.includes('{');
const uncompared = new Set(['date', 'x-request-id', 'ratelimit', 'ratelimit-policy']);

/** What of an answer anybody could tell something by. */
function visible({ status, rawHeaders, text }: Exchange) {
  const headers: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    headers.push(`${name}: ${uncompared.has(name) ? '…' : rawHeaders[at + 1]}`);
  }
  return { status, headers, text: text.replace(/"requestId":"[^"]*"/, '"requestId":"…"') };
}

/** Headers that a request may bring, each alone: any of them could be looked at before whose it is. */
const headerSets: readonly Readonly<Record<string, string>>[] = [
  {},
  ...['*', '"1"', '"1", "2"', 'W/"1"', 'nonsense'].map((tag) => ({ 'if-match': tag })),
  ...['*', '"1"'].map((tag) => ({ 'if-none-match': tag })),
  ...['1', 'nonsense'].map((id) => ({ 'last-event-id': id })),
  { 'idempotency-key': 'classified-done-true' },
  { origin: 'https://evil.example' },
  { accept: 'text/html' },
  { range: 'bytes=0-1' },
];

/** What may come with a request: the body it takes, one that it does not, none at all, one of another kind. */
function requestsOf(described: Described): readonly Pick<ExchangeOptions, 'body' | 'headers'>[] {
  const body = bodyOf(described);
  const json = { 'content-type': 'application/json' };
  const plain = headerSets.map((headers) => ({ headers }));
  if (body === undefined) return plain;
  return [
    ...headerSets.map((headers) => ({ headers: { ...headers, ...json }, body: JSON.stringify(body) })),
    { headers: { ...json, 'if-match': '*' }, body: '{"unknown":1}' },
    { headers: { ...json, 'if-match': '*' }, body: '{' },
    { headers: json },
    { headers: { 'content-type': 'text/plain' }, body: 'x' },
    ...plain.slice(0, 1),
  ];
}

/** The same address with each query it documents, and with one that it does not. */
function queriesOf({ operation }: Described): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    limit: '1',
    cursor: '1',
    after: '1',
    token: 'nonsense',
  };
  const names = (operation.parameters ?? []).filter((given) => given.in === 'query').map(({ name }) => name);
  const unknown = names.filter((name) => values[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`No value is known for ${unknown.join()} of ${operation.operationId}: say one.`);
  return ['', '?unknown=1', ...names.flatMap((name) => [`?${name}=${values[name]}`, `?${name}=%00`])];
}

/**
 * Where a foreign and a random id are answered differently, or are not refused. Only the first pair of an operation is tried with
 * all that may come with a request: the others are for what the state of a thing could tell.
 */
async function differences(described: Described, key: string | null, most = Infinity): Promise<readonly string[]> {
  const { method } = described;
  const { url } = tenants.server;
  const found: string[] = [];
  for (const [place, { what, foreign, random }] of pairsOf(tenants, described).entries())
    for (const query of queriesOf(described).slice(0, place === 0 ? most : 1))
      for (const { headers = {}, ...rest } of requestsOf(described).slice(0, place + query.length === 0 ? most : 2)) {
        const options = {
          method,
          headers: { ...headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
        };
        const [first, second] = (
          await Promise.all([foreign, random].map((path) => exchange(url, path + query, { ...options, ...rest })))
        ).map(visible);
        if (JSON.stringify(first) !== JSON.stringify(second) || (first?.status ?? 0) < 400)
          found.push(`${what}: ${method} ${foreign}${query} ${JSON.stringify({ headers, ...rest, first, second })}`);
      }
  return found;
}

/** All that the other tenant can see of itself. */
async function everythingOfTheirs(): Promise<string> {
  const { things, key } = tenants.theirs;
  const paths = [
    '/squads',
    '/executions',
    '/approvals',
    '/work-items',
    '/budgets',
    '/schedules',
    '/convoys',
    // How many may run of the one that runs is another figure from time to time.
    ...Object.values({ ...things.convoys, running: things.convoys.failed }).map((id) => `/convoys/${id}`),
    ...Object.values(things.executions).flatMap((id) => [`/executions/${id}`, `/executions/${id}/messages`]),
  ];
  const answers = [];
  for (const path of paths) answers.push((await tenants.server.ask(path, { key })).text);
  return answers.join('\n');
}

describe('what belongs to another tenant', () => {
  it('is like what does not exist, to the byte, for every operation with an id in its address', async () => {
    const before = await everythingOfTheirs();
    const addressed = operations.filter(isAddressed);
    expect(addressed.length).toBeGreaterThan(15);
    for (const described of addressed) {
      expect(await differences(described, tenants.ours.key)).toEqual([]);
      expect(await differences(described, tenants.ours.reader, 2)).toEqual([]);
    }
    expect(await everythingOfTheirs()).toBe(before);
  }, 120_000);

  it('is like what does not exist for whoever brings no key', async () => {
    for (const described of operations.filter(isAddressed)) expect(await differences(described, null, 2)).toEqual([]);
  });

  it('would be noticed if it were told apart', async () => {
    const { squadra } = tenants.server.assembly;
    const theirs = squadra.forTenant('theirs');
    // The planted leak: whoever asks gets to see what this tenant has.
    using _leak = vi.spyOn(squadra, 'forTenant').mockReturnValue(theirs);
    const readers = operations.filter(({ operation }) => /^get(?!Me)/.test(operation.operationId));
    expect(readers.length).toBeGreaterThan(3);
    for (const described of readers) expect(await differences(described, tenants.ours.key, 1)).not.toEqual([]);
  });

  it('is in none of the lists, whatever they are filtered by', async () => {
    const { theirs, ours, server } = tenants;
    const ids = [...theirs.things.squads, ...theirs.things.members, ...Object.values(theirs.things.executions)];
    ids.push(
      ...theirs.things.schedules,
      ...theirs.things.approvals,
      ...theirs.things.workItems,
      ...Object.values(theirs.things.convoys),
    );
    const lists = operations.filter(({ method, template }) => method === 'GET' && !template.includes('{'));
    for (const { template } of lists.filter((list) => list.template.startsWith(prefix) && !isStream(list)))
      for (const query of ['', '?limit=200']) {
        const { text } = await server.ask(template + query, { key: ours.key });
        expect([template, ids.filter((id) => text.includes(id)), text.includes('classified')]).toEqual([
          template,
          [],
          false,
        ]);
      }
  });

  it('answers a request of its owner with anything but 404, so that the ids above are real', async () => {
    const { url } = tenants.server;
    const depth = ({ method, template }: Described): number =>
      method === 'DELETE' ? 10 - template.split('/').length : 0;
    for (const described of operations.filter(isAddressed).toSorted((a, b) => depth(a) - depth(b))) {
      const body = bodyOf(described);
      const options = {
        method: described.method,
        headers: {
          authorization: `Bearer ${tenants.theirs.key}`,
          'if-match': '"999"',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        onlyBeginning: true,
      };
      for (const { what, foreign } of pairsOf(tenants, described)) {
        if (what.startsWith('a foreign member of our') || what.startsWith('our member')) continue;
        const { status, text } = await exchange(url, foreign, options);
        expect([described.operation.operationId, what, status, text]).not.toEqual([
          described.operation.operationId,
          what,
          404,
          text,
        ]);
      }
    }
  });
});

const isStream = ({ operation }: Described): boolean =>
  Object.keys(operation.responses['200']?.content ?? {}).includes('text/event-stream');

it('a route with an id for which no pair is known is named', () => {
  expect(() => pairsOf(tenants, { method: 'GET', template: '/api/v1/gadgets/{id}' })).toThrow(
    'GET /api/v1/gadgets/{id}',
  );
  expect(() => pairsOf(tenants, { method: 'PUT', template: '/api/v1/squads/{id}/badges/{badgeId}' })).toThrow(
    'badgeId',
  );
});
