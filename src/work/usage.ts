/** Tokens and cost of model calls. Money is in whole micro-dollars (1 USD = 1,000,000). */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  readonly costMicroUsd: number;
  /** Calls counted here. */
  readonly modelCalls: number;
  /** Calls whose usage was computed from the text because the provider sent none, or whose answer was lost. */
  readonly estimatedCalls: number;
  /** Calls of a model without a known price: their cost is unknown, not zero. */
  readonly unpricedCalls: number;
}

export const noUsage: Usage = Object.freeze({
  inputTokens: 0,
  outputTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
  costMicroUsd: 0,
  modelCalls: 0,
  estimatedCalls: 0,
  unpricedCalls: 0,
});

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    costMicroUsd: a.costMicroUsd + b.costMicroUsd,
    modelCalls: a.modelCalls + b.modelCalls,
    estimatedCalls: a.estimatedCalls + b.estimatedCalls,
    unpricedCalls: a.unpricedCalls + b.unpricedCalls,
  };
}

const usageFields: readonly string[] = Object.keys(noUsage);

/** Whether a value has the shape of a usage: errors carry what a failed call was paid for in their details. */
export function isUsage(value: unknown): value is Usage {
  if (typeof value !== 'object' || value === null) return false;
  return usageFields.every((field) => Number.isFinite(Reflect.get(value, field)));
}
