/**
 * Judges what a chaos run left behind, from the database file and the logs alone:
 *
 *     node tests/chaos/verdict.ts <folder> [--json]
 *
 * Exits with 0 when the contract held, with 1 when it did not.
 */
import { parseArgs } from 'node:util';
import { acceptanceChecks } from './checks/acceptance.ts';
import { callChecks } from './checks/calls.ts';
import { journalChecks } from './checks/journals.ts';
import { ledgerChecks } from './checks/ledgers.ts';
import { stepChecks } from './checks/steps.ts';
import { only, readEvidence } from './evidence.ts';
import type { Check, Evidence, Figure } from './evidence.ts';

/** Shown of each kind of breach. */
const maxExamples = 5;

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [folder = '.'] = positionals;
const evidence = readEvidence(folder);
const calls = callChecks(evidence);
const figures = [...countAll(evidence), ...calls.figures];
const checks: Check[] = [
  // A run in which nothing happens breaks nothing.
  {
    name: 'things that have to happen and did not',
    found: figures.filter(({ count }) => count === 0).map(({ name }) => name),
  },
  ...acceptanceChecks(evidence),
  ...stepChecks(evidence),
  ...calls.checks,
  ...journalChecks(evidence),
  ...ledgerChecks(evidence),
];
const passed = checks.every(({ found }) => found.length === 0);
console.log(values.json ? asJson() : asTable());
process.exitCode = passed ? 0 : 1;

function countAll({ state, acks, lives, effects }: Evidence): Figure[] {
  const rows = [...state.executions.values()].map(({ row }) => row);
  const ended = (status: string): number => rows.filter((row) => row.status === status).length;
  const records = [...state.executions.values()].flatMap(({ journal }) => journal);
  const accepted = new Set(only(acks, 'accepted').map(({ id }) => id)).size;
  return [
    { name: 'kills', count: only(lives, 'killed').length },
    { name: 'stops in good order', count: only(lives, 'exited').length },
    { name: 'executions accepted', count: accepted },
    { name: 'stored, but killed before the acknowledgement', count: rows.length - accepted },
    { name: 'completed', count: ended('completed') },
    { name: 'failed', count: ended('failed') },
    { name: 'cancelled', count: ended('cancelled') },
    {
      name: 'signals, answers and retries accepted',
      count: acks.filter(({ event }) => ['signalled', 'approved', 'retried'].includes(event)).length,
    },
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

function asTable(): string {
  const width = Math.max(...[...figures, ...checks].map(({ name }) => name.length)) + 2;
  const line = (name: string, count: number, mark: string): string =>
    `${name.padEnd(width)}${count.toLocaleString('en').padStart(9)}${mark}`;
  return [
    ...figures.map(({ name, count }) => line(name, count, '')),
    '-'.repeat(width + 15),
    ...checks.flatMap(({ name, found }) => [
      line(name, found.length, found.length === 0 ? '  ok' : '  BREACH'),
      ...examplesOf(found),
    ]),
    '-'.repeat(width + 15),
    passed ? 'PASS: the contract held' : 'FAIL: the contract was broken',
  ].join('\n');
}

function examplesOf(found: Check['found']): string[] {
  const shown = found.slice(0, maxExamples).map((text) => `    ${text}`);
  return found.length > maxExamples ? [...shown, `    … and ${found.length - maxExamples} more`] : shown;
}

function asJson(): string {
  return JSON.stringify({
    passed,
    figures: Object.fromEntries(figures.map(({ name, count }) => [name, count])),
    checks: checks.map(({ name, found }) => ({ name, count: found.length, examples: found.slice(0, maxExamples) })),
  });
}
