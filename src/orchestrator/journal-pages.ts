import type { ExecutionReports } from '../work/execution-store.ts';
import type { Journaled } from '../work/journal.ts';

const pageSize = 1_000;

/** The whole journal of an execution. */
export async function allRecords(reports: ExecutionReports, tenant: string, id: string): Promise<Journaled[]> {
  const records: Journaled[] = [];
  for (;;) {
    const page = await reports.records(tenant, id, records.at(-1)?.seq ?? 0, pageSize);
    records.push(...page);
    if (page.length < pageSize) return records;
  }
}
