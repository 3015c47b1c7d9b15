import type { ExecutionUsage, ExecutionUsageFilter, UsageFilter, UsageGroup, UsageReports } from '../usage-report.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Row } from './statements.ts';
import { usageAt } from './usage-columns.ts';

/** Usage reports on the reader pool. */
export class SqliteUsageReports implements UsageReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async usage(tenant: string, filter: UsageFilter): Promise<readonly UsageGroup[]> {
    const groups = (await this.#readers.run('usage', { tenant, filter })).map(groupOf);
    return groups.sort((a, b) => b.usage.costMicroUsd - a.usage.costMicroUsd || byKey(a, b));
  }

  async executions(tenant: string, filter: ExecutionUsageFilter): Promise<readonly ExecutionUsage[]> {
    const rows = await this.#readers.run('usageOfExecutions', { tenant, filter });
    return rows.map((row) => ({
      id: text(row[0]),
      workflow: text(row[1]),
      request: textOrNull(row[2]),
      usage: usageAt(row, 3),
    }));
  }
}

function groupOf(row: Row): UsageGroup {
  const squadId = textOrNull(row[1]);
  const version = wholeOrNull(row[2]);
  return {
    key: textOrNull(row[0]),
    squad: squadId === null || version === null ? null : { id: squadId, version },
    executions: whole(row[3]),
    usage: usageAt(row, 4),
  };
}

/** So that equal costs come in the same order every time. */
function byKey(a: UsageGroup, b: UsageGroup): number {
  return (a.key ?? '') < (b.key ?? '') ? -1 : 1;
}
