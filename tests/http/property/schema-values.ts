import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import type { Json } from '../../../src/kernel/json.ts';

/** The part of JSON Schema that the description uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** Texts that programs stumble over. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202e\u200b\ufeff',
  '👩‍👩‍👧‍👦'.repeat(50),
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
  'ü'.repeat(100_000),
  "'; DROP TABLE executions; --",
  '../../etc/passwd',
  '{{x}}${x}%s%n',
  '\n\r\u2028\u2029\u0085',
  'NaN',
  '-0',
  '1e999',
  '9007199254740993',
];

/** Values of a wrong or rare kind. */
const oddValues: Arbitrary<Json> = fc.oneof(
  fc.constantFrom(...oddTexts),
  fc.constantFrom<Json>(null, true, false, [], {}, 0, -1, 0.1, 1e308, -1e308, 5e-324, 2 ** 53, 2 ** 63, [null], [[]]),
  fc.constantFrom<Json>(
    Array.from({ length: 2_000 }, () => 0),
    { constructor: { prototype: 1 } },
  ),
  fc.jsonValue({ maxDepth: 3 }) as Arbitrary<Json>,
);

/** Values for fields by name, where only few are of use: such as ids of things that are there. */
export type Pool = (name: string) => readonly Json[];

/** Values as a schema describes them. */
export function valuesOf(schema: Schema, components: Readonly<Record<string, Schema>>, pool: Pool): Arbitrary<Json> {
  const visit = (given: Schema, name: string, depth: number): Arbitrary<Json> => {
    const known = pool(name);
    const plain = visitPlain(given, name, depth);
    return known.length > 0 ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...known) }, plain) : plain;
  };
  const visitPlain = (given: Schema, name: string, depth: number): Arbitrary<Json> => {
    const { $ref, anyOf, allOf, enum: choices, const: only } = given;
    const target = $ref === undefined ? undefined : components[$ref.split('/').at(-1) ?? ''];
    if (target !== undefined) return visit(target, name, depth + 1);
    if (anyOf !== undefined) return fc.oneof(...anyOf.map((part) => visit(part, name, depth)));
    if (allOf?.[0] !== undefined) return visit(allOf[0], name, depth);
    if (choices !== undefined) return fc.constantFrom(...choices);
    if (only !== undefined) return fc.constant(only);
    const types = typeof given.type === 'string' ? [given.type] : (given.type ?? []);
    if (types.length === 0) return oddValues;
    return fc.oneof(...types.map((type) => ofType(type, given, name, depth)));
  };
  const ofType = (type: string, given: Schema, name: string, depth: number): Arbitrary<Json> => {
    const { minimum = -(2 ** 53), maximum = 2 ** 53 } = given;
    switch (type) {
      case 'string':
        return textOf(given);
      case 'integer':
        return fc.integer({ min: Math.max(minimum, -(2 ** 53) + 1), max: Math.min(maximum, 2 ** 53 - 1) });
      case 'number':
        return fc.double({ min: minimum, max: maximum, noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(visit(given.items ?? {}, name, depth + 1), { maxLength: 4 });
      default:
        return objectOf(given, depth);
    }
  };
  const objectOf = ({ properties = {}, required = [] }: Schema, depth: number): Arbitrary<Json> =>
    depth > 6
      ? fc.constant({})
      : (fc.record(
          Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, visit(part, name, depth + 1)])),
          { requiredKeys: [...required] },
        ) as Arbitrary<Json>);
  return visit(schema, '', 0);
}

function textOf({ minLength = 0, maxLength = 60, format }: Schema): Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const length = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) };
  return fc.oneof(fc.string({ ...length, unit: 'binary' }), fc.string(length), fc.constantFrom(...oddTexts));
}

/** Bodies as they are sent: most fit the schema, the rest are spoiled in one way. */
export function bodiesOf(fitting: Arbitrary<Json>): Arbitrary<Uint8Array> {
  const spoiled = fc.tuple(fitting, fc.nat(), fc.string(), oddValues).map(([value, place, name, odd]) => {
    const fields = Object.entries(isObject(value) ? value : { value });
    const at = place % Math.max(1, fields.length);
    const [key = 'x'] = fields[at] ?? [];
    return [
      { ...Object.fromEntries(fields), [key]: odd },
      Object.fromEntries(fields.filter((_, index) => index !== at)),
      { ...Object.fromEntries(fields), [name]: odd },
      odd,
    ][place % 4];
  });
  const texts = fc
    .tuple(fitting, fc.constantFrom(...spoilers))
    .map(([value, spoil]) => Buffer.from(spoil(JSON.stringify(value)), 'latin1'));
  return fc.oneof(
    { weight: 4, arbitrary: fitting.map(encoded) },
    { weight: 3, arbitrary: spoiled.map((value) => encoded(value ?? null)) },
    { weight: 2, arbitrary: texts },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  );
}

const encoded = (value: Json): Uint8Array => Buffer.from(JSON.stringify(value));
const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nested = (depth: number, [open, close]: readonly [string, string]): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;
const withField = (text: string, field: string): string =>
  text.startsWith('{') && text.length > 2 ? `{${field},${text.slice(1)}` : `{${field}}`;

/** What JSON.stringify does not write. */
const spoilers: readonly ((text: string) => string)[] = [
  (text) => text.slice(0, Math.floor(text.length / 2)),
  (text) => `${text}${text}`,
  (text) => `\u00ef\u00bb\u00bf${text}`,
  (text) => `\u00ff\u00fe${text}`,
  (text) => text.replaceAll('"', "'"),
  (text) => withField(text, '"__proto__":{"isAdmin":true}'),
  (text) => withField(text, '"constructor":{"prototype":{"isAdmin":true}}'),
  (text) => withField(text, '"metadata":{"__proto__":1}'),
  (text) => withField(text, '"priority":1e400'),
  (text) => withField(text, `"priority":${'9'.repeat(5_000)}`),
  (text) => withField(text, '"input":-0'),
  (text) => withField(text, '"title":"\\ud800","name":"\\udc00","message":"\\ud800x","text":"\\udfff"'),
  (text) => withField(text, '"title":"\u00c0\u00af","message":"\u00ed\u00a0\u0080","reason":"\u00ff"'),
  (text) => withField(text, `"input":${nested(10_001, ['[', ']'])}`),
  (text) => withField(text, `"metadata":${nested(12_000, ['{"a":', '}'])}`),
  (text) => withField(text, `"metadata":${nested(490, ['[', ']'])},"input":${nested(490, ['{"a":', '}'])}`),
  (text) => withField(text, `"input":${nested(490, ['[', ']'])}`),
  () => nested(100_000, ['[', ']']),
  () => '['.repeat(100_000),
  () => nested(498, ['[', ']']),
  () => `{"message":"${'x'.repeat(900_000)}","workflow":"echo","start":false}`,
  () => `"${'x'.repeat(2_000_000)}"`,
  () => '',
  () => '\u0000',
];
