import type { Json } from '../kernel/json.ts';
import { readRequest } from './offline-request.ts';

const maxDepth = 8;
const maxListLength = 5;

/** A value of the schema's shape filled with the request's own words. Text patterns and formats are not followed. */
export function offlineObject(schema: unknown, message: string): Json {
  const { title, tasks } = readRequest(message);
  const points = tasks.map((task) => task.text);
  return new SchemaFiller(schema, title, points).fill(schema, 0, 0);
}

type Schema = Readonly<Record<string, unknown>>;

class SchemaFiller {
  readonly #root: unknown;
  readonly #title: string;
  readonly #points: readonly string[];

  constructor(root: unknown, title: string, points: readonly string[]) {
    this.#root = root;
    this.#title = title;
    this.#points = points;
  }

  /** `place` is the index in the list the value belongs to: it picks the point the value speaks of. */
  fill(given: unknown, place: number, depth: number): Json {
    const schema = this.#resolve(given);
    if (schema === null || depth > maxDepth) return null;
    if ('const' in schema) return plain(schema.const);
    if ('default' in schema) return plain(schema.default);
    if (Array.isArray(schema.enum)) return plain(schema.enum[0]);
    const choices = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(choices)) return this.fill(choices[0], place, depth + 1);
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case 'object':
        return this.#fillObject(schema, place, depth);
      case 'array':
        return this.#fillList(schema, depth);
      case 'string':
        return this.#fillText(schema, place);
      case 'integer':
      case 'number':
        return lowest(schema);
      case 'boolean':
        return true;
      default:
        return null;
    }
  }

  #fillObject(schema: Schema, place: number, depth: number): Json {
    const properties = isSchema(schema.properties) ? schema.properties : {};
    return Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, this.fill(property, place, depth + 1)]),
    );
  }

  #fillList(schema: Schema, depth: number): Json {
    const most = typeof schema.maxItems === 'number' ? schema.maxItems : maxListLength;
    const least = typeof schema.minItems === 'number' ? schema.minItems : 1;
    const length = Math.max(least, Math.min(most, this.#points.length));
    return Array.from({ length }, (_, index) => this.fill(schema.items, index, depth + 1));
  }

  #fillText(schema: Schema, place: number): Json {
    const text = this.#points[place] ?? this.#title;
    const most = typeof schema.maxLength === 'number' ? schema.maxLength : text.length;
    const least = typeof schema.minLength === 'number' ? schema.minLength : 0;
    return text.slice(0, most).padEnd(Math.min(least, 10_000), '.');
  }

  #resolve(given: unknown): Schema | null {
    if (!isSchema(given)) return null;
    if (typeof given.$ref !== 'string' || !given.$ref.startsWith('#')) return given;
    let target: unknown = this.#root;
    for (const part of given.$ref.slice(1).split('/').filter(Boolean)) target = isSchema(target) ? target[part] : null;
    return isSchema(target) ? target : null;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The smallest number the schema allows, from zero up. */
function lowest(schema: Schema): number {
  const least = typeof schema.minimum === 'number' ? schema.minimum : 0;
  const above = typeof schema.exclusiveMinimum === 'number' ? schema.exclusiveMinimum + 1 : 0;
  // A schema made of a plain integer states the safe range as its bounds.
  return Math.max(0, least, above);
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}
