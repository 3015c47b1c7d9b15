import type { Value } from '../database.ts';

/** The conditions of a list, with the values that they name: only what is asked for is in the statement, so that its index is used. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly values: Value[] = [];

  /** Adds one where the value is given; `?` in it stands for the value. */
  add(condition: string, value: string | number | undefined): this {
    if (value === undefined) return this;
    this.#parts.push(condition.replaceAll('?', this.bind(value)));
    return this;
  }

  /** Adds one that names no value. */
  always(condition: string): this {
    this.#parts.push(condition);
    return this;
  }

  /** The place of a value that is named elsewhere. */
  bind(value: Value): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  toString(): string {
    return this.#parts.join(' AND ');
  }
}
