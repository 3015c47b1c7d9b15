/** The tables that a state file began with. Files in the field were made by it: what came later stands in `migrations.ts`. */
export const firstSchema = `
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
  `;
