import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { temporaryFolder, testSettings } from '../../work/sqlite/open-state.ts';

/** How many executions the file holds, and how many of them have which status. None is open: a server would run it. */
export interface SeededFile {
  readonly stateDir: string;
  readonly count: number;
}

const dayMs = 86_400_000;

/** In turn: of ten executions seven are completed, two failed and one was cancelled; each hundredth was only created. */
const status = `CASE WHEN n % 100 = 0 THEN 'created' WHEN n % 10 < 7 THEN 'completed' WHEN n % 10 < 9 THEN 'failed' ELSE 'cancelled' END`;
/** A UUID of version 7 that says when it was made, as those of the product do. */
const id = `printf('%08x-%04x-7%03x-8%03x-%012x', at >> 16, at & 65535, n & 4095, (n >> 12) & 4095, n)`;

/**
 * A state file with many ended executions over the last thirty days, the newest an hour old. The product's own migrations make
 * the tables; the rows are written in bulk, which takes seconds.
 */
export async function seedExecutions(count: number, now: number): Promise<SeededFile> {
  const { path: stateDir } = await temporaryFolder();
  const state = await openSqliteState({ ...testSettings, stateDir }, systemClock, 'seed');
  await state[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(stateDir, 'squadra.db'));
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  database.prepare(executions).run(count, now - 30 * dayMs, 30 * dayMs - 3_600_000, count);
  database.exec(`${messages}; ${ends}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
  database.close();
  return { stateDir, count };
}

const executions = `
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1),
    moments AS (SELECT n, ?2 + ?3 * n / ?4 AS at FROM numbers),
    seeds AS (SELECT n, at, ${status} AS status FROM moments)
  INSERT INTO executions (no, tenant, id, epoch, status, version, priority, workflow, squad_id, squad_version, created_at,
    started_at, ended_at, is_request, input_tokens, output_tokens, cost_micro_usd, model_calls, reason, metadata, error, input, output)
  SELECT n, 'local', ${id}, 1, status, 3, 0, CASE WHEN n % 3 = 0 THEN 'nightly-report' ELSE 'pipeline' END, NULL, NULL, at,
    CASE WHEN status = 'created' THEN NULL ELSE at + 5 END,
    CASE WHEN status = 'created' THEN NULL ELSE at + 1000 + n % 90000 END, 1,
    n % 5000, n % 900, n % 70000, 1 + n % 7, CASE WHEN status = 'cancelled' THEN 'It is no longer needed.' END, 'null',
    CASE WHEN status = 'failed' THEN json_object('name', 'SquadraError', 'message', 'The model answered 503 five times.', 'code', 'MODEL_UNAVAILABLE') END,
    json_object('message', 'Request number ' || n || ': look at part ' || (n % 977) || ' and say what is missing'),
    CASE WHEN status = 'completed' THEN json_object('text', 'Part ' || (n % 977) || ' is complete.') END
  FROM seeds`;

/** The request of each, whose text lies in its input. */
const messages = `
  INSERT INTO journal (execution, seq, tenant, at, kind, type, phase)
  SELECT no, 1, tenant, created_at, 'message', 'user', 'request' FROM executions`;

const ends = `
  INSERT INTO journal (execution, seq, tenant, at, kind, type, data)
  SELECT no, 2, tenant, ended_at, 'status', status,
    CASE status WHEN 'failed' THEN json_object('error', json(error)) WHEN 'cancelled' THEN json_object('reason', reason) END
  FROM executions WHERE ended_at IS NOT NULL`;
