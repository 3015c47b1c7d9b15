import type { Database, Statements } from './database.ts';
import { firstSchema } from './first-schema.ts';
import { endVanishedClients } from './vanished-clients.ts';

/**
 * One step from a version to the next. `transaction` is SQL that takes effect with its version or not at all; `index` is one that
 * may take minutes: it is built beside the work that goes on, and again if it was left half built.
 */
type Migration = { readonly transaction: string } | { readonly index: { readonly name: string; readonly on: string } };

/**
 * Version n is the database after the first n of them. Only ever add to the end, and only what the code of the version before can
 * live with: tables, indexes, columns that are null or have a default. It runs on while a fleet is upgraded.
 */
const migrations: readonly Migration[] = [
  { transaction: firstSchema },
  { transaction: endVanishedClients },
  { transaction: 'CREATE TABLE signing_secret (id SMALLINT PRIMARY KEY CHECK (id = 0), secret TEXT NOT NULL)' },
];

/** The version this code reads and writes. */
export const schemaVersion = migrations.length;

/** Any number will do, as long as nobody else takes the same. */
const lockKey = 0x53514452;

/** The version of the database; 0 of an empty one. */
export async function readSchemaVersion(statements: Statements): Promise<number> {
  const exists = await statements.first("SELECT to_regclass('squadra_schema') IS NOT NULL");
  if (exists?.[0] !== true) return 0;
  const row = await statements.first('SELECT coalesce(max(version), 0) FROM squadra_schema');
  return Number(row?.[0] ?? 0);
}

/**
 * Brings the database to `schemaVersion`, one process at a time, and returns how many steps that took. A database of newer code
 * stays as it is: what newer code adds, this code does not see.
 */
export async function migrate(database: Database, steps: readonly Migration[] = migrations): Promise<number> {
  let made = 0;
  for (;;) {
    const version = await readSchemaVersion(database);
    const next = steps[version];
    if (next === undefined) return made;
    if ('index' in next) await buildIndex(database, next.index);
    made += await take(database, version, 'index' in next ? '' : next.transaction);
  }
}

/** 1 where this process took the step, 0 where another one was faster. */
function take(database: Database, version: number, sql: string): Promise<number> {
  return database.transaction(async (statements) => {
    await statements.run('SELECT pg_advisory_xact_lock($1)', lockKey);
    if ((await readSchemaVersion(statements)) !== version) return 0;
    await statements.script(
      'CREATE TABLE IF NOT EXISTS squadra_schema (version INTEGER PRIMARY KEY, made_at TIMESTAMPTZ NOT NULL DEFAULT now())',
    );
    if (sql !== '') await statements.script(sql);
    await statements.run('INSERT INTO squadra_schema (version) VALUES ($1)', version + 1);
    return 1;
  });
}

/** An index that is built in a transaction would stop all writing for as long. */
async function buildIndex(database: Database, { name, on }: { name: string; on: string }): Promise<void> {
  const broken = await database.first(
    'SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = $1 AND NOT indisvalid',
    name,
  );
  if (broken !== undefined) await database.run(`DROP INDEX CONCURRENTLY IF EXISTS ${name}`);
  await database.run(`CREATE INDEX CONCURRENTLY IF NOT EXISTS ${name} ON ${on}`);
}
