import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Json } from '../../../src/kernel/json.ts';
import { bodiesOf, oddTexts, valuesOf } from './schema-values.ts';
import type { Pool, Schema } from './schema-values.ts';

/** The description, with as much of its schemas as requests are made from. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RequestDescription>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface RequestDescription {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** A request as it goes over the wire. */
export interface GeneratedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Encodings that are none, or say something else than it seems: overlong, not UTF-8, half, doubled. */
const oddEncodings = [
  '%00',
  '%c0%af',
  '%e0%80%af',
  '%ed%a0%80',
  '%ff',
  '%',
  '%2',
  '%zz',
  '%2e%2e',
  '%2F',
  '%252F',
  '..',
  '.',
  '%0d%0a',
  '\u00ff',
  '*',
  '+',
  '%20',
  '"',
  '<script>',
  '|',
  '\\',
  '__proto__',
  ';a=b',
  '%u0041',
  '%F0%9F%98%80',
  'x'.repeat(4_000),
];
const oddEncoding = fc.constantFrom(...oddEncodings);

/** What may stand in a header; anything else no client sends. */
const headerText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '*',
    '"1"',
    '"2"',
    'W/"1"',
    '"',
    '""',
    '"1", "2"',
    ',',
    '"x',
    '1',
    '0',
    '-1',
    '99999999999999999',
  ),
  fc.constantFrom('"'.repeat(1_000), '"1",'.repeat(500), 'x'.repeat(255), 'x'.repeat(256), 'start', '1.5', '__proto__'),
  fc.string({ maxLength: 50 }),
  fc.constantFrom('\u00ff\u0080', 'a\tb'),
);
const contentTypes = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json;charset=utf-16',
  'Application/JSON',
  'application/problem+json',
  'application/jsonx',
  'text/json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
  ';',
  'application/json, text/plain',
  'application/json;',
  '*/*',
];
const oddHeaders = someOf({
  'if-match': headerText,
  'if-none-match': headerText,
  'last-event-id': headerText,
  'idempotency-key': headerText,
  accept: fc.constantFrom('*/*', 'text/html', 'application/xml', '', ';;;', 'text/event-stream'),
  'accept-encoding': fc.constantFrom('gzip', 'identity;q=0', '*;q=0'),
  'content-encoding': fc.constantFrom('gzip', 'br', 'identity', 'x'),
  expect: fc.constantFrom('nonsense'),
  range: fc.constantFrom('bytes=0-', 'bytes=9-1', 'x'),
  origin: fc.constantFrom('null', 'https://evil.example', 'x'),
  cookie: fc.constantFrom('a=b', '='.repeat(500)),
  'x-http-method-override': fc.constantFrom('DELETE', 'x'),
  'x-forwarded-for': fc.constantFrom('1.1.1.1', 'x'),
  upgrade: fc.constantFrom('h2c'),
});

/** One or two of the headers: more at once would each hide what the others do. */
function someOf(all: Readonly<Record<string, Arbitrary<string>>>): Arbitrary<Record<string, string>> {
  const one = fc.oneof(
    ...Object.entries(all).map(([name, values]) => values.map((value): Record<string, string> => ({ [name]: value }))),
  );
  return fc.tuple(one, fc.oneof(fc.constant({}), one)).map(([first, second]) => ({ ...first, ...second }));
}

/** All the requests that one operation may get, from those that fit to those that nobody would send. */
export function requestsOf(
  place: { readonly method: string; readonly template: string; readonly operation: RequestDescription },
  { components: { schemas } }: Description,
  pool: Pool,
): Arbitrary<GeneratedRequest> {
  const { method, template, operation } = place;
  const { parameters = [], requestBody } = operation;
  const values = (schema: Schema, name: string): Arbitrary<Json> =>
    valuesOf({ properties: { [name]: schema }, required: [name], type: 'object' }, schemas, pool).map(
      (value) => (value as Record<string, Json>)[name] ?? null,
    );
  const written = (value: Json): string =>
    encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed().slice(0, 5_000));
  const segment = (name: string): Arbitrary<string> => {
    const known = pool(kindOf(template, name));
    return fc.oneof(
      { weight: 6, arbitrary: known.length > 0 ? fc.constantFrom(...known).map(written) : fc.uuid() },
      { weight: 1, arbitrary: fc.uuid() },
      { weight: 1, arbitrary: oddEncoding },
      { weight: 1, arbitrary: fc.constantFrom(...oddTexts).map(written) },
    );
  };
  const path = template
    .split('/')
    .map((part) => (part.startsWith('{') ? segment(part.slice(1, -1)) : fc.constant(part)));
  const queries = parameters.filter((given) => given.in === 'query').map(({ name, schema }) => ({ name, schema }));
  const fittingPart = queries.map(({ name, schema }) =>
    values(schema, name).map((value) => `${name}=${written(value)}`),
  );
  const queryPart = fc.oneof(
    ...fittingPart,
    ...fittingPart,
    ...queries.map(({ name, schema }) =>
      fc
        .oneof(values(schema, name).map(written), oddEncoding, fc.constantFrom(...oddTexts).map(written))
        .map((text) => `${name}=${text}`),
    ),
    oddEncoding.map((text) => `${text}=${text}`),
    fc.constantFrom('', '&', 'a[b]=c', '__proto__=1', 'constructor=1', 'limit', 'limit=1&limit=2', '?', '#', 'x=1'),
  );
  const query = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 2, arbitrary: fc.array(queryPart, { minLength: 1, maxLength: 3 }).map((parts) => `?${parts.join('&')}`) },
  );
  const json = requestBody?.content['application/json']?.schema;
  const body =
    json === undefined
      ? fc.option(fc.constantFrom<Uint8Array>(Buffer.from('{}'), Buffer.from('x')), { nil: undefined, freq: 10 })
      : fc.option(bodiesOf(valuesOf(json, schemas, pool)), { nil: undefined, freq: 10 });
  const fitting = fc.constant({ 'content-type': 'application/json', 'if-match': '*' });
  const headers = fc.oneof(
    { weight: 3, arbitrary: fitting },
    { weight: 2, arbitrary: fc.tuple(fitting, oddHeaders).map(([usual, odd]) => ({ ...usual, ...odd })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...contentTypes), oddHeaders)
        .map(([type, odd]) => ({ 'content-type': type, ...odd })),
    },
    { weight: 1, arbitrary: oddHeaders },
  );
  return fc.tuple(fc.tuple(...path), query, headers, body).map(([parts, search, given, bytes]) => ({
    method,
    path: sendable(parts.join('/') + search),
    headers: given,
    ...(bytes === undefined ? {} : { body: bytes }),
  }));
}

/** Without what a client refuses to send; and shorter than headers may be in all, which is looked at elsewhere. */
const sendable = (path: string): string => path.replace(/[^!-\u00ff]/g, '%20').slice(0, 9_000);

/** What a parameter of an address names: `{id}` is of the kind that stands before it. */
function kindOf(template: string, name: string): string {
  if (name !== 'id') return name;
  const parts = template.split('/');
  return parts[parts.indexOf('{id}') - 1] ?? name;
}
