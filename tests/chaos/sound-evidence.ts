import type { Evidence } from './evidence.ts';
import type { ApprovalRow, ExecutionRow, ItemRow, JournalRow, SignalRow } from './state.ts';

type Draft<T> = { -readonly [Key in keyof T]: T[Key] };

/** An execution that may be changed. */
export interface ExecutionDraft {
  readonly row: Draft<ExecutionRow>;
  readonly journal: Draft<JournalRow>[];
  readonly signals: Draft<SignalRow>[];
  readonly approvals: Draft<ApprovalRow>[];
  readonly items: Draft<ItemRow>[];
}

/** Evidence that may be changed. */
export interface EvidenceDraft {
  readonly state: {
    readonly executions: Map<string, ExecutionDraft>;
    readonly damage: string[];
    readonly wrongMetrics: string[];
  };
  readonly lives: Evidence['lives'][number][];
  readonly acks: Evidence['acks'][number][];
  readonly effects: Evidence['effects'][number][];
  readonly calls: Evidence['calls'][number][];
}

const usage = { inputTokens: 4, costMicroUsd: 7, modelCalls: 1, estimatedCalls: 1 };
const inDoubt = JSON.stringify({ error: { code: 'IN_DOUBT' }, usage });

/** A sound run to plant breaches in: one execution that was killed while it called a model, and completed; times are those of its records. */
export function soundEvidence(): EvidenceDraft {
  const journal = [
    record('status', { type: 'queued' }),
    record('status', { type: 'running' }),
    record('step', { key: 'one', type: 'run', phase: 'completed', attempt: 1, text: '"one=1.1"' }),
    record('step', { key: 'ask/model/1', type: 'model', phase: 'intent', attempt: 1 }),
    record('message', { key: 'ask', type: 'user', phase: 'ask' }),
    record('status', { type: 'running', data: '{"reason":"resumed"}' }),
    record('step', { key: 'ask/model/1', type: 'model', phase: 'failed', attempt: 1, data: inDoubt }),
    record('step', { key: 'ask/model/1', type: 'model', phase: 'intent', attempt: 2 }),
    record('step', {
      key: 'ask/model/1',
      type: 'model',
      phase: 'completed',
      attempt: 2,
      data: JSON.stringify({ usage }),
      text: '{"accepted":true}',
    }),
    record('step', { key: 'ask/tool/1.1', type: 'tool', phase: 'intent', attempt: 1 }),
    record('step', { key: 'ask/tool/1.1', type: 'tool', phase: 'completed', attempt: 1, text: '{"ok":true}' }),
    record('step', { key: 'first', type: 'wait', phase: 'completed', attempt: 1, text: '"go-1"' }),
    record('step', { key: 'second', type: 'wait', phase: 'completed', attempt: 1, text: '"go-2"' }),
    record('step', { key: 'race/won-left', type: 'run', phase: 'completed', attempt: 1, text: '"won"' }),
    record('status', { type: 'completed' }),
  ].map((row, place) => ({ ...row, seq: place + 1, at: (place + 1) * 10 }));
  const sums = { input_tokens: 8, output_tokens: 0, cached_tokens: 0, reasoning_tokens: 0, cost_micro_usd: 14 };
  const counts = { model_calls: 2, estimated_calls: 2, unpriced_calls: 0 };
  const row = { no: 1, id: 'e', workflow: 'job', status: 'completed', epoch: 2, wake_at: null, ended_at: 150 };
  const execution: ExecutionDraft = {
    row: { ...row, idempotency_key: 'k', output: '"done"', ...sums, ...counts },
    journal,
    signals: [1, 2].map((no) => ({ no, id: `s${no}`, execution: 1, name: 'go', payload: `"go-${no}"`, taken_at: 100 })),
    approvals: [{ id: 'a', execution: 1, step_key: 'release', status: 'answered', choice: 'yes' }],
    items: [{ id: 'i', execution_id: 'e', step_key: 'ask', status: 'completed' }],
  };
  return {
    state: { executions: new Map([['e', execution]]), damage: [], wrongMetrics: [] },
    lives: [
      { at: 1, event: 'spawned', life: 1 },
      { at: 50, event: 'killed', life: 1 },
    ],
    acks: [
      { at: 20, event: 'accepted', id: 'e', job: 'job', key: 'k', end: 'completed' },
      { at: 20, event: 'signalled', id: 'e', name: 'go', payload: 'go-1' },
      { at: 20, event: 'approved', id: 'e', approval: 'a', choice: 'yes' },
      { at: 150, event: 'outcome', id: 'e', status: 'completed', output: '"done"' },
    ],
    effects: [
      { at: 1, event: 'life', life: 1 },
      { at: 25, event: 'begun', id: 'e', step: 'one', attempt: 1 },
      { at: 30, event: 'delivered', id: 'e', step: 'one', result: 'one=1.1' },
      { at: 40, event: 'leaving', id: 'e', step: 'ask/model/1', attempt: 1 },
      { at: 55, event: 'life', life: 2 },
      { at: 105, event: 'made', id: 'e', step: 'ask/tool/1.1', tool: 'pay' },
    ],
    calls: [
      { at: 45, idempotencyKey: 'e/ask/model/1', phase: 'received', attempt: 1 },
      { at: 85, idempotencyKey: 'e/ask/model/1', phase: 'received', attempt: 2 },
    ],
  };
}

/** A record with the columns given and all others empty. */
export function record(kind: string, columns: Partial<JournalRow>): Draft<JournalRow> {
  const empty = { key: null, type: null, phase: null, attempt: null, data: null, text: null };
  return { execution: 1, seq: 0, at: 0, kind, ...empty, ...columns };
}
