/** Work items, and what moves them: convoys, budgets and schedules. */
export const itemTables = `
  CREATE TABLE work_items (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    member_id TEXT COLLATE "C",
    convoy_id TEXT COLLATE "C",
    execution_id TEXT COLLATE "C",
    step_key TEXT,
    item_key TEXT,
    model TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL DEFAULT 0,
    output_tokens BIGINT NOT NULL DEFAULT 0,
    cached_tokens BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens BIGINT NOT NULL DEFAULT 0,
    cost_micro_usd BIGINT NOT NULL DEFAULT 0,
    model_calls BIGINT NOT NULL DEFAULT 0,
    estimated_calls BIGINT NOT NULL DEFAULT 0,
    unpriced_calls BIGINT NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    description TEXT,
    reason TEXT,
    context TEXT NOT NULL,
    metadata TEXT NOT NULL,
    artifacts TEXT NOT NULL,
    labels TEXT NOT NULL,
    dependencies TEXT NOT NULL
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX work_items_id ON work_items (tenant, id);
  CREATE INDEX work_items_order ON work_items (tenant, priority DESC, no);
  CREATE INDEX work_items_open ON work_items (tenant, status, priority DESC, no) WHERE status NOT IN ('completed', 'failed', 'cancelled');
  CREATE INDEX work_items_execution ON work_items (execution_id, step_key) WHERE execution_id IS NOT NULL;
  CREATE INDEX work_items_convoy ON work_items (convoy_id, status) WHERE item_key IS NOT NULL;
  CREATE INDEX work_items_convoy_order ON work_items (convoy_id, no) WHERE item_key IS NOT NULL;

  CREATE TABLE work_item_dependencies (
    tenant TEXT COLLATE "C" NOT NULL,
    dependency TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, dependency, item)
  );

  CREATE TABLE convoys (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    squad_id TEXT COLLATE "C" NOT NULL,
    squad_version INTEGER NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    parallelism INTEGER,
    limits TEXT NOT NULL,
    stop_on_first_failure SMALLINT NOT NULL,
    timeout_ms BIGINT,
    deadline_at BIGINT,
    reason TEXT,
    parent_id TEXT COLLATE "C",
    parent_key TEXT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    idempotency_key TEXT,
    request_hash TEXT,
    retried_by TEXT,
    traceparent TEXT
  );
  CREATE UNIQUE INDEX convoys_id ON convoys (tenant, id);
  CREATE UNIQUE INDEX convoys_idempotency ON convoys (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX convoys_open ON convoys (status) WHERE status = 'running';
  CREATE INDEX convoys_ended ON convoys (ended_at) WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled');
  CREATE INDEX convoys_unfinished ON convoys (tenant, status, id) WHERE status NOT IN ('completed', 'cancelled');
  CREATE INDEX convoys_squad ON convoys (tenant, squad_id, id);
  CREATE INDEX convoys_by_creation ON convoys (tenant, created_at);
  CREATE INDEX convoys_by_end ON convoys (tenant, ended_at, status) WHERE ended_at IS NOT NULL;

  CREATE TABLE budgets (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    scope TEXT NOT NULL,
    scope_id TEXT COLLATE "C" NOT NULL,
    period TEXT NOT NULL,
    limit_micro_usd BIGINT,
    limit_tokens BIGINT,
    on_exceeded TEXT NOT NULL,
    updated_at BIGINT NOT NULL
  );
  CREATE UNIQUE INDEX budgets_key ON budgets (tenant, scope, scope_id, period);

  CREATE TABLE budget_periods (
    budget BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    spent_micro_usd BIGINT NOT NULL DEFAULT 0,
    spent_tokens BIGINT NOT NULL DEFAULT 0,
    reserved_micro_usd BIGINT NOT NULL DEFAULT 0,
    reserved_tokens BIGINT NOT NULL DEFAULT 0,
    raised_micro_usd BIGINT NOT NULL DEFAULT 0,
    raised_tokens BIGINT NOT NULL DEFAULT 0,
    is_warned SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (budget, name)
  ) WITH (fillfactor = 50);

  CREATE TABLE budget_holds (
    execution BIGINT NOT NULL,
    key TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    budget BIGINT NOT NULL,
    period TEXT COLLATE "C" NOT NULL,
    micro_usd BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (execution, key, attempt, budget)
  );
  CREATE INDEX budget_holds_budget ON budget_holds (budget);

  CREATE TABLE schedules (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    cron TEXT,
    timezone TEXT,
    every_ms BIGINT,
    start_ms BIGINT,
    squad_id TEXT COLLATE "C",
    workflow TEXT NOT NULL,
    is_request SMALLINT NOT NULL,
    priority INTEGER NOT NULL,
    overlap TEXT NOT NULL,
    missed TEXT NOT NULL,
    next_at BIGINT,
    last_tick BIGINT,
    last_execution_id TEXT COLLATE "C",
    fired_ticks BIGINT NOT NULL DEFAULT 0,
    skipped_ticks BIGINT NOT NULL DEFAULT 0,
    missed_ticks BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    input TEXT NOT NULL
  );
  CREATE UNIQUE INDEX schedules_id ON schedules (tenant, id);
  CREATE UNIQUE INDEX schedules_name ON schedules (tenant, name) WHERE name IS NOT NULL;
  CREATE UNIQUE INDEX schedules_idempotency ON schedules (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX schedules_squad ON schedules (squad_id) WHERE squad_id IS NOT NULL;
  CREATE INDEX schedules_active ON schedules (id) WHERE status = 'active';
`;
