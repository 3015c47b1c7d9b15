import type { Activity, FailedExecution, QuietExecution, QuietFilter, SupervisionReports } from '../supervision.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Row } from './statements.ts';

/** What supervisors ask, on the reader pool. */
export class SqliteSupervisionReports implements SupervisionReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async activity(tenant: string, since: number): Promise<Activity> {
    const found = await this.#readers.run('activity', { tenant, since });
    const open = countsOf(found.open);
    const ended = countsOf(found.ended);
    const [created, queued, running] = [open('created'), open('queued'), open('running')];
    return {
      open: { created, queued, running, waiting: open('waiting'), failed: open('failed') },
      ended: { completed: ended('completed'), failed: ended('failed'), cancelled: ended('cancelled') },
      since: found.since,
    };
  }

  async quiet(tenant: string, filter: QuietFilter): Promise<readonly QuietExecution[]> {
    const rows = await this.#readers.run('quietExecutions', { tenant, filter });
    return rows.map(([id, workflow, squadId, createdAt, lastAt, wakeAt]) => ({
      id: text(id),
      workflow: text(workflow),
      squadId: textOrNull(squadId),
      createdAt: whole(createdAt),
      lastAt: whole(lastAt),
      wakeAt: wholeOrNull(wakeAt),
    }));
  }

  async failed(tenant: string, since: number, limit: number): Promise<readonly FailedExecution[]> {
    const rows = await this.#readers.run('failedExecutions', { tenant, since, limit });
    return rows.map(([id, workflow, endedAt, reason]) => ({
      id: text(id),
      workflow: text(workflow),
      endedAt: whole(endedAt),
      reason: textOrNull(reason),
    }));
  }
}

/** Rows of a status and how many there are. */
function countsOf(rows: readonly Row[]): (status: string) => number {
  const counts = new Map(rows.map(([status, count]) => [text(status), whole(count)]));
  return (status) => counts.get(status) ?? 0;
}
