import { activityOf, failedExecutionOf, quietExecutionOf } from '../rows/report-rows.ts';
import type {
  Activity,
  FailedExecution,
  QuietExecution,
  QuietFilter,
  Quietness,
  SupervisionReports,
} from '../supervision.ts';
import type { Database } from './database.ts';
import { jsonText } from './queries/json-text.ts';

/** Of those that ended last, so many are looked at: some milliseconds, however many end. */
const mostEnded = 20_000;
/** As the indices say it. */
const unfinished = "status NOT IN ('completed', 'cancelled')";
const finished = "ended_at IS NOT NULL AND status IN ('completed', 'cancelled')";

const lastRecord =
  'coalesce((SELECT at FROM journal WHERE execution = executions.no ORDER BY seq DESC LIMIT 1), created_at)';
const quietness: Readonly<Record<Quietness, string>> = {
  queued: "status = 'queued'",
  running: "status = 'running'",
  waiting: "status = 'waiting' AND wake_at IS NULL",
  due: "status = 'waiting' AND wake_at < $2",
};

/** What supervisors ask, on PostgreSQL. */
export class PostgresSupervisionReports implements SupervisionReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async activity(tenant: string, since: number): Promise<Activity> {
    const oldest = await this.#database.first(
      `SELECT ended_at FROM executions WHERE ${finished} AND ended_at >= $1 ORDER BY ended_at DESC LIMIT 1 OFFSET ${mostEnded - 1}`,
      since,
    );
    const from = oldest === undefined ? since : Number(oldest[0]);
    const open = await this.#database.all(
      `SELECT status, count(*) FROM executions WHERE ${unfinished} AND tenant = $1 GROUP BY status`,
      tenant,
    );
    const ended = await this.#database.all(
      `SELECT status, count(*) FROM executions WHERE ${finished} AND ended_at >= $1 AND tenant = $2 GROUP BY status
        UNION ALL SELECT 'failed', count(*) FROM executions WHERE status = 'failed' AND tenant = $2 AND ended_at >= $1`,
      from,
      tenant,
    );
    return activityOf(open, ended, from);
  }

  async quiet(tenant: string, { are, before, limit }: QuietFilter): Promise<readonly QuietExecution[]> {
    const rows = await this.#database.all(
      `SELECT id, workflow, squad_id, created_at, ${lastRecord}, wake_at FROM executions
        WHERE ${unfinished} AND ${quietness[are]} AND tenant = $1 AND ${lastRecord} < $2 ORDER BY id LIMIT $3`,
      tenant,
      before,
      limit,
    );
    return rows.map(quietExecutionOf);
  }

  async failed(tenant: string, since: number, limit: number): Promise<readonly FailedExecution[]> {
    const rows = await this.#database.all(
      `SELECT id, workflow, ended_at, ${jsonText('error', 'message')} FROM executions
        WHERE tenant = $1 AND status = 'failed' AND ended_at >= $2 ORDER BY ended_at DESC LIMIT $3`,
      tenant,
      since,
      limit,
    );
    return rows.map(failedExecutionOf);
  }
}
