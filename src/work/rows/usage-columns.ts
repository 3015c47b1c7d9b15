import type { Usage } from '../usage.ts';
import { whole } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of a usage in the order of `usageColumns`, of executions and of work items. */
export const usageColumnList = [
  'input_tokens',
  'output_tokens',
  'cached_tokens',
  'reasoning_tokens',
  'cost_micro_usd',
  'model_calls',
  'estimated_calls',
  'unpriced_calls',
] as const;

/** The same as a list of SQL. */
export const usageColumnNames = usageColumnList.join(', ');

/** The sums of those columns over a group; `from` is the name of the table in the query. */
export const usageSums = (from: string): string =>
  usageColumnList.map((name) => `coalesce(sum(${from}.${name}), 0)`).join(', ');

/** Tokens, cost and counts in the order of the columns. */
export type UsageColumns = readonly [number, number, number, number, number, number, number, number];

/** Usage in the order of its columns. */
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
