import type { DatabaseSync } from 'node:sqlite';
import type { QuietFilter, Quietness } from '../../supervision.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** Of those that ended last, so many are looked at: some milliseconds, however many end. */
const mostEnded = 20_000;
/** As the indices say it: SQLite uses one only where its condition stands word for word. */
const unfinished = "status NOT IN ('completed', 'cancelled')";
const finished = "ended_at IS NOT NULL AND status IN ('completed', 'cancelled')";

const lastRecord =
  'coalesce((SELECT at FROM journal WHERE execution = executions.no ORDER BY seq DESC LIMIT 1), created_at)';
const quietness: Readonly<Record<Quietness, string>> = {
  queued: "status = 'queued'",
  running: "status = 'running'",
  waiting: "status = 'waiting' AND wake_at IS NULL",
  due: "status = 'waiting' AND wake_at < ?2",
};

/** What the answer of `activity` is made of; `since` as in an `Activity`. */
export interface ActivityRows {
  readonly open: readonly Row[];
  readonly ended: readonly Row[];
  readonly since: number;
}

export function supervisionQueries(database: DatabaseSync) {
  const failed = prepare(
    database,
    `SELECT id, workflow, ended_at, json_extract(error, '$.message') FROM executions
      WHERE tenant = ? AND status = 'failed' AND ended_at >= ? ORDER BY ended_at DESC LIMIT ?`,
  );
  const quiet = (are: Quietness) =>
    prepare(
      database,
      `SELECT id, workflow, squad_id, created_at, (${lastRecord}) AS last_at, wake_at FROM executions
        WHERE ${unfinished} AND ${quietness[are]} AND +tenant = ?1 AND (${lastRecord}) < ?2 ORDER BY id LIMIT ?3`,
    );
  return {
    activity: ({ tenant, since }: { readonly tenant: string; readonly since: number }): ActivityRows =>
      readActivity(database, tenant, since),
    quietExecutions: ({ tenant, filter }: { readonly tenant: string; readonly filter: QuietFilter }): Row[] =>
      quiet(filter.are).all(tenant, filter.before, filter.limit),
    failedExecutions: (of: { readonly tenant: string; readonly since: number; readonly limit: number }): Row[] =>
      failed.all(of.tenant, of.since, of.limit),
  };
}

function readActivity(database: DatabaseSync, tenant: string, since: number): ActivityRows {
  const oldest = prepare(
    database,
    `SELECT ended_at FROM executions WHERE ${finished} AND ended_at >= ? ORDER BY ended_at DESC LIMIT 1 OFFSET ${mostEnded - 1}`,
  ).first(since)?.[0];
  const from = oldest === undefined ? since : Number(oldest);
  const open = prepare(
    database,
    `SELECT status, count(*) FROM executions WHERE ${unfinished} AND status IN ('created', 'queued', 'running', 'waiting') AND +tenant = ?1 GROUP BY status
      UNION ALL SELECT 'failed', count(*) FROM executions WHERE status = 'failed' AND tenant = ?1`,
  ).all(tenant);
  const ended = prepare(
    database,
    `SELECT status, count(*) FROM executions WHERE ${finished} AND ended_at >= ?1 AND +tenant = ?2 GROUP BY status
      UNION ALL SELECT 'failed', count(*) FROM executions WHERE status = 'failed' AND tenant = ?2 AND ended_at >= ?1`,
  ).all(from, tenant);
  return { open, ended, since: from };
}
