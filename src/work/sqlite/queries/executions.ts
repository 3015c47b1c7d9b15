import type { DatabaseSync } from 'node:sqlite';
import type { ExecutionStatus } from '../../execution.ts';
import type { ExecutionFilter } from '../../execution-store.ts';
import { executionColumnNames } from '../../rows/execution-row.ts';
import { recordColumns } from '../record-columns.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** Records of a tenant that one query of the feed looks through for those of a squad: some milliseconds. */
const feedSlice = 5_000;

/** A query of the feed; `after` is a number. */
export interface FeedArguments {
  readonly tenant: string;
  readonly after: number;
  readonly squadId: string | null;
  readonly limit: number;
}

/** `rows`: number, execution id, then a record. `through`: all up to this number was looked through; `end`: the highest there is. */
export interface FeedResult {
  readonly rows: readonly Row[];
  readonly through: number;
  readonly end: number;
}

/** As the index of unfinished executions says it: SQLite uses the index only where the condition stands word for word. */
const unfinished = "status NOT IN ('completed', 'cancelled')";
const openStatuses = ['queued', 'running', 'waiting'] as const;

/** Which records of an execution: those above `after`, at most `limit`. */
export interface RecordsArguments {
  readonly tenant: string;
  readonly id: string;
  readonly after: number;
  readonly limit: number;
}

export function executionQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${executionColumnNames} FROM executions WHERE id = ? AND tenant = ?`);
  const records = prepare(
    database,
    `SELECT ${recordColumns} FROM journal WHERE execution = (SELECT no FROM executions WHERE id = ? AND tenant = ?) AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const end = prepare(database, 'SELECT coalesce(max(no), 0) FROM journal');
  const feed = prepare(
    database,
    `SELECT journal.no, executions.id, ${recordColumns} FROM journal JOIN executions ON executions.no = journal.execution
      WHERE journal.tenant = ?1 AND journal.no > ?2 AND journal.no <= ?3 AND (?4 IS NULL OR executions.squad_id = ?4)
      ORDER BY journal.no LIMIT ?5`,
  );
  const sliceEnd = prepare(
    database,
    `SELECT no FROM journal WHERE tenant = ? AND no > ? ORDER BY no LIMIT 1 OFFSET ${feedSlice - 1}`,
  );
  const lastNo = (): number => Number(end.first()?.[0] ?? 0);
  const readRecords = (of: RecordsArguments): Row[] => records.all(of.id, of.tenant, of.after, of.limit);
  const readFeed = ({ tenant, after, squadId, limit }: FeedArguments): FeedResult => {
    // First of all: what is committed from here on is for the next page.
    const last = lastNo();
    if (after >= last) return { rows: [], through: last, end: last };
    const slice = squadId === null ? undefined : sliceEnd.first(tenant, after)?.[0];
    const through = Math.min(last, slice === undefined ? last : Number(slice));
    const rows = feed.all(tenant, after, through, squadId, limit);
    return { rows, through: rows.length < limit ? through : Number(rows.at(-1)?.[0]), end: last };
  };
  const messages = prepare(
    database,
    `SELECT ${recordColumns} FROM journal WHERE execution = (SELECT no FROM executions WHERE id = ? AND tenant = ?) AND seq > ? AND kind = 'message' ORDER BY seq LIMIT ?`,
  );
  const open = prepare(
    database,
    `SELECT tenant, id, status, priority, wake_at, workflow FROM executions
      WHERE ${unfinished} AND status = ? AND id > ? AND (status <> 'waiting' OR wake_at IS NOT NULL) ORDER BY id LIMIT ?`,
  );
  // Two halves, each on an index that holds all it needs: rows with their input and output are not read.
  const counts = prepare(
    database,
    `SELECT status, count(*) FROM executions WHERE ${unfinished} GROUP BY status UNION ALL
      SELECT status, count(*) FROM executions WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') GROUP BY status`,
  );
  return {
    execution: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(id, tenant),
    executions: ({ tenant, filter }: { readonly tenant: string; readonly filter: ExecutionFilter }): Row[] =>
      listExecutions(database, tenant, filter),
    records: readRecords,
    fewRecords: readRecords,
    messages: (of: RecordsArguments): Row[] => messages.all(of.id, of.tenant, of.after, of.limit),
    feed: readFeed,
    fewFeed: readFeed,
    feedEnd: (_: null): number => lastNo(),
    openExecutions: ({ after, limit }: { readonly after: string; readonly limit: number }): readonly Row[] =>
      mergeById(openStatuses.map((status) => open.all(status, after, limit))).slice(0, limit),
    executionCounts: (_: null): Row[] => counts.all(),
  };
}

function isFinal(status: ExecutionStatus): boolean {
  return status === 'completed' || status === 'cancelled';
}

/** Rows of lists that are ordered by id, as one such list. */
function mergeById(lists: readonly (readonly Row[])[]): readonly Row[] {
  return lists.flat().sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
}

/** Newest first. Each shape of filter is a statement of its own, so that its index is used. */
function listExecutions(database: DatabaseSync, tenant: string, filter: ExecutionFilter): Row[] {
  const where = ['tenant = ?'];
  const isOpen = filter.status !== undefined && !isFinal(filter.status);
  if (isOpen) where.push(unfinished);
  // Named, because SQLite takes a list of all of a tenant's for the shorter way.
  const isNamed = isOpen && filter.squadId === undefined && filter.scheduleId === undefined;
  const values: (string | number)[] = [tenant];
  const add = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  add('status = ?', filter.status);
  add('squad_id = ?', filter.squadId);
  add('workflow = ?', filter.workflow);
  add('schedule_id = ?', filter.scheduleId);
  add('created_at > ?', filter.createdAfter);
  add('id < ?', filter.before);
  return prepare(
    database,
    `SELECT ${executionColumnNames} FROM executions ${isNamed ? 'INDEXED BY executions_unfinished' : ''} WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`,
  ).all(...values, filter.limit);
}
