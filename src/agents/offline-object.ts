import type { Json } from '../kernel/json.ts';
import { readOccasion } from './offline-occasion.ts';
import { readRequest } from './offline-request.ts';

const maxDepth = 8;
const maxListLength = 5;

/** What a judge says who has nothing against it, and where it would say what. */
const acceptance = /^(?:accept|approve|pass)(?:ed)?$/i;
const objections = /^(?:findings|issues|objections|problems)$/i;
/** Names of texts that are read by people. */
const proseName = /^(?:summary|reason|comment|notes?|explanation|rationale)$/i;

/**
 * A value of the schema's shape filled with the request's own words. Text patterns and formats are not followed.
 *
 * A choice is the first in the first round of a flow and the next in each later one, so that what waits for the last choice
 * ends. A list of things that each choose has one of each choice. Numbers in a list count up. What is accepted has no
 * findings.
 */
export function offlineObject(schema: unknown, message: string): Json {
  const { round, message: request } = readOccasion(message);
  const { title, tasks } = readRequest(request);
  return new SchemaFiller(schema, { title, points: tasks.map((task) => task.text), round }).fill(schema, null, 0);
}

type Schema = Readonly<Record<string, unknown>>;

/** What the values are made of. */
interface Material {
  readonly title: string;
  readonly points: readonly string[];
  readonly round: number;
}

class SchemaFiller {
  readonly #root: unknown;
  readonly #material: Material;

  constructor(root: unknown, material: Material) {
    this.#root = root;
    this.#material = material;
  }

  /** `place` is the index in the list the value belongs to: it picks the point the value speaks of. Null is in no list. */
  fill(given: unknown, place: number | null, depth: number, name = ''): Json {
    const schema = this.#resolve(given);
    if (schema === null || depth > maxDepth) return null;
    if ('const' in schema) return plain(schema.const);
    if ('default' in schema) return plain(schema.default);
    if (Array.isArray(schema.enum)) return plain(this.#choose(schema.enum, place));
    const choices = schema.anyOf ?? schema.oneOf;
    if (Array.isArray(choices)) return this.fill(choices[0], place, depth + 1, name);
    switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
      case 'object':
        return this.#fillObject(schema, place, depth);
      case 'array':
        return this.#fillList(schema, depth);
      case 'string':
        return this.#fillText(schema, place, name);
      case 'integer':
      case 'number':
        return numberFor(schema, place);
      case 'boolean':
        return true;
      default:
        return null;
    }
  }

  #fillObject(schema: Schema, place: number | null, depth: number): Json {
    const properties = propertiesOf(schema);
    const filled = properties.map(([name, property]) => [name, this.fill(property, place, depth + 1, name)] as const);
    if (!filled.some(([, value]) => typeof value === 'string' && acceptance.test(value)))
      return Object.fromEntries(filled);
    const least = new Map(properties.map(([name, property]) => [name, this.#resolve(property)?.minItems ?? 0]));
    return Object.fromEntries(
      filled.map(([name, value]) => {
        const isObjection = Array.isArray(value) && objections.test(name) && least.get(name) === 0;
        return [name, isObjection ? [] : value];
      }),
    );
  }

  #fillList(schema: Schema, depth: number): Json {
    const most = typeof schema.maxItems === 'number' ? schema.maxItems : Number.POSITIVE_INFINITY;
    const least = typeof schema.minItems === 'number' ? schema.minItems : 0;
    const length = Math.max(least, Math.min(most, this.#lengthOf(schema.items)));
    return Array.from({ length }, (_, index) => this.fill(schema.items, index, depth + 1));
  }

  /** One for each choice its entries have, else one for each point; a request has no numbers to make a list of. */
  #lengthOf(items: unknown): number {
    const schema = this.#resolve(items);
    if (schema?.type === 'integer' || schema?.type === 'number') return 0;
    const choices = propertiesOf(schema ?? {}).map(([, property]) => this.#resolve(property)?.enum);
    const most = Math.max(...choices.map((choice) => (Array.isArray(choice) ? choice.length : 0)), 0);
    return most > 0 ? most : Math.max(1, Math.min(maxListLength, this.#material.points.length));
  }

  #choose(choices: readonly unknown[], place: number | null): unknown {
    if (place === null) return choices[Math.min(this.#material.round, choices.length) - 1];
    return choices[place % choices.length];
  }

  #fillText(schema: Schema, place: number | null, name: string): Json {
    const { points, title } = this.#material;
    const most = typeof schema.maxLength === 'number' ? schema.maxLength : Number.POSITIVE_INFINITY;
    const least = typeof schema.minLength === 'number' ? schema.minLength : 0;
    const said = place === null && proseName.test(name) ? `Offline script, no model: “${title}”` : points[place ?? 0];
    const text = said !== undefined && said.length <= most ? said : (points[place ?? 0] ?? title);
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

function propertiesOf(schema: Schema): readonly (readonly [string, unknown])[] {
  return isSchema(schema.properties) ? Object.entries(schema.properties) : [];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The smallest number the schema allows, from zero up; in a list they count from one. */
function numberFor(schema: Schema, place: number | null): number {
  const least = typeof schema.minimum === 'number' ? schema.minimum : 0;
  const above = typeof schema.exclusiveMinimum === 'number' ? schema.exclusiveMinimum + 1 : 0;
  // A schema made of a plain integer states the safe range as its bounds.
  const lowest = Math.max(0, least, above);
  if (place === null) return lowest;
  const most = typeof schema.maximum === 'number' ? schema.maximum : Number.POSITIVE_INFINITY;
  return Math.max(lowest, Math.min(most, Math.max(1, lowest) + place));
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}
