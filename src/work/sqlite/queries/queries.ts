import type { DatabaseSync } from 'node:sqlite';
import { accessQueries } from './access.ts';
import { approvalQueries } from './approvals.ts';
import { budgetQueries } from './budgets.ts';
import { convoyQueries } from './convoys.ts';
import { executionQueries } from './executions.ts';
import { metricQueries } from './metrics.ts';
import { scheduleQueries } from './schedules.ts';
import { squadQueries } from './squads.ts';
import { supervisionQueries } from './supervision.ts';
import { usageQueries } from './usage.ts';
import { workItemQueries } from './work-items.ts';

/** Everything a reader thread can answer, by name. Results are rows; the main thread maps them. */
export function queries(database: DatabaseSync) {
  return {
    ...executionQueries(database),
    ...squadQueries(database),
    ...accessQueries(database),
    ...approvalQueries(database),
    ...budgetQueries(database),
    ...convoyQueries(database),
    ...scheduleQueries(database),
    ...workItemQueries(database),
    ...usageQueries(database),
    ...supervisionQueries(database),
    ...metricQueries(database),
  };
}

export type Queries = ReturnType<typeof queries>;
export type QueryName = keyof Queries;
export type QueryArguments<N extends QueryName> = Parameters<Queries[N]>[0];
export type QueryResult<N extends QueryName> = ReturnType<Queries[N]>;

/** Those that read one row by its key, or a few: answered in microseconds, so that they may travel together. */
export const quickQueries: ReadonlySet<string> = new Set<QueryName>([
  'execution',
  'fewRecords',
  'fewFeed',
  'feedEnd',
  'squad',
  'squadVersion',
  'approval',
  'budget',
  'workItem',
  'convoy',
  'schedule',
  'scheduleNamed',
  'apiKey',
  'apiKeyById',
  'session',
  'hasApiKeys',
  'user',
]);
