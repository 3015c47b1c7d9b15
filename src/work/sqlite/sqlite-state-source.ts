import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { CopiedTable, StateColumn, StateSeal, StateSource } from '../state-copy.ts';
import { applicationId } from './migrations.ts';
import { OwnerLock, thisOwner } from './owner-lock.ts';
import { requireContent } from './read-only.ts';
import { ReaderPool } from './reader-pool.ts';
import { nameMove, readSeal, sealedApplicationId, writeSeal } from './seal.ts';
import { storeError } from './sqlite-failure.ts';
import { SqliteMetricStore } from './sqlite-metric-store.ts';
import { statePaths } from './sqlite-state.ts';
import type { SqliteStateSettings } from './sqlite-state.ts';
import type { Row } from './statements.ts';
import { Writer } from './writer.ts';

/** Rows of one batch, and characters in them: what is in memory at a time. */
const maxRows = 2_000;
const maxCharacters = 4 * 1024 * 1024;

/** What the file does not say in a column of its own. */
const derived: Partial<Record<CopiedTable, Readonly<Record<string, string>>>> = {
  executions: { last_seq: '(SELECT coalesce(max(seq), 0) FROM journal WHERE execution = executions.no)' },
  metric_resources: { process: "'solo'" },
};

/** Rows that mean something to this file only. */
const chosen: Partial<Record<CopiedTable, string>> = { journal: "WHERE kind <> 'mark'" };

/**
 * Takes a state folder for being moved, brings its file to the present version, and counts what metrics have not counted.
 * Throws `NOT_FOUND` where there is no state, and `STORE_LOCKED` naming the process that runs it.
 */
export async function openSqliteSource(settings: SqliteStateSettings, clock: Clock): Promise<StateSource> {
  const paths = statePaths(settings.stateDir);
  if (!existsSync(paths.database))
    throw new SquadraError('NOT_FOUND', `There is no state in ${settings.stateDir} that could be moved.`);
  const lock = OwnerLock.take(paths.lock, thisOwner('migrate', clock.now()));
  try {
    requireContent(paths.database);
    if (sealOf(paths.database) === null) await settle(settings, paths.database, clock);
    return new SqliteStateSource(settings.stateDir, paths.database, lock);
  } catch (error) {
    lock[Symbol.dispose]();
    throw storeError(error, paths.database);
  }
}

class SqliteStateSource implements StateSource {
  readonly id: string;
  readonly name: string;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #lock: OwnerLock;

  constructor(stateDir: string, path: string, lock: OwnerLock) {
    this.name = stateDir;
    this.#path = path;
    this.#lock = lock;
    this.#database = new DatabaseSync(path, { timeout: 5_000 });
    this.#database.exec('PRAGMA synchronous = FULL');
    this.id = nameMove(this.#database, randomUUID());
  }

  get seal(): StateSeal | null {
    return readSeal(this.#database);
  }

  columns(table: CopiedTable): readonly string[] {
    const stored = this.#database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
    return [...stored.map(({ name }) => String(name)), ...Object.keys(derived[table] ?? {})];
  }

  *batches(table: CopiedTable, columns: readonly StateColumn[]): Iterable<readonly Row[]> {
    const names = columns.map(({ name }) => derived[table]?.[name] ?? name);
    const statement = this.#database.prepare(`SELECT ${names.join(', ')} FROM ${table} ${chosen[table] ?? ''}`);
    statement.setReturnArrays(true);
    let batch: Row[] = [];
    let characters = 0;
    // With setReturnArrays rows are arrays, which the type of iterate() does not say.
    for (const row of statement.iterate() as unknown as Iterable<Row>) {
      batch.push(row);
      for (const value of row) characters += typeof value === 'string' ? value.length : 8;
      if (batch.length < maxRows && characters < maxCharacters) continue;
      yield batch;
      batch = [];
      characters = 0;
    }
    if (batch.length > 0) yield batch;
  }

  putSeal(seal: StateSeal): void {
    this.#seal(sealedApplicationId, seal);
  }

  removeSeal(): void {
    this.#seal(applicationId, null);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#database.close();
    this.#lock[Symbol.dispose]();
    return Promise.resolve();
  }

  #seal(id: number, seal: StateSeal | null): void {
    try {
      writeSeal(this.#database, id, seal);
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }
}

function sealOf(path: string): StateSeal | null {
  using database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  return readSeal(database);
}

/** What lies in the journal uncounted would be counted by nobody afterwards. */
async function settle(settings: SqliteStateSettings, path: string, clock: Clock): Promise<void> {
  const writer = await Writer.open({ ...settings, path, metrics: true });
  try {
    await using readers = new ReaderPool({ ...settings, path }, clock);
    const metrics = new SqliteMetricStore(writer, readers, true);
    while (await metrics.catchUp());
  } finally {
    await writer.close();
  }
}
