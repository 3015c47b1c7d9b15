/** What processes of a fleet leave each other, and the figures that they count. */
export const fleetTables = `
  CREATE TABLE outbox (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution BIGINT NOT NULL,
    execution_id TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    priority INTEGER NOT NULL,
    is_start SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    handed_at BIGINT,
    due_at BIGINT NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX outbox_waiting ON outbox (tenant, priority DESC, no) WHERE handed_at IS NULL;
  CREATE INDEX outbox_handed ON outbox (due_at, tenant) WHERE handed_at IS NOT NULL;
  CREATE INDEX outbox_execution ON outbox (execution);

  CREATE TABLE handover (
    one SMALLINT PRIMARY KEY,
    room BIGINT NOT NULL,
    counted_at BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    last_tenant TEXT COLLATE "C" NOT NULL
  ) WITH (fillfactor = 50);
  INSERT INTO handover (one, room, counted_at, taken, last_tenant) VALUES (1, 0, 0, 0, '');

  CREATE TABLE metric_minutes (
    tenant TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    submitted BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    steps BIGINT NOT NULL,
    failed_steps BIGINT NOT NULL,
    model_calls BIGINT NOT NULL,
    failed_model_calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cost_micro_usd BIGINT NOT NULL,
    unpriced_calls BIGINT NOT NULL,
    convoys_created BIGINT NOT NULL,
    convoys_completed BIGINT NOT NULL,
    convoys_partial BIGINT NOT NULL,
    convoys_failed BIGINT NOT NULL,
    convoys_cancelled BIGINT NOT NULL,
    durations TEXT NOT NULL,
    latencies TEXT NOT NULL,
    PRIMARY KEY (tenant, minute)
  );
  CREATE INDEX metric_minutes_minute ON metric_minutes (minute);

  CREATE TABLE metric_counted (id SMALLINT PRIMARY KEY CHECK (id = 0), xid XID8 NOT NULL, no BIGINT NOT NULL);
  INSERT INTO metric_counted (id, xid, no) VALUES (0, '0', 0);

  CREATE TABLE metric_resources (
    process TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    cpu DOUBLE PRECISION NOT NULL,
    highest_cpu DOUBLE PRECISION NOT NULL,
    memory DOUBLE PRECISION NOT NULL,
    highest_memory DOUBLE PRECISION NOT NULL,
    loop_delay_ms DOUBLE PRECISION NOT NULL,
    highest_loop_delay_ms DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (minute, process)
  );

  CREATE SEQUENCE live_events_no;

  CREATE UNLOGGED TABLE live_events (
    no BIGINT PRIMARY KEY DEFAULT nextval('live_events_no'),
    process TEXT COLLATE "C" NOT NULL,
    is_request SMALLINT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL
  );

  CREATE TABLE state_move (
    one SMALLINT PRIMARY KEY CHECK (one = 1),
    id TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    changed_at BIGINT NOT NULL,
    content TEXT
  );
`;
