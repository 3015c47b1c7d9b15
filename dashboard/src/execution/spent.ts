import type { Story } from './story.ts';
import type { StepUsage } from './step-story.ts';

/** What the steps have used so far. What was taken over by a fork was paid elsewhere, and bears no usage. */
export function spentOn({ steps }: Pick<Story, 'steps'>): StepUsage {
  const sum = {
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 0,
    modelCalls: 0,
    estimatedCalls: 0,
    unpricedCalls: 0,
  };
  const names = Object.keys(sum) as (keyof typeof sum)[];
  for (const { usage } of steps.values()) if (usage !== null) for (const name of names) sum[name] += usage[name];
  return sum;
}
