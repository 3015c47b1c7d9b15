import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { retryDelayMs } from '../../kernel/retry.ts';
import type { RetryPolicy } from '../../kernel/retry.ts';
import type { Row } from '../rows/row.ts';
import { isCollision, isUnanswered, storeError } from './postgres-failure.ts';
import { readText, storedText } from './stored-text.ts';

export interface PostgresSettings {
  readonly databaseUrl: string;
  /** Connections that this process holds at most. */
  readonly databaseConnections: number;
  /** How long an operation waits for one of them. */
  readonly databaseTimeoutMs: number;
}

/** What a statement is given: numbers are `bigint` columns, objects are not taken. */
export type Value = string | number | null | readonly (string | number | null)[];

/** Statements, each with `$1`, `$2`, … for its values. Rows are arrays of columns. */
export interface Statements {
  /** How many rows changed. */
  run(sql: string, ...values: readonly Value[]): Promise<number>;
  first(sql: string, ...values: readonly Value[]): Promise<Row | undefined>;
  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]>;
}

/** Those of one transaction. */
export interface Transaction extends Statements {
  /** Several statements without values. */
  script(sql: string): Promise<void>;
}

export interface DatabaseStatistics {
  readonly connections: number;
  readonly idle: number;
  /** Operations that wait for a connection. */
  readonly waiting: number;
  readonly statements: number;
  readonly transactions: number;
  /** Transactions that were made again because two stood in each other's way. */
  readonly collisions: number;
}

/** How often a transaction that stood in the way of another is made again. */
const collisionPolicy: RetryPolicy = { retries: 10, initialMs: 5, maxMs: 250, factor: 2 };

/** Numbers of more digits than a double holds do not occur: money is micro-dollars, times are milliseconds. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers.get(oid) ?? readText,
};
const parsers = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.BOOL, (text) => text === 't'],
  [pg.types.builtins.INT2, Number],
  [pg.types.builtins.INT4, Number],
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.NUMERIC, Number],
  [pg.types.builtins.FLOAT8, Number],
]);

/**
 * A pool of connections to PostgreSQL.
 *
 * D1  Nothing here or above it lives in a connection: no `SET`, no named statement, no session lock, no LISTEN. So a pooler may
 *     give each transaction another one.
 * D2  A transaction commits or changes nothing. One that PostgreSQL gave up because of another is made again, so what it does
 *     has to be statements alone.
 * D3  A connection that broke, or did not answer in time, is not used again.
 */
export class Database implements Statements, AsyncDisposable {
  readonly #pool: pg.Pool;
  #statements = 0;
  #transactions = 0;
  #collisions = 0;

  constructor({ databaseUrl, databaseConnections, databaseTimeoutMs }: PostgresSettings) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      max: databaseConnections,
      connectionTimeoutMillis: databaseTimeoutMs,
      query_timeout: databaseTimeoutMs,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'squadra',
      types,
    });
    // An idle connection that breaks leaves the pool by itself; whoever needs one next gets another, or is told.
    this.#pool.on('error', () => {});
  }

  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#query(sql, values).then(({ rowCount }) => rowCount ?? 0);
  }

  first(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return this.#query(sql, values).then(({ rows }) => rows[0]);
  }

  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return this.#query(sql, values).then(({ rows }) => rows);
  }

  /** Everything that `work` does takes effect, or nothing. Throws what `work` throws, or why the database refused. */
  async transaction<T>(work: (statements: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (!isCollision(error) || attempt > collisionPolicy.retries) throw storeError(error);
        this.#collisions++;
        await pause(retryDelayMs(collisionPolicy, attempt, Math.random));
      }
    }
  }

  statistics(): DatabaseStatistics {
    return {
      connections: this.#pool.totalCount,
      idle: this.#pool.idleCount,
      waiting: this.#pool.waitingCount,
      statements: this.#statements,
      transactions: this.#transactions,
      collisions: this.#collisions,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }

  async #query(sql: string, values: readonly Value[]): Promise<Answer> {
    this.#statements++;
    try {
      return await this.#pool.query<unknown[]>({ text: sql, values: stored(values), rowMode: 'array' });
    } catch (error) {
      throw storeError(error);
    }
  }

  async #attempt<T>(work: (statements: Transaction) => Promise<T>): Promise<T> {
    this.#transactions++;
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    // The pool looks after idle ones alone. That it broke is told by the statement under way, or by the next.
    const onError = (error: Error): void => void (broken = error);
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      const result = await work(new Connection(client, () => this.#statements++));
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // Whoever asks next must not meet what is left of this transaction: where it cannot be taken back the connection goes. At once
      // where a statement did not answer: what is asked after it would wait for that.
      if (isUnanswered(error)) broken = error;
      else
        await client.query('ROLLBACK').catch((lost: unknown) => {
          broken = lost instanceof Error ? lost : new Error(String(lost));
        });
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}

interface Answer {
  readonly rows: readonly Row[];
  readonly rowCount: number | null;
}

/** The statements of one transaction, in the order in which they are asked for. */
class Connection implements Transaction {
  readonly #client: pg.PoolClient;
  readonly #onStatement: () => void;

  constructor(client: pg.PoolClient, onStatement: () => void) {
    this.#client = client;
    this.#onStatement = onStatement;
  }

  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#query(sql, values).then(({ rowCount }) => rowCount ?? 0);
  }

  first(sql: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return this.#query(sql, values).then(({ rows }) => rows[0]);
  }

  all(sql: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    return this.#query(sql, values).then(({ rows }) => rows);
  }

  async script(sql: string): Promise<void> {
    this.#onStatement();
    await this.#client.query(sql);
  }

  #query(sql: string, values: readonly Value[]): Promise<Answer> {
    this.#onStatement();
    return this.#client.query<unknown[]>({ text: sql, values: stored(values), rowMode: 'array' });
  }
}

function stored(values: readonly Value[]): unknown[] {
  return values.map((value) => {
    if (typeof value === 'string') return storedText(value);
    return Array.isArray(value)
      ? value.map((one: unknown) => (typeof one === 'string' ? storedText(one) : one))
      : value;
  });
}
