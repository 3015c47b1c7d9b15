import type { Usage } from '../usage.ts';
import { whole } from './columns.ts';
import type { Row } from './statements.ts';

const names = [
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'cost_micro_usd',
  'model_calls',
  'estimated_calls',
  'unpriced_calls',
] as const;

/** The columns of a usage in the order of `usageColumns`, of executions and of work items. */
export const usageColumnNames = names.join(', ');

/** The sums of those columns over a group; `from` is the name of the table in the query. */
export const usageSums = (from: string): string => names.map((name) => `coalesce(sum(${from}.${name}), 0)`).join(', ');

/** A usage in one column; NULL for the many rows without any, which spares them eight numbers. */
export const usageColumn = `CASE WHEN model_calls > 0 THEN json_array(${usageColumnNames}) END`;

const additions = names.map((name) => `${name} = ${name} + ?`).join(', ');

/** Adds the columns of `usageColumns` to an execution by its number. */
export const addUsageSql = `UPDATE executions SET ${additions} WHERE no = ?`;

/** Adds them to the work item of an ask: execution, key of the ask, tenant. A count is no change of the item, so its version stays. */
export const addItemUsageSql = `UPDATE work_items SET ${additions} WHERE execution_id = ? AND step_key = ? AND +tenant = ?`;

/** Tokens, cost and counts in the order of the columns. */
export type UsageColumns = readonly [number, number, number, number, number, number, number, number];

/** Usage in the order of the parameters of `addUsageSql`. */
export function usageColumns(usage: Usage): UsageColumns {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = usage;
  const { costMicroUsd, modelCalls, estimatedCalls, unpricedCalls } = usage;
  return [
    inputTokens,
    outputTokens,
    cachedTokens,
    reasoningTokens,
    costMicroUsd,
    modelCalls,
    estimatedCalls,
    unpricedCalls,
  ];
}

/** The usage whose columns begin at a place of a row. */
export function usageAt(row: Row | readonly number[], start: number): Usage {
  const column = (place: number): number => whole(row[start + place]);
  return {
    inputTokens: column(0),
    outputTokens: column(1),
    cachedTokens: column(2),
    reasoningTokens: column(3),
    costMicroUsd: column(4),
    modelCalls: column(5),
    estimatedCalls: column(6),
    unpricedCalls: column(7),
  };
}
