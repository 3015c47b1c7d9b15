import { isMet } from './figure.ts';
import type { Asked, Figure } from './figure.ts';
import { readable } from './number.ts';
import type { Result } from './result-file.ts';

/** A result as lines for a terminal. */
export function resultText(result: Result): string {
  const { scenario, date, commit, isQuick, settings, figures, notes = [] } = result;
  return [
    `${scenario}${isQuick ? ' (quick: sizes too small to mean much)' : ''}  ${date}  commit ${commit}`,
    `machine      ${machineText(result)}`,
    `bare commit  ${bareCommitText(result)}`,
    `settings     ${settingsText(settings)}`,
    '',
    ...columns([['figure', 'got', 'min – max', 'asked', ''], ...figures.map((one) => figureRow(one, figures))]),
    ...(notes.length === 0 ? [] : ['', ...notes]),
    '',
  ].join('\n');
}

export function machineText({ machine }: Result): string {
  const { cpu, cores, memoryBytes, node, sqlite, kernel, load } = machine;
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`;
  return `${cpu}, ${cores} cores, ${memory}, Node ${node}, SQLite ${sqlite}, ${kernel}, load before ${load}`;
}

export function bareCommitText({ bareCommit }: Result): string {
  const { p50Ms, p99Ms, count } = bareCommit;
  return `p50 ${readable(p50Ms)} ms, p99 ${readable(p99Ms)} ms (${count} of one row, bare node:sqlite, WAL, synchronous=FULL)`;
}

export function settingsText(settings: Result['settings']): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? readable(value) : value}`)
    .join(' · ');
}

/** Name, got, spread, asked, verdict. */
export function figureRow(one: Figure, all: readonly Figure[]): string[] {
  const { name, unit, value, rounds, asked } = one;
  const met = isMet(one, all);
  return [
    name,
    `${readable(value)} ${unit}`.trim(),
    rounds === null ? '' : `${readable(rounds.min)} – ${readable(rounds.max)} (${rounds.count})`,
    asked === null ? '' : askedText(asked),
    met === null ? '' : met ? 'met' : 'not met',
  ];
}

function askedText(asked: Asked): string {
  switch (asked.kind) {
    case 'atLeast':
      return `≥ ${readable(asked.value)}${asked.anyOf === undefined ? '' : ' (either)'}`;
    case 'below':
      return `< ${readable(asked.value)}`;
    case 'flat':
      return 'flat';
  }
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
