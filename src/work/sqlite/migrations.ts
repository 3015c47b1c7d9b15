import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../kernel/errors.ts';
import { firstSchema } from './first-schema.ts';
import { metricSchema } from './metric-schema.ts';
import { movedError, readSeal } from './seal.ts';
import { sessionSchema } from './session-schema.ts';

/** "SQDR": tells a state file from any other SQLite file. */
export const applicationId = 0x53514452;

/**
 * Version n is the file after the first n migrations. Only ever add to the end: files in the field were made by what
 * stands here. Times are epoch milliseconds; JSON is text.
 *
 * `journal` is an ordinary table in the order of writing, with a narrow index beside it: the rows of a commit land on
 * the same few pages however many executions are in flight.
 */
const migrations: readonly string[] = [
  firstSchema,
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
  // Convoys, whose items are work items with a key: `convoy_item` is the item that an execution was started for. The index of a
  // convoy's items tells by itself whether one is open, and how many are in each status.
  `
  CREATE TABLE convoys (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT,
    squad_id TEXT NOT NULL,
    squad_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    parallelism INTEGER,
    limits TEXT NOT NULL,
    stop_on_first_failure INTEGER NOT NULL,
    timeout_ms INTEGER,
    deadline_at INTEGER,
    reason TEXT,
    parent_id TEXT,
    parent_key TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX convoys_id ON convoys (tenant, id);
  CREATE INDEX convoys_open ON convoys (status) WHERE status = 'running';
  CREATE INDEX convoys_ended ON convoys (ended_at) WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled');

  ALTER TABLE work_items ADD COLUMN item_key TEXT;
  ALTER TABLE executions ADD COLUMN convoy_item TEXT;
  CREATE INDEX work_items_convoy ON work_items (convoy_id, status) WHERE item_key IS NOT NULL;
  CREATE INDEX work_items_convoy_order ON work_items (convoy_id) WHERE item_key IS NOT NULL;
  `,
  // Of a budget: who set what; what counts against it in each period; and of each call in flight, which of them hold how much.
  `
  CREATE TABLE budgets (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_id TEXT NOT NULL,
    period TEXT NOT NULL,
    limit_micro_usd INTEGER,
    limit_tokens INTEGER,
    on_exceeded TEXT NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX budgets_key ON budgets (tenant, scope, scope_id, period);

  CREATE TABLE budget_periods (
    budget INTEGER NOT NULL,
    name TEXT NOT NULL,
    spent_micro_usd INTEGER NOT NULL DEFAULT 0,
    spent_tokens INTEGER NOT NULL DEFAULT 0,
    reserved_micro_usd INTEGER NOT NULL DEFAULT 0,
    reserved_tokens INTEGER NOT NULL DEFAULT 0,
    raised_micro_usd INTEGER NOT NULL DEFAULT 0,
    raised_tokens INTEGER NOT NULL DEFAULT 0,
    is_warned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (budget, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE budget_holds (
    execution INTEGER NOT NULL,
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    budget INTEGER NOT NULL,
    period TEXT NOT NULL,
    micro_usd INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (execution, key, attempt, budget)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX budget_holds_budget ON budget_holds (budget);
  `,
  // Convoys that are asked for twice; `retried_by` is the last command that had one done again. Lists by status and by squad.
  `
  ALTER TABLE convoys ADD COLUMN idempotency_key TEXT;
  ALTER TABLE convoys ADD COLUMN request_hash TEXT;
  ALTER TABLE convoys ADD COLUMN retried_by TEXT;
  CREATE UNIQUE INDEX convoys_idempotency ON convoys (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX convoys_unfinished ON convoys (tenant, status, id) WHERE status NOT IN ('completed', 'cancelled');
  CREATE INDEX convoys_squad ON convoys (tenant, squad_id, id);
  `,
  // Schedules; `next_at` is the first tick that was not decided about. What a tick made is the execution that bears its key.
  `
  CREATE TABLE schedules (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    user_id TEXT,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    cron TEXT,
    timezone TEXT,
    every_ms INTEGER,
    start_ms INTEGER,
    squad_id TEXT,
    workflow TEXT NOT NULL,
    is_request INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    overlap TEXT NOT NULL,
    missed TEXT NOT NULL,
    next_at INTEGER,
    last_tick INTEGER,
    last_execution_id TEXT,
    fired_ticks INTEGER NOT NULL DEFAULT 0,
    skipped_ticks INTEGER NOT NULL DEFAULT 0,
    missed_ticks INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    input TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX schedules_id ON schedules (tenant, id);
  CREATE UNIQUE INDEX schedules_name ON schedules (tenant, name) WHERE name IS NOT NULL;
  CREATE UNIQUE INDEX schedules_idempotency ON schedules (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX schedules_squad ON schedules (squad_id) WHERE squad_id IS NOT NULL;
  CREATE INDEX schedules_active ON schedules (id) WHERE status = 'active';

  ALTER TABLE executions ADD COLUMN schedule_id TEXT;
  ALTER TABLE executions ADD COLUMN tick INTEGER;
  CREATE UNIQUE INDEX executions_tick ON executions (schedule_id, tick) WHERE schedule_id IS NOT NULL;
  CREATE INDEX executions_schedule ON executions (schedule_id, id) WHERE schedule_id IS NOT NULL;
  CREATE INDEX executions_schedule_open ON executions (schedule_id, status, tick)
    WHERE schedule_id IS NOT NULL AND status IN ('created', 'queued', 'running', 'waiting');
  `,
  // Which model an ask was put to, so that costs are told by model without a look into the journal; of what is there already, the
  // journal tells it once. And those that failed, by when: there are few, and they stay.
  `
  ALTER TABLE work_items ADD COLUMN model TEXT;
  UPDATE work_items SET model = (
    SELECT json_extract(journal.text, '$.provider') || '/' || json_extract(journal.text, '$.model')
      FROM executions JOIN journal ON journal.execution = executions.no
      WHERE executions.id = work_items.execution_id AND executions.tenant = work_items.tenant
        AND journal.type = 'model' AND journal.phase = 'completed' AND json_valid(journal.text)
        AND substr(journal.key, 1, length(work_items.step_key) + 7) = work_items.step_key || '/model/'
      ORDER BY journal.seq LIMIT 1)
    WHERE model_calls > 0 AND step_key IS NOT NULL;
  CREATE INDEX executions_failed ON executions (tenant, ended_at) WHERE status = 'failed';
  `,
  // Where in a trace work was asked for (W3C traceparent), so that whoever does it goes on with that trace.
  `
  ALTER TABLE executions ADD COLUMN traceparent TEXT;
  ALTER TABLE convoys ADD COLUMN traceparent TEXT;
  `,
  metricSchema,
  sessionSchema,
  // Squads by who made them.
  'CREATE INDEX squads_user ON squads (tenant, user_id, id) WHERE user_id IS NOT NULL',
  // What the server signs by, so that what it has signed holds after a restart.
  'CREATE TABLE signing_secret (id INTEGER PRIMARY KEY CHECK (id = 0), secret TEXT NOT NULL) STRICT',
];

/** The version this code reads and writes. */
export const schemaVersion = migrations.length;

function pragmaNumber(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  const value = row === undefined ? undefined : Object.values(row)[0];
  return typeof value === 'number' ? value : 0;
}

/** Refuses a file that is not ours, that newer code wrote, or that was moved; tells whether it has to be migrated. */
export function inspectSchema(database: DatabaseSync, path: string): { readonly version: number } {
  const version = pragmaNumber(database, 'user_version');
  const application = pragmaNumber(database, 'application_id');
  const tables = pragmaNumber(database, 'schema_version');
  const seal = readSeal(database);
  if (seal !== null) throw movedError(path, seal);
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
