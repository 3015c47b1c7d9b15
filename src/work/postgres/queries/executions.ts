import type { ExecutionStatus } from '../../execution.ts';
import type { ExecutionFilter } from '../../execution-store.ts';
import { executionColumnNames } from '../../rows/execution-row.ts';
import type { Row } from '../../rows/row.ts';
import type { Statements } from '../database.ts';
import type { FeedPlace } from '../feed-cursor.ts';
import { Conditions } from './conditions.ts';
import { recordColumns } from './record-columns.ts';

/** Which records of an execution: those above `after`, at most `limit`. */
export interface RecordsRequest {
  readonly tenant: string;
  readonly id: string;
  readonly after: number;
  readonly limit: number;
}

/** As the index of unfinished executions says it. */
const unfinished = "status NOT IN ('completed', 'cancelled')";

export function findExecution(statements: Statements, tenant: string, id: string): Promise<Row | undefined> {
  const sql = `SELECT ${executionColumnNames} FROM executions WHERE tenant = $1 AND id = $2`;
  return statements.first(sql, tenant, id);
}

/** Newest first. */
export function listExecutions(
  statements: Statements,
  tenant: string,
  filter: ExecutionFilter,
): Promise<readonly Row[]> {
  const where = new Conditions().add('tenant = ?', tenant);
  if (filter.status !== undefined && !isFinal(filter.status)) where.always(unfinished);
  where
    .add('status = ?', filter.status)
    .add('squad_id = ?', filter.squadId)
    .add('workflow = ?', filter.workflow)
    .add('schedule_id = ?', filter.scheduleId)
    .add('created_at > ?', filter.createdAfter)
    .add('id < ?', filter.before);
  const limit = where.bind(filter.limit);
  const sql = `SELECT ${executionColumnNames} FROM executions WHERE ${String(where)} ORDER BY id DESC LIMIT ${limit}`;
  return statements.all(sql, ...where.values);
}

export function listRecords(
  statements: Statements,
  { tenant, id, after, limit }: RecordsRequest,
  kind: 'all' | 'message',
): Promise<readonly Row[]> {
  const sql = `SELECT ${recordColumns} FROM journal
    WHERE execution = (SELECT no FROM executions WHERE tenant = $1 AND id = $2) AND seq > $3
      ${kind === 'all' ? '' : "AND kind = 'message'"} ORDER BY seq LIMIT $4`;
  return statements.all(sql, tenant, id, after, limit);
}

/** Where the feed ends now, and the highest number that a transaction has had: what is behind the end may still be written. */
export async function feedBounds(
  statements: Statements,
): Promise<{ readonly end: FeedPlace; readonly highest: number }> {
  const row = await statements.first(
    'SELECT pg_snapshot_xmin(now)::text, pg_snapshot_xmax(now)::text FROM pg_current_snapshot() AS now',
  );
  return { end: { xid: Number(row?.[0]), no: 0 }, highest: Number(row?.[1]) };
}

/** Records of a tenant behind one place, up to another, which is in it: xid, number, execution id, then a record. */
export function listFeed(
  statements: Statements,
  request: { readonly tenant: string; readonly after: FeedPlace; readonly end: FeedPlace; readonly limit: number },
  squadId: string | null,
): Promise<readonly Row[]> {
  const { tenant, after, end, limit } = request;
  return statements.all(
    `SELECT xid::text, journal.no, (SELECT id FROM executions WHERE no = execution), ${recordColumns} FROM journal
      WHERE tenant = $1 AND (xid, no) > ($2::text::xid8, $3) AND (xid, no) <= ($4::text::xid8, $5)
        AND ($6::text IS NULL OR (SELECT squad_id FROM executions WHERE no = execution) = $6)
      ORDER BY xid, no LIMIT $7`,
    tenant,
    String(after.xid),
    after.no,
    String(end.xid),
    end.no,
    squadId,
    limit,
  );
}

/** The place of the record that so many come before, behind a place; the end where there are fewer. */
export async function feedSlice(
  statements: Statements,
  request: { readonly tenant: string; readonly after: FeedPlace; readonly end: FeedPlace },
  size: number,
): Promise<FeedPlace> {
  const { tenant, after, end } = request;
  const row = await statements.first(
    `SELECT xid::text, no FROM journal WHERE tenant = $1 AND (xid, no) > ($2::text::xid8, $3) AND xid < $4::text::xid8
      ORDER BY xid, no LIMIT 1 OFFSET $5`,
    tenant,
    String(after.xid),
    after.no,
    String(end.xid),
    size - 1,
  );
  return row === undefined ? end : { xid: Number(row[0]), no: Number(row[1]) };
}

/** All that are queued, running, or wait for a time: oldest first, behind an id. */
export function listOpen(statements: Statements, after: string, limit: number): Promise<readonly Row[]> {
  return statements.all(
    `SELECT tenant, id, status, priority, wake_at, workflow FROM executions
      WHERE ${unfinished} AND status IN ('queued', 'running', 'waiting') AND id > $1 AND (status <> 'waiting' OR wake_at IS NOT NULL)
      ORDER BY id LIMIT $2`,
    after,
    limit,
  );
}

/** Two halves, each on an index that holds all it needs: rows with their input and output are not read. */
export function countExecutions(statements: Statements): Promise<readonly Row[]> {
  return statements.all(
    `SELECT status, count(*) FROM executions WHERE ${unfinished} GROUP BY status UNION ALL
      SELECT status, count(*) FROM executions WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') GROUP BY status`,
  );
}

function isFinal(status: ExecutionStatus): boolean {
  return status === 'completed' || status === 'cancelled';
}
