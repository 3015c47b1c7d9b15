import { executionStatuses } from '../execution.ts';
import type { Execution, ExecutionStatus } from '../execution.ts';
import type { ExecutionFilter, ExecutionReports, FeedPage, FeedRequest, OpenExecution } from '../execution-store.ts';
import type { Journaled, MessageRecord } from '../journal.ts';
import { wholeOrNull } from '../rows/columns.ts';
import { executionOf } from '../rows/execution-row.ts';
import type { Database } from './database.ts';
import { readCursor, unknownCursor, writeCursor } from './feed-cursor.ts';
import type { FeedPlace } from './feed-cursor.ts';
import {
  countExecutions,
  feedBounds,
  feedSlice,
  findExecution,
  listExecutions,
  listFeed,
  listOpen,
  listRecords,
} from './queries/executions.ts';
import { recordOf } from './queries/record-columns.ts';

/** Records of a tenant that one query of the feed looks through for those of a squad: some milliseconds. */
const sliceSize = 5_000;
const beginning: FeedPlace = { xid: 0, no: 0 };

/** The read side on PostgreSQL. */
export class PostgresExecutionReports implements ExecutionReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(tenant: string, id: string): Promise<Execution | null> {
    const row = await findExecution(this.#database, tenant, id);
    return row === undefined ? null : executionOf(row);
  }

  async list(tenant: string, filter: ExecutionFilter): Promise<readonly Execution[]> {
    return (await listExecutions(this.#database, tenant, filter)).map(executionOf);
  }

  async records(tenant: string, id: string, after: number, limit: number): Promise<readonly Journaled[]> {
    return (await listRecords(this.#database, { tenant, id, after, limit }, 'all')).map(recordOf);
  }

  async messages(
    tenant: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly Journaled<MessageRecord>[]> {
    const rows = await listRecords(this.#database, { tenant, id, after, limit }, 'message');
    return rows.flatMap((row) => {
      const record = recordOf(row);
      return record.kind === 'message' ? [record] : [];
    });
  }

  async feed(tenant: string, { after, squadId, limit }: FeedRequest): Promise<FeedPage> {
    const from = after === null ? beginning : readCursor(after);
    // First of all: what may still be written when it is read is for the next page.
    const { end, highest } = await feedBounds(this.#database);
    // The place of a state that this one is not: a backup was restored, maybe.
    if (from.xid > highest) throw unknownCursor();
    if (!isBefore(from, end)) return { events: [], cursor: writeCursor(from), isEnd: true };
    const range = { tenant, after: from, end };
    const through = squadId === undefined ? end : await feedSlice(this.#database, range, sliceSize);
    const rows = await listFeed(this.#database, { ...range, end: through, limit }, squadId ?? null);
    const events = rows.map(([xid, no, executionId, ...record]) => ({
      executionId: String(executionId),
      cursor: writeCursor({ xid: Number(xid), no: Number(no) }),
      record: recordOf(record),
    }));
    const last = events.at(-1);
    if (last !== undefined && events.length === limit) return { events, cursor: last.cursor, isEnd: false };
    return { events, cursor: writeCursor(through), isEnd: !isBefore(through, end) };
  }

  async feedEnd(_tenant: string): Promise<string> {
    return writeCursor((await feedBounds(this.#database)).end);
  }

  async open(after: string, limit: number): Promise<readonly OpenExecution[]> {
    const rows = await listOpen(this.#database, after, limit);
    return rows.map(([tenant, id, status, priority, wakeAt, workflow]) => ({
      tenant: String(tenant),
      id: String(id),
      status: status as ExecutionStatus,
      priority: Number(priority),
      wakeAt: wholeOrNull(wakeAt),
      workflow: String(workflow),
    }));
  }

  async counts(): Promise<Readonly<Record<ExecutionStatus, number>>> {
    const found = new Map((await countExecutions(this.#database)).map(([status, count]) => [status, Number(count)]));
    // Every status has its count, also those that no execution is in.
    return Object.fromEntries(executionStatuses.map((status) => [status, found.get(status) ?? 0])) as Record<
      ExecutionStatus,
      number
    >;
  }
}

function isBefore(one: FeedPlace, other: FeedPlace): boolean {
  return one.xid < other.xid || (one.xid === other.xid && one.no < other.no);
}
