import type { Check, Evidence } from '../evidence.ts';
import { dataOf } from '../state.ts';
import type { ExecutionState } from '../state.ts';

/** Columns of `executions` that sum up the usage of the step records, by the name a record uses. */
const usageColumns = {
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cachedTokens: 'cached_tokens',
  reasoningTokens: 'reasoning_tokens',
  costMicroUsd: 'cost_micro_usd',
  modelCalls: 'model_calls',
  estimatedCalls: 'estimated_calls',
  unpricedCalls: 'unpriced_calls',
} as const;
const ends: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** What is kept beside the journal agrees with it: usage, signals, approvals, work items, metrics. */
export function ledgerChecks({ state }: Evidence): Check[] {
  const all = [...state.executions.values()];
  return [
    { name: 'usage that is not the sum of its steps', found: all.flatMap(wrongSums) },
    { name: 'signals not taken exactly once, or out of order', found: all.flatMap(wrongSignals) },
    { name: 'approvals left open', found: all.flatMap(openApprovals) },
    { name: 'work items that contradict their steps', found: all.flatMap(wrongItems) },
    { name: 'metrics that the tables contradict', found: state.wrongMetrics },
  ];
}

function wrongSums({ row, journal }: ExecutionState): string[] {
  const usages = journal.filter(({ kind }) => kind === 'step').map((record) => dataOf(record).usage ?? {});
  return Object.entries(usageColumns).flatMap(([name, column]) => {
    const sum = usages.reduce((total, usage) => total + (usage[name] ?? 0), 0);
    return row[column] === sum ? [] : [`${row.id}: ${column} is ${row[column]}, the steps say ${sum}`];
  });
}

/** Payloads in the mix are all different, so a payload tells which signal a wait took. */
function wrongSignals({ row, journal, signals }: ExecutionState): string[] {
  const waits = journal.filter(
    ({ phase, type, text }) => phase === 'completed' && (type === 'wait' || type === 'approval') && text !== null,
  );
  const found: string[] = [];
  for (const { payload, taken_at: takenAt } of signals) {
    const takers = waits.filter(({ text }) => text === payload).length;
    if (takers !== (takenAt === null ? 0 : 1))
      found.push(`${row.id}: ${payload} was taken by ${takers}, and marked as taken: ${takenAt !== null}`);
  }
  const lastOf = new Map<string, number>();
  for (const { text } of waits) {
    const signal = signals.find(({ payload }) => payload === text);
    if (signal === undefined) found.push(`${row.id}: a wait took ${text}, which nobody sent`);
    else if (signal.no < (lastOf.get(signal.name) ?? 0)) found.push(`${row.id}: ${text} was taken after a later one`);
    else lastOf.set(signal.name, signal.no);
  }
  return found;
}

function openApprovals({ row, approvals }: ExecutionState): string[] {
  // After a failure a question stays open: a retry asks it again.
  if (row.status !== 'completed' && row.status !== 'cancelled') return [];
  return approvals
    .filter(({ status }) => status === 'pending')
    .map(({ id }) => `${row.id} is ${row.status}, approval ${id} is pending`);
}

function wrongItems({ row, journal, items }: ExecutionState): string[] {
  return items.flatMap(({ id, step_key: ask, status }) => {
    // Other answers call tools, or did not match.
    const isAnswered = journal.some(
      ({ phase, key, type, text }) =>
        phase === 'completed' &&
        type === 'model' &&
        key?.startsWith(`${ask}/model/`) === true &&
        text?.includes('"accepted":true') === true,
    );
    const found: string[] = [];
    if (isAnswered !== (status === 'completed'))
      found.push(`${row.id}: item ${id} of ${ask} is ${status}; answered: ${isAnswered}`);
    if (ends.has(row.status) && !ends.has(status))
      found.push(`${row.id} is ${row.status}, its item ${id} is ${status}`);
    return found;
  });
}
