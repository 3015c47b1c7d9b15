import type { Usage } from '../usage.ts';

/** Adds the columns of `usageColumns` to an execution by its number. */
export const addUsageSql = `UPDATE executions SET input_tokens = input_tokens + ?, output_tokens = output_tokens + ?, cached_tokens = cached_tokens + ?,
  reasoning_tokens = reasoning_tokens + ?, cost_micro_usd = cost_micro_usd + ?, model_calls = model_calls + ?,
  estimated_calls = estimated_calls + ?, unpriced_calls = unpriced_calls + ? WHERE no = ?`;

/** Tokens, cost and counts in the order of the parameters of `addUsageSql`. */
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
