import type { Activity, FailedExecution, QuietExecution, QuietFilter, SupervisionReports } from '../supervision.ts';
import { activityOf, failedExecutionOf, quietExecutionOf } from '../rows/report-rows.ts';
import type { ReaderPool } from './reader-pool.ts';

/** What supervisors ask, on the reader pool. */
export class SqliteSupervisionReports implements SupervisionReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async activity(tenant: string, since: number): Promise<Activity> {
    const { open, ended, since: from } = await this.#readers.run('activity', { tenant, since });
    return activityOf(open, ended, from);
  }

  async quiet(tenant: string, filter: QuietFilter): Promise<readonly QuietExecution[]> {
    return (await this.#readers.run('quietExecutions', { tenant, filter })).map(quietExecutionOf);
  }

  async failed(tenant: string, since: number, limit: number): Promise<readonly FailedExecution[]> {
    return (await this.#readers.run('failedExecutions', { tenant, since, limit })).map(failedExecutionOf);
  }
}
