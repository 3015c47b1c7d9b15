import { z } from 'zod';

const count = z.int().min(0);

/** Tokens and cost of model calls. */
export const usageSchema = z
  .object({
    inputTokens: count,
    outputTokens: count,
    cachedTokens: count,
    reasoningTokens: count,
    costMicroUsd: count,
    modelCalls: count,
    estimatedCalls: count.meta({
      description: 'Calls whose tokens were counted here, because the provider told none.',
    }),
    unpricedCalls: count.meta({
      description: 'Calls of models without a known price: their cost is unknown, not zero.',
    }),
  })
  .meta({ id: 'Usage', description: 'Tokens and cost of model calls.' });
