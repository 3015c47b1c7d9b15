/**
 * Figures by tenant and minute (of the epoch), histograms as JSON. `metric_kept` says up to which record of the journal they are
 * counted; `metric_gaps` which records before that are not yet, because a process ended before it stored them. Of resources the
 * sums, whose averages are told. The index of unfinished executions names their tenants now: it tells by itself how many of whose
 * are in which status.
 */
export const metricSchema = `
  CREATE TABLE metric_minutes (
    tenant TEXT NOT NULL,
    minute INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    failed_steps INTEGER NOT NULL,
    model_calls INTEGER NOT NULL,
    failed_model_calls INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cost_micro_usd INTEGER NOT NULL,
    unpriced_calls INTEGER NOT NULL,
    convoys_created INTEGER NOT NULL,
    convoys_completed INTEGER NOT NULL,
    convoys_partial INTEGER NOT NULL,
    convoys_failed INTEGER NOT NULL,
    convoys_cancelled INTEGER NOT NULL,
    durations TEXT NOT NULL,
    latencies TEXT NOT NULL,
    PRIMARY KEY (tenant, minute)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX metric_minutes_minute ON metric_minutes (minute);

  CREATE TABLE metric_resources (
    minute INTEGER PRIMARY KEY,
    samples INTEGER NOT NULL,
    cpu REAL NOT NULL,
    highest_cpu REAL NOT NULL,
    memory REAL NOT NULL,
    highest_memory REAL NOT NULL,
    loop_delay_ms REAL NOT NULL,
    highest_loop_delay_ms REAL NOT NULL
  ) STRICT;

  CREATE TABLE metric_kept (id INTEGER PRIMARY KEY CHECK (id = 0), no INTEGER NOT NULL) STRICT;
  INSERT INTO metric_kept (id, no) VALUES (0, 0);
  CREATE TABLE metric_gaps (through INTEGER PRIMARY KEY, after INTEGER NOT NULL) STRICT;

  CREATE INDEX convoys_by_creation ON convoys (tenant, created_at);
  CREATE INDEX convoys_by_end ON convoys (tenant, ended_at, status) WHERE ended_at IS NOT NULL;

  DROP INDEX executions_unfinished;
  CREATE INDEX executions_unfinished ON executions (status, id, tenant) WHERE status NOT IN ('completed', 'cancelled');
  `;
