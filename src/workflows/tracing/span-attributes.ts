import { decodeJson } from '../../kernel/json.ts';
import type { Json } from '../../kernel/json.ts';
import { genAi } from '../../telemetry/gen-ai.ts';
import type { SpanAttributes } from '../../telemetry/tracing.ts';
import type { Execution } from '../../work/execution.ts';
import type { StepRecord } from '../../work/journal.ts';
import type { Usage } from '../../work/usage.ts';

/** What is told of an execution; `gen_ai.agent.name` is where the conventions have the name of a workflow. */
export function executionAttributes(execution: Execution): SpanAttributes {
  const { id, workflow, tenant, squadId, convoyItemId, priority } = execution;
  return {
    [genAi.operation]: 'invoke_workflow',
    [genAi.agentName]: workflow,
    [genAi.conversationId]: id,
    'squadra.execution.id': id,
    'squadra.tenant': tenant,
    'squadra.priority': priority,
    ...(squadId === null ? {} : { 'squadra.squad.id': squadId }),
    ...(convoyItemId === null ? {} : { 'squadra.convoy.item.id': convoyItemId }),
  };
}

/** What a call took. Of an attempt that failed only the cost is told: its tokens may be what was held for it. */
export function usageAttributes(usage: Usage, isCompleted: boolean): SpanAttributes {
  return {
    ...(isCompleted
      ? {
          [genAi.inputTokens]: usage.inputTokens,
          [genAi.outputTokens]: usage.outputTokens,
          [genAi.cacheReadTokens]: usage.cachedTokens,
        }
      : {}),
    'squadra.cost.micro_usd': usage.costMicroUsd,
  };
}

/** What is told of a wait for a convoy; null for one for anything else. */
export function convoyAttributes({ type, details }: StepRecord): SpanAttributes | null {
  if (type !== 'wait' || details === null) return null;
  const told = decodeJson(details);
  const id = typeof told === 'object' && told !== null && 'convoyId' in told ? told['convoyId'] : null;
  return typeof id === 'string' ? { 'squadra.convoy.id': id } : null;
}

/** The output of a record; null where it has none. */
export function outputOf({ output }: StepRecord): Json {
  return output === null ? null : decodeJson(output);
}
