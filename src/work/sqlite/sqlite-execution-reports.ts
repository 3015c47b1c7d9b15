import { executionStatuses } from '../execution.ts';
import type { Execution, ExecutionStatus } from '../execution.ts';
import type { ExecutionFilter, ExecutionReports, FeedPage, FeedRequest, OpenExecution } from '../execution-store.ts';
import type { Journaled, MessageRecord } from '../journal.ts';
import { executionOf } from '../rows/execution-row.ts';
import { readCursor, unknownCursor, writeCursor } from './feed-cursor.ts';
import { journaled } from '../rows/journal-row.ts';
import type { JournalRow } from '../rows/journal-row.ts';
import type { ReaderPool } from './reader-pool.ts';

/** Few enough records that the query may travel with others. */
const few = 32;

/** The read side on the reader pool. */
export class SqliteExecutionReports implements ExecutionReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async get(tenant: string, id: string): Promise<Execution | null> {
    const row = await this.#readers.run('execution', { tenant, id });
    return row === undefined ? null : executionOf(row);
  }

  async list(tenant: string, filter: ExecutionFilter): Promise<readonly Execution[]> {
    return (await this.#readers.run('executions', { tenant, filter })).map(executionOf);
  }

  async records(tenant: string, id: string, after: number, limit: number): Promise<readonly Journaled[]> {
    const rows = await this.#readers.run(limit <= few ? 'fewRecords' : 'records', { tenant, id, after, limit });
    // Rows of `recordColumns`.
    return rows.map((row) => journaled(row as unknown as JournalRow));
  }

  async messages(
    tenant: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly Journaled<MessageRecord>[]> {
    const rows = await this.#readers.run('messages', { tenant, id, after, limit });
    return rows.flatMap((row) => {
      // Rows of `recordColumns`.
      const record = journaled(row as unknown as JournalRow);
      return record.kind === 'message' ? [record] : [];
    });
  }

  async feed(tenant: string, { after, squadId, limit }: FeedRequest): Promise<FeedPage> {
    const from = after === null ? 0 : readCursor(after);
    const { rows, through, end } = await this.#readers.run(limit <= few ? 'fewFeed' : 'feed', {
      tenant,
      after: from,
      squadId: squadId ?? null,
      limit,
    });
    // The number of a state that this one is not: a backup was restored, maybe.
    if (from > end) throw unknownCursor();
    const events = rows.map(([no, executionId, ...record]) => ({
      executionId: String(executionId),
      cursor: writeCursor(Number(no)),
      // The rest is a row of `recordColumns`.
      record: journaled(record as unknown as JournalRow),
    }));
    return { events, cursor: writeCursor(through), isEnd: through >= end };
  }

  async feedEnd(_tenant: string): Promise<string> {
    return writeCursor(await this.#readers.run('feedEnd', null));
  }

  async open(after: string, limit: number): Promise<readonly OpenExecution[]> {
    const rows = await this.#readers.run('openExecutions', { after, limit });
    return rows.map(([tenant, id, status, priority, wakeAt, workflow]) => ({
      tenant: String(tenant),
      id: String(id),
      status: status as ExecutionStatus,
      priority: Number(priority),
      wakeAt: wakeAt === null ? null : Number(wakeAt),
      workflow: String(workflow),
    }));
  }

  async counts(): Promise<Readonly<Record<ExecutionStatus, number>>> {
    const rows = await this.#readers.run('executionCounts', null);
    const found = new Map(rows.map(([status, count]) => [String(status), Number(count)]));
    // Every status has its count, also those that no execution is in.
    return Object.fromEntries(executionStatuses.map((status) => [status, found.get(status) ?? 0])) as Record<
      ExecutionStatus,
      number
    >;
  }
}
