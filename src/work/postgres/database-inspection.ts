import { text } from '../rows/columns.ts';
import { databaseName } from './database-name.ts';
import { Database } from './database.ts';
import type { PostgresSettings } from './database.ts';
import { readSchemaVersion, schemaVersion } from './migrations.ts';
import { abandonmentCommands, abandonmentIsSet } from './vanished-clients.ts';

/** What the database of a fleet is like, without opening it for work. */
export interface DatabaseInspection {
  readonly name: string;
  /** That of PostgreSQL. */
  readonly serverVersion: string;
  /** Bytes of all its tables and indexes. */
  readonly sizeBytes: number;
  /** The version of the tables, 0 where there are none, and the one that this code writes. */
  readonly version: number;
  readonly currentVersion: number;
  /** What its owner has to say so that it ends the transactions of clients that vanished; null where it does. */
  readonly keepsVanished: string | null;
}

/** Looks at a database beside the fleet, and changes nothing. Throws `STORE_UNAVAILABLE` when it cannot be reached. */
export async function inspectDatabase(settings: PostgresSettings): Promise<DatabaseInspection> {
  await using database = new Database(settings);
  const row = await database.first(
    `SELECT current_setting('server_version'), pg_database_size(current_database()),
      current_setting('idle_in_transaction_session_timeout') = '0' AND NOT ${abandonmentIsSet}, current_database()`,
  );
  return {
    name: databaseName(settings.databaseUrl),
    serverVersion: text(row?.[0]),
    sizeBytes: Number(row?.[1]),
    version: await readSchemaVersion(database),
    currentVersion: schemaVersion,
    keepsVanished: row?.[2] === true ? abandonmentCommands(text(row[3])) : null,
  };
}
