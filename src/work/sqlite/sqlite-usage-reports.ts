import type { ExecutionUsage, ExecutionUsageFilter, UsageFilter, UsageGroup, UsageReports } from '../usage-report.ts';
import { executionUsageOf, usageGroupsOf } from '../rows/report-rows.ts';
import type { ReaderPool } from './reader-pool.ts';

/** Usage reports on the reader pool. */
export class SqliteUsageReports implements UsageReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async usage(tenant: string, filter: UsageFilter): Promise<readonly UsageGroup[]> {
    return usageGroupsOf(await this.#readers.run('usage', { tenant, filter }));
  }

  async executions(tenant: string, filter: ExecutionUsageFilter): Promise<readonly ExecutionUsage[]> {
    return (await this.#readers.run('usageOfExecutions', { tenant, filter })).map(executionUsageOf);
  }
}
