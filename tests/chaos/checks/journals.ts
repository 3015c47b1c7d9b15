import type { Check, Evidence } from '../evidence.ts';
import { only } from '../evidence.ts';
import { dataOf } from '../state.ts';
import type { ExecutionState, JournalRow } from '../state.ts';

/** The transitions of the contract; '' is before the first status. */
const legal: Readonly<Record<string, readonly string[]>> = {
  '': ['created', 'queued'],
  created: ['queued', 'cancelled'],
  queued: ['running', 'cancelled'],
  running: ['waiting', 'completed', 'failed', 'cancelled'],
  waiting: ['running', 'failed', 'cancelled'],
  failed: ['queued'],
  completed: [],
  cancelled: [],
};
const ends: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/** A journal is numbered without gaps, tells of legal states only, and says nothing after the end. */
export function journalChecks({ state, lives }: Evidence): Check[] {
  const deaths = [...only(lives, 'killed'), ...only(lives, 'stopping')].map(({ at }) => at);
  const all = [...state.executions.values()];
  return [
    { name: 'journals with gaps', found: all.flatMap(gaps) },
    { name: 'transitions that do not exist', found: all.flatMap(illegalTransitions) },
    { name: 'rows that contradict their journal', found: all.flatMap(contradictions) },
    { name: 'records after the end', found: all.flatMap(afterEnd) },
    { name: 'records written twice', found: all.flatMap(doubles) },
    { name: 'resumed although nothing crashed', found: all.flatMap((execution) => groundless(execution, deaths)) },
    { name: 'damage to the file', found: state.damage },
  ];
}

function statuses({ journal }: ExecutionState): JournalRow[] {
  return journal.filter(({ kind }) => kind === 'status');
}

function gaps({ row, journal }: ExecutionState): string[] {
  return journal.every(({ seq }, place) => seq === place + 1) && journal.length > 0
    ? []
    : [`${row.id}: ${journal.map(({ seq }) => seq).join(' ')}`];
}

/** A crash changes no status: who is found running is resumed, and says so. */
function isResumed(record: JournalRow): boolean {
  return record.type === 'running' && dataOf(record).reason === 'resumed';
}

function illegalTransitions(execution: ExecutionState): string[] {
  let before = '';
  return statuses(execution).flatMap((record) => {
    const from = before;
    before = record.type ?? '';
    const isLegal = isResumed(record) ? from === 'running' : legal[from]?.includes(before) === true;
    return isLegal ? [] : [`${execution.row.id}: ${from || 'nothing'} → ${before} at ${record.seq}`];
  });
}

function contradictions(execution: ExecutionState): string[] {
  const { row } = execution;
  const records = statuses(execution);
  const last = records.at(-1)?.type ?? 'nothing';
  const claims = records.filter(({ type }) => type === 'running').length + (row.status === 'cancelled' ? 1 : 0);
  const found: string[] = [];
  if (row.status !== last) found.push(`${row.id} is ${row.status}; its journal says ${last}`);
  if (row.epoch !== claims) found.push(`${row.id} has epoch ${row.epoch} after ${claims} claims`);
  if (ends.has(row.status) !== (row.ended_at !== null))
    found.push(`${row.id} is ${row.status} and ended at ${row.ended_at}`);
  return found;
}

function afterEnd({ row, journal }: ExecutionState): string[] {
  const last = journal.at(-1);
  return !ends.has(row.status) || last?.kind === 'status'
    ? []
    : [`${row.id}: ${last?.kind} ${last?.key} ${last?.phase} after ${row.status}`];
}

/** A step completes once and waits once; a message is said once. */
function doubles({ row, journal }: ExecutionState): string[] {
  const seen = new Set<string>();
  return journal.flatMap(({ kind, key, phase, attempt }) => {
    const isOnce = kind === 'message' || phase === 'completed' || phase === 'waiting';
    if (kind === 'status' || (!isOnce && phase !== 'intent')) return [];
    const name = `${kind} ${key} ${phase}${phase === 'intent' ? ` ${attempt}` : ''}`;
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [`${row.id}: ${name}`];
  });
}

function groundless(execution: ExecutionState, deaths: readonly number[]): string[] {
  let claimedAt = 0;
  return statuses(execution).flatMap((record) => {
    if (record.type !== 'running') return [];
    const from = claimedAt;
    claimedAt = record.at;
    // Two processes that claim it at once are in order, but their clocks need not be.
    const [first, last] = [Math.min(from, record.at), Math.max(from, record.at)];
    if (!isResumed(record) || deaths.some((at) => at >= first && at <= last)) return [];
    return [`${execution.row.id} at ${record.seq}`];
  });
}
