import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import { inspectSchema, schemaVersion } from './migrations.ts';

/** Opens a state file for reading. Throws when it is missing, not ours, or made by other code than this. */
export function openReadOnly(path: string): DatabaseSync {
  if (existsSync(path)) requireContent(path);
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const { version } = inspectSchema(database, path);
  if (version < schemaVersion) {
    database.close();
    throw new SquadraError(
      'STORE_FAILED',
      `${path} has version ${version}; \`squadra migrate\` or the next \`squadra run\` brings it to ${schemaVersion}.`,
    );
  }
  database.exec('PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384');
  return database;
}

/** SQLite takes a file without content for a new database; ours are never without. */
export function requireContent(path: string): void {
  const found = statSync(path);
  if (!found.isFile()) throw new SquadraError('STORE_CORRUPT', `${path} should be the state file, but is not a file.`);
  if (found.size > 0) return;
  throw new SquadraError('STORE_CORRUPT', `The state file ${path} is empty: its content was lost.`);
}
