import type { SquadraEvent } from '../../../src/orchestrator/events.ts';
import type { Execution } from '../../../src/work/execution.ts';
import type { StepRecord } from '../../../src/work/journal.ts';
import { noUsage } from '../../../src/work/usage.ts';
import type { Squad } from '../../../src/squads/squad.ts';

/** Events as an execution tells them, with times the test chooses. */
export class Events {
  #seq = 0;

  step(key: string, parts: Partial<StepRecord> & { readonly at: number }): SquadraEvent {
    const output = (parts.type ?? 'model') === 'model' && parts.phase === 'completed' ? '{"accepted":true}' : null;
    const empty = { attempt: 1, inputHash: null, output, error: null, dueAt: null, details: null, usage: null };
    return { event: 'step', kind: 'step', seq: ++this.#seq, key, type: 'model', phase: 'intent', ...empty, ...parts };
  }

  asked(stepKey: string, memberId: string, at: number): SquadraEvent {
    const message = { role: 'user', kind: 'ask', memberId, text: 'Do it', stepKey } as const;
    return { event: 'message', kind: 'message', seq: ++this.#seq, at, message };
  }

  toolResult(stepKey: string, text: string, at: number): SquadraEvent {
    const message = { role: 'tool', kind: 'tool-result', memberId: 'm1', text, stepKey } as const;
    return { event: 'message', kind: 'message', seq: ++this.#seq, at, message };
  }

  delta(stepKey: string, text: string, attempt = 1): SquadraEvent {
    return { event: 'text-delta', executionId: execution.id, stepKey, attempt, offset: 0, text };
  }
}

export const usage = { ...noUsage, inputTokens: 1_200, outputTokens: 34, costMicroUsd: 5_600, modelCalls: 1 };

const member = {
  specialization: null,
  provider: null,
  model: null,
  temperature: 0.7,
  instructions: null,
  tools: [],
  version: 1,
};

export const squad: Squad = {
  id: '0199a1b2-0000-7000-8000-000000000001',
  name: 'pair',
  description: null,
  members: [
    { ...member, id: 'm1', name: 'Ada', role: 'project_manager' },
    { ...member, id: 'm2', name: 'Grace', role: 'tester' },
  ],
  version: 1,
  userId: null,
  createdAt: 0,
  updatedAt: 0,
};

export const execution: Execution = {
  id: '0199a1b2-c3d4-7000-8000-000000000002',
  tenant: 'local',
  userId: null,
  workflow: 'pipeline',
  squadId: squad.id,
  squadVersion: 1,
  status: 'running',
  priority: 0,
  epoch: 1,
  version: 1,
  input: { message: 'Do it' },
  output: null,
  error: null,
  reason: null,
  metadata: null,
  usage: noUsage,
  wakeAt: null,
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
  traceparent: null,
  convoyItemId: null,
};
