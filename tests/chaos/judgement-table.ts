import type { Check } from './evidence.ts';
import type { Judgement } from './judgement.ts';

/** Shown of each kind of breach. */
const maxExamples = 5;

export function asTable({ figures, checks, passed }: Judgement): string {
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

export function asJson({ figures, checks, passed }: Judgement): string {
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
