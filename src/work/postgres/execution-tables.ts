/** Executions, and what they have recorded, heard and asked. */
export const executionTables = `
  CREATE TABLE executions (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    commits INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    priority INTEGER NOT NULL,
    wake_at BIGINT,
    workflow TEXT NOT NULL,
    squad_id TEXT COLLATE "C",
    squad_version INTEGER,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    is_request SMALLINT NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    input_tokens BIGINT NOT NULL DEFAULT 0,
    output_tokens BIGINT NOT NULL DEFAULT 0,
    cached_tokens BIGINT NOT NULL DEFAULT 0,
    reasoning_tokens BIGINT NOT NULL DEFAULT 0,
    cost_micro_usd BIGINT NOT NULL DEFAULT 0,
    model_calls BIGINT NOT NULL DEFAULT 0,
    estimated_calls BIGINT NOT NULL DEFAULT 0,
    unpriced_calls BIGINT NOT NULL DEFAULT 0,
    reason TEXT,
    user_id TEXT,
    convoy_item TEXT COLLATE "C",
    schedule_id TEXT COLLATE "C",
    tick BIGINT,
    traceparent TEXT,
    metadata TEXT NOT NULL,
    error TEXT,
    input TEXT NOT NULL,
    output TEXT
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX executions_id ON executions (tenant, id);
  CREATE UNIQUE INDEX executions_idempotency ON executions (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX executions_unfinished ON executions (status, id, tenant) WHERE status NOT IN ('completed', 'cancelled');
  CREATE INDEX executions_squad ON executions (squad_id, status) WHERE squad_id IS NOT NULL;
  CREATE INDEX executions_usage ON executions (tenant, created_at) WHERE model_calls > 0;
  CREATE INDEX executions_ended ON executions (ended_at, status) WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled');
  CREATE INDEX executions_failed ON executions (tenant, ended_at) WHERE status = 'failed';
  CREATE UNIQUE INDEX executions_tick ON executions (schedule_id, tick) WHERE schedule_id IS NOT NULL;
  CREATE INDEX executions_schedule ON executions (schedule_id, id) WHERE schedule_id IS NOT NULL;
  CREATE INDEX executions_schedule_open ON executions (schedule_id, status, tick)
    WHERE schedule_id IS NOT NULL AND status IN ('created', 'queued', 'running', 'waiting');

  CREATE TABLE journal (
    no BIGINT GENERATED ALWAYS AS IDENTITY,
    xid XID8 NOT NULL DEFAULT pg_current_xact_id(),
    execution BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    type TEXT,
    phase TEXT,
    attempt INTEGER,
    input_hash TEXT,
    due_at BIGINT,
    data TEXT,
    text TEXT,
    PRIMARY KEY (execution, seq)
  );
  CREATE INDEX journal_feed ON journal (tenant, xid, no);
  CREATE INDEX journal_counting ON journal (xid, no);

  CREATE TABLE signals (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    execution BIGINT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at BIGINT NOT NULL,
    taken_at BIGINT
  );
  CREATE UNIQUE INDEX signals_id ON signals (execution, id);
  CREATE INDEX signals_waiting ON signals (execution, no) WHERE taken_at IS NULL;

  CREATE TABLE approvals (
    id TEXT COLLATE "C" PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    execution BIGINT NOT NULL,
    execution_id TEXT COLLATE "C" NOT NULL,
    step_key TEXT NOT NULL,
    title TEXT NOT NULL,
    details TEXT,
    choices TEXT NOT NULL,
    status TEXT NOT NULL,
    choice TEXT,
    by TEXT,
    comment TEXT,
    text TEXT,
    created_at BIGINT NOT NULL,
    answered_at BIGINT
  );
  CREATE INDEX approvals_tenant ON approvals (tenant, id);
  CREATE INDEX approvals_pending ON approvals (tenant, id) WHERE status = 'pending';
  CREATE INDEX approvals_execution ON approvals (execution);
`;
