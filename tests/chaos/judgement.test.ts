import { expect, it } from 'vitest';
import { judge } from './judgement.ts';
import { record, soundEvidence } from './sound-evidence.ts';
import type { EvidenceDraft, ExecutionDraft } from './sound-evidence.ts';
import type { JournalRow } from './state.ts';

function breaches(change: (draft: EvidenceDraft, execution: ExecutionDraft) => void): string[] {
  const draft = soundEvidence();
  const execution = draft.state.executions.get('e');
  if (execution !== undefined) change(draft, execution);
  return judge(draft)
    .checks.filter(({ found }) => found.length > 0)
    .map(({ name }) => name);
}

it('finds nothing where nothing is wrong', () => {
  expect(breaches(() => {})).toEqual([]);
});

/** Takes the last record away and puts others in its place. */
function endWith({ journal }: ExecutionDraft, ...records: Partial<JournalRow>[]): void {
  journal.pop();
  for (const columns of records) {
    const seq = journal.length + 1;
    journal.push({ ...record('status', columns), ...columns, seq, at: seq * 10 });
  }
}

const planted: readonly [name: string, change: Parameters<typeof breaches>[0]][] = [
  ['things that have to happen and did not', ({ calls }) => calls.splice(0)],
  ['metrics that the tables contradict', ({ state }) => state.wrongMetrics.push('submitted of local 1 is 2, not 1')],
  ['executions lost', ({ state }) => state.executions.delete('e')],
  ['executions left open', ({ acks }, { row }) => (acks.shift(), (row.status = 'waiting'))],
  ['executions that ended otherwise than they had to', (_, { row }) => (row.status = 'failed')],
  ['commands lost', (_, { signals }) => signals.shift()],
  ['commands lost', (_, { approvals }) => approvals.shift()],
  ['commands lost', ({ acks }) => acks.push({ at: 1, event: 'cancelled', id: 'e' })],
  [
    'idempotency keys with two executions',
    ({ acks }) => acks.push({ at: 1, event: 'accepted', id: 'f', job: 'job', key: 'k', end: 'any' }),
  ],
  ['outcomes told that are not stored', (_, { row }) => (row.output = '"other"')],
  ['errors nobody expected', ({ acks }) => acks.push({ at: 1, event: 'surprise', doing: 'submit', error: 'Oh!' })],
  ['errors nobody expected', ({ lives }) => lives.push({ at: 1, event: 'died', life: 2 })],
  [
    'committed steps run again',
    ({ effects }) => effects.push({ at: 31, event: 'begun', id: 'e', step: 'one', attempt: 1 }),
  ],
  [
    'committed steps run again',
    ({ effects }) => effects.push({ at: 29, event: 'begun', id: 'e', step: 'one', attempt: 1 }),
  ],
  [
    'results delivered that are not those committed',
    ({ effects }) => effects.push({ at: 31, event: 'delivered', id: 'e', step: 'one', result: 'one=2.1' }),
  ],
  [
    'results delivered that are not those committed',
    ({ effects }) => effects.push({ at: 31, event: 'delivered', id: 'e', step: 'two', result: 'two=2.1' }),
  ],
  [
    'races decided twice',
    (_, execution) =>
      endWith(execution, { kind: 'step', key: 'race/won-right', phase: 'failed' }, { type: 'completed' }),
  ],
  [
    'model calls made again after their result was there',
    ({ calls }) => calls.push({ at: 91, idempotencyKey: 'e/ask/model/1', phase: 'received', attempt: 3 }),
  ],
  [
    'model calls without an intent',
    ({ calls }) => calls.push({ at: 46, idempotencyKey: 'e/ask/model/1', phase: 'received', attempt: 3 }),
  ],
  [
    'tool calls made twice although nobody said so',
    ({ effects }) => effects.push({ at: 106, event: 'made', id: 'e', step: 'ask/tool/1.1', tool: 'pay' }),
  ],
  [
    'tool calls without an intent',
    ({ effects }) => effects.push({ at: 106, event: 'made', id: 'e', step: 'ask/tool/1.2', tool: 'note' }),
  ],
  [
    'tool calls made again after their result was there',
    ({ effects }) => effects.push({ at: 111, event: 'made', id: 'e', step: 'ask/tool/1.1', tool: 'note' }),
  ],
  [
    'calls in doubt that were not in flight',
    ({ effects }) => effects.splice(4, 0, { at: 49, event: 'settled', id: 'e', step: 'ask/model/1', attempt: 1 }),
  ],
  [
    'calls in doubt that count as nothing',
    (_, { journal }) =>
      journal.forEach((row) => (row.data = row.data?.replace('"estimatedCalls":1', '"estimatedCalls":0') ?? null)),
  ],
  [
    'intents that nobody settled',
    (_, execution) =>
      endWith(execution, { kind: 'step', key: 'two', phase: 'intent', attempt: 1 }, { type: 'completed' }),
  ],
  ['journals with gaps', (_, { journal }) => journal.splice(4, 1)],
  ['transitions that do not exist', (_, execution) => endWith(execution, { type: 'created' }, { type: 'completed' })],
  ['transitions that do not exist', (_, execution) => endWith(execution, { type: 'completed' }, { type: 'completed' })],
  ['rows that contradict their journal', (_, { row }) => (row.epoch = 3)],
  ['rows that contradict their journal', (_, { row }) => (row.ended_at = null)],
  [
    'records after the end',
    (_, execution) => endWith(execution, { type: 'completed' }, { kind: 'step', key: 'two', phase: 'failed' }),
  ],
  [
    'records written twice',
    (_, execution) => endWith(execution, { kind: 'message', key: 'ask', phase: 'ask' }, { type: 'completed' }),
  ],
  ['resumed although nothing crashed', ({ lives }) => lives.pop()],
  ['damage to the file', ({ state }) => state.damage.push('row 7 missing from index')],
  ['usage that is not the sum of its steps', (_, { row }) => (row.cost_micro_usd = 13)],
  [
    'signals not taken exactly once, or out of order',
    (_, { signals }) => signals.forEach((signal) => (signal.taken_at = null)),
  ],
  [
    'signals not taken exactly once, or out of order',
    (_, { signals }) => signals.reverse().forEach((signal, place) => (signal.no = place)),
  ],
  [
    'approvals left open',
    (_, { approvals }) => approvals.push({ id: 'b', execution: 1, step_key: 'legal', status: 'pending', choice: null }),
  ],
  ['work items that contradict their steps', (_, { items }) => items.forEach((item) => (item.status = 'in_progress'))],
];

it.each(planted)('finds %s', (name, change) => {
  expect(breaches(change)).toContain(name);
});

it('knows that what was in flight when an execution failed is in doubt when it is retried', () => {
  const found = breaches(({ effects }, { journal }) => {
    effects.splice(4, 0, { at: 49, event: 'settled', id: 'e', step: 'ask/model/1', attempt: 1 });
    const doubt = journal.findIndex(({ key, phase }) => key === 'ask/model/1' && phase === 'failed');
    const columns = {
      key: 'ask/model/1',
      type: 'model',
      phase: 'failed',
      attempt: 1,
      data: '{"error":{"code":"EXECUTION_CANCELLED"}}',
    };
    journal.splice(doubt, 0, { ...record('step', columns), ...columns });
  });
  expect(found).not.toContain('calls in doubt that were not in flight');
});

it('has a planted breach for each of its checks', () => {
  const names = judge(soundEvidence()).checks.map((check) => check.name);
  expect([...new Set(planted.map(([name]) => name))].toSorted()).toEqual(names.toSorted());
});
