import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';

/** "SQDR": tells a state file from any other SQLite file. */
const applicationId = 0x53514452;

/**
 * Version n is the file after the first n migrations. Only ever add to the end: files in the field were made by what
 * stands here. Times are epoch milliseconds; JSON is text.
 *
 * `journal` is an ordinary table in the order of writing, with a narrow index beside it: the rows of a commit land on
 * the same few pages however many executions are in flight.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE executions (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    priority INTEGER NOT NULL,
    wake_at INTEGER,
    workflow TEXT NOT NULL,
    squad_id TEXT,
    squad_version INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    is_request INTEGER NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0,
    model_calls INTEGER NOT NULL DEFAULT 0,
    estimated_calls INTEGER NOT NULL DEFAULT 0,
    unpriced_calls INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    metadata TEXT NOT NULL,
    error TEXT,
    input TEXT NOT NULL,
    output TEXT
  ) STRICT;
  CREATE UNIQUE INDEX executions_id ON executions (tenant, id);
  CREATE UNIQUE INDEX executions_idempotency ON executions (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX executions_unfinished ON executions (status, id) WHERE status NOT IN ('completed', 'cancelled');
  CREATE INDEX executions_squad ON executions (squad_id, status) WHERE squad_id IS NOT NULL;
  CREATE INDEX executions_usage ON executions (tenant, created_at) WHERE model_calls > 0;
  CREATE INDEX executions_ended ON executions (ended_at, status) WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled');

  CREATE TABLE journal (
    execution INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    type TEXT,
    phase TEXT,
    attempt INTEGER,
    input_hash TEXT,
    due_at INTEGER,
    data TEXT,
    text TEXT
  ) STRICT;
  CREATE UNIQUE INDEX journal_place ON journal (execution, seq);

  CREATE TABLE signals (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    execution INTEGER NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    taken_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX signals_id ON signals (execution, id);
  CREATE INDEX signals_waiting ON signals (execution, no) WHERE taken_at IS NULL;

  CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    execution INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    step_key TEXT NOT NULL,
    title TEXT NOT NULL,
    details TEXT,
    choices TEXT NOT NULL,
    status TEXT NOT NULL,
    choice TEXT,
    by TEXT,
    comment TEXT,
    text TEXT,
    created_at INTEGER NOT NULL,
    answered_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX approvals_tenant ON approvals (tenant, id);
  CREATE INDEX approvals_pending ON approvals (tenant, id) WHERE status = 'pending';
  CREATE INDEX approvals_execution ON approvals (execution);

  CREATE TABLE work_items (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    member_id TEXT,
    convoy_id TEXT,
    execution_id TEXT,
    step_key TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0,
    model_calls INTEGER NOT NULL DEFAULT 0,
    estimated_calls INTEGER NOT NULL DEFAULT 0,
    unpriced_calls INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    description TEXT,
    reason TEXT,
    context TEXT NOT NULL,
    metadata TEXT NOT NULL,
    artifacts TEXT NOT NULL,
    labels TEXT NOT NULL,
    dependencies TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX work_items_id ON work_items (tenant, id);
  CREATE INDEX work_items_order ON work_items (tenant, priority DESC, no);
  CREATE INDEX work_items_open ON work_items (tenant, status, priority DESC, no) WHERE status NOT IN ('completed', 'failed', 'cancelled');
  CREATE INDEX work_items_execution ON work_items (execution_id, step_key) WHERE execution_id IS NOT NULL;

  CREATE TABLE work_item_dependencies (
    tenant TEXT NOT NULL,
    dependency TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (tenant, dependency, item)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE squads (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX squads_name ON squads (tenant, name);

  CREATE TABLE squad_versions (
    tenant TEXT NOT NULL,
    squad_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, squad_id, version)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
  CREATE INDEX api_keys_tenant ON api_keys (tenant, id);

  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    sub TEXT NOT NULL,
    name TEXT,
    email TEXT,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX users_sub ON users (tenant, sub);

  ALTER TABLE executions ADD COLUMN user_id TEXT;
  ALTER TABLE squads ADD COLUMN user_id TEXT;
  `,
  // `no` counts the records of all executions in the order of their commits. It is the number SQLite gave each row anyway,
  // now said aloud, so that nothing renumbers the rows; no number is given twice, because pruning leaves its mark at the end.
  `
  CREATE TABLE numbered_journal (
    no INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    type TEXT,
    phase TEXT,
    attempt INTEGER,
    input_hash TEXT,
    due_at INTEGER,
    data TEXT,
    text TEXT
  ) STRICT;
  INSERT INTO numbered_journal SELECT rowid, * FROM journal ORDER BY rowid;
  DROP TABLE journal;
  ALTER TABLE numbered_journal RENAME TO journal;
  CREATE UNIQUE INDEX journal_place ON journal (execution, seq);
  -- The number stands behind the tenant in it: who follows a tenant reads nothing of others.
  CREATE INDEX journal_tenant ON journal (tenant);
  `,
];

/** The version this code reads and writes. */
export const schemaVersion = migrations.length;

function pragmaNumber(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  return typeof value === 'number' ? value : 0;
}

/** Refuses a file that is not ours or that newer code wrote; tells whether it has to be migrated. */
export function inspectSchema(database: DatabaseSync, path: string): { readonly version: number } {
  const version = pragmaNumber(database, 'user_version');
  const application = pragmaNumber(database, 'application_id');
  const tables = pragmaNumber(database, 'schema_version');
  if (application !== applicationId && tables > 0) {
    throw new SquadraError(
      'STORE_CORRUPT',
      `${path} is an SQLite file, but not a state file of Squadra; choose another state folder.`,
    );
  }
  if (version > schemaVersion) {
    throw new SquadraError(
      'STORE_TOO_NEW',
      `${path} has version ${version} and this Squadra knows versions up to ${schemaVersion}.`,
      {
        details: { version, known: schemaVersion },
      },
    );
  }
  return { version };
}

/** Brings the file to `schemaVersion`, each migration in a transaction of its own. */
export function migrate(database: DatabaseSync, path: string): void {
  const { version } = inspectSchema(database, path);
  for (let next = version; next < migrations.length; next++) {
    database.exec(
      `BEGIN IMMEDIATE; ${migrations[next] ?? ''}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${next + 1}; COMMIT`,
    );
  }
}
