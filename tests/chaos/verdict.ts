/**
 * Judges what a chaos run left behind, from the database file and the logs alone:
 *
 *     node tests/chaos/verdict.ts <folder> [--json]
 *
 * Exits with 0 when the contract held, with 1 when it did not.
 */
import { parseArgs } from 'node:util';
import { readEvidence } from './evidence.ts';
import type { Check } from './evidence.ts';
import { judge } from './judgement.ts';
import type { Judgement } from './judgement.ts';

/** Shown of each kind of breach. */
const maxExamples = 5;

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [folder = '.'] = positionals;
const judgement = judge(readEvidence(folder));
console.log(values.json ? asJson(judgement) : asTable(judgement));
process.exitCode = judgement.passed ? 0 : 1;

function asTable({ figures, checks, passed }: Judgement): string {
  const width = Math.max(...[...figures, ...checks].map(({ name }) => name.length)) + 2;
  const line = (name: string, count: number): string =>
    `${name.padEnd(width)}${count.toLocaleString('en').padStart(9)}`;
  const rule = '-'.repeat(width + 17);
  return [
    ...figures.map(({ name, count }) => line(name, count)),
    rule,
    ...checks.flatMap(({ name, found }) => [
      `${line(name, found.length)}  ${found.length === 0 ? 'ok' : 'BREACH'}`,
      ...examplesOf(found),
    ]),
    rule,
    passed ? 'PASS: the contract held' : 'FAIL: the contract was broken',
  ].join('\n');
}

function examplesOf(found: Check['found']): string[] {
  const shown = found.slice(0, maxExamples).map((text) => `    ${text}`);
  return found.length > maxExamples ? [...shown, `    … and ${found.length - maxExamples} more`] : shown;
}

function asJson({ figures, checks, passed }: Judgement): string {
  return JSON.stringify({
    passed,
    figures: Object.fromEntries(figures.map(({ name, count }) => [name, count])),
    checks: checks.map(({ name, found }) => ({
      name,
      count: found.length,
      examples: found.slice(0, maxExamples),
    })),
  });
}
