import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import { inspectSchema, migrate } from './migrations.ts';
import { requireContent } from './read-only.ts';

/**
 * Opens a state file for its one writer, makes it if there is none, and brings it to the present version. Throws when the
 * file is damaged, not ours, made by newer code, or cannot be written: a start never begins empty where something was.
 */
export function openForWriting(path: string): DatabaseSync {
  if (!existsSync(path)) create(path);
  requireContent(path);
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    // Before anything is changed: the file may not be ours.
    const { version } = inspectSchema(database, path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
    // 16 MiB: what is written is at the end of tables and indexes. Measured: four times as much costs time and saves none.
    database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384');
    // SQLite opens a file it may not write for reading, without a word, and only a write tells.
    database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${version}; ROLLBACK`);
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Under another name until it is whole: a file of the right name is never a half-made one. */
function create(path: string): void {
  if (existsSync(`${path}-wal`)) {
    throw new SquadraError(
      'STORE_CORRUPT',
      `The state file ${path} is missing, but ${path}-wal, which belongs to it, is there.`,
    );
  }
  const unfinished = `${path}.new`;
  for (const file of [unfinished, `${unfinished}-journal`]) rmSync(file, { force: true });
  const database = new DatabaseSync(unfinished);
  try {
    migrate(database, unfinished);
  } finally {
    database.close();
  }
  renameSync(unfinished, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
