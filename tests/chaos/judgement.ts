import { acceptanceChecks } from './checks/acceptance.ts';
import { callChecks } from './checks/calls.ts';
import { journalChecks } from './checks/journals.ts';
import { ledgerChecks } from './checks/ledgers.ts';
import { stepChecks } from './checks/steps.ts';
import { toolChecks } from './checks/tools.ts';
import { only } from './evidence.ts';
import type { Check, Evidence, Figure } from './evidence.ts';

/** What was counted, and what may not be and is. */
export interface Judgement {
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly passed: boolean;
}

/** Without these nothing was put to the test: a run in which nothing happens breaks nothing. */
const needed: readonly string[] = ['executions accepted', 'completed', 'steps committed', 'model calls received'];

/** Holds what a run left behind against the contract. */
export function judge(evidence: Evidence): Judgement {
  const calls = callChecks(evidence);
  const tools = toolChecks(evidence);
  const figures = [...countAll(evidence), ...calls.figures, ...tools.figures];
  const idle = figures.filter(({ name, count }) => needed.includes(name) && count === 0).map(({ name }) => name);
  const checks = [
    { name: 'things that have to happen and did not', found: idle },
    ...acceptanceChecks(evidence),
    ...stepChecks(evidence),
    ...calls.checks,
    ...tools.checks,
    ...journalChecks(evidence),
    ...ledgerChecks(evidence),
  ];
  return { figures, checks, passed: checks.every(({ found }) => found.length === 0) };
}

function countAll({ state, acks, lives, effects }: Evidence): Figure[] {
  const rows = [...state.executions.values()].map(({ row }) => row);
  const ended = (status: string): number => rows.filter((row) => row.status === status).length;
  const records = [...state.executions.values()].flatMap(({ journal }) => journal);
  const accepted = new Set(only(acks, 'accepted').map(({ id }) => id)).size;
  const commands = acks.filter(({ event }) => ['signalled', 'approved', 'cancelled', 'retried'].includes(event));
  return [
    { name: 'kills', count: only(lives, 'killed').length },
    { name: 'stops in good order', count: only(lives, 'exited').length },
    { name: 'executions accepted', count: accepted },
    { name: 'stored, but killed before the acknowledgement', count: rows.length - accepted },
    { name: 'completed', count: ended('completed') },
    { name: 'failed', count: ended('failed') },
    { name: 'cancelled', count: ended('cancelled') },
    { name: 'signals, answers, cancels and retries accepted', count: commands.length },
    {
      name: 'resumed in the middle',
      count: records.filter(({ data }) => data?.includes('"reason":"resumed"') === true).length,
    },
    {
      name: 'steps committed',
      count: records.filter(({ kind, phase }) => kind === 'step' && phase === 'completed').length,
    },
    { name: 'step bodies begun', count: only(effects, 'begun').length },
  ];
}
