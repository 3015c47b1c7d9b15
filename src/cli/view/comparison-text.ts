import { formatDuration } from '../../kernel/duration.ts';
import type { ComparedSide, ComparedStep, Comparison } from '../../orchestrator/comparison.ts';
import { formatCost, formatCount } from './figures.ts';
import type { Ink } from './ink.ts';
import { outputText } from './outcome.ts';
import { safeLine, safeText } from './safe-text.ts';
import { inkOf } from './status-ink.ts';
import { table } from './table.ts';
import { cutTo, padTo, wrapTo } from './width.ts';

export interface ComparedHow {
  readonly ink: Ink;
  /** Null where lines may be as long as they are. */
  readonly width: number | null;
  /** Whether outputs are shown whole. */
  readonly full: boolean;
}

const labelWidth = 12;
const gap = '  ';
const maxLines = 12;
/** Width of both sides where nobody says otherwise. */
const textWidth = 160;

/** Two executions side by side: how they ended, what they cost, how long they took, and what came out. */
export function comparisonText(comparison: Comparison, how: ComparedHow): string {
  const { ink, width } = how;
  const column = Math.max(20, Math.floor(((width ?? textWidth) - labelWidth - 2 * gap.length) / 2));
  const rows = rowsOf(comparison).map((row) => line(row, column, comparison, ink));
  const steps = table(
    comparison.steps,
    [
      { title: 'STEP', text: ({ key }) => safeLine(key), flexible: true, paint: ink.bold },
      { title: 'LEFT', text: ({ left }) => took(left), right: true },
      { title: 'COST', text: ({ left }) => cost(left), right: true },
      { title: 'RIGHT', text: ({ right }) => took(right), right: true },
      { title: 'COST', text: ({ right }) => cost(right), right: true },
    ],
    width,
    ink,
  );
  const outputs = sideBySide(ending(comparison.left), ending(comparison.right), column, how);
  return [rows.join('\n'), `${ink.bold('Steps')}\n${steps}`, `${ink.bold('What came out')}\n${outputs}`].join('\n\n');
}

type Row = readonly [label: string, left: string, right: string];

function rowsOf({ left, right }: Comparison): readonly Row[] {
  const row = (label: string, of: (side: ComparedSide) => string): Row => [label, of(left), of(right)];
  const rows = [
    row('', ({ id }) => id),
    row('Status', ({ status }) => status),
    row('Workflow', ({ workflow }) => workflow),
    row('Forked', ({ forkedFrom }) =>
      forkedFrom === null ? '-' : `from ${forkedFrom.executionId.slice(0, 13)} at '${safeLine(forkedFrom.step)}'`,
    ),
    row('Set', ({ forkedFrom }) => settingsText(forkedFrom?.set ?? {})),
    row('Took', ({ durationMs }) => (durationMs === null ? '-' : formatDuration(durationMs))),
    row('Steps', ({ steps, takenOver }) => `${steps}${takenOver === 0 ? '' : `, ${takenOver} taken over`}`),
    row('Model calls', ({ usage }) => formatCount(usage.modelCalls)),
    row('Tokens in', ({ usage }) => `${formatCount(usage.inputTokens)}, ${formatCount(usage.cachedTokens)} cached`),
    row(
      'Tokens out',
      ({ usage }) => `${formatCount(usage.outputTokens)}, ${formatCount(usage.reasoningTokens)} reasoning`,
    ),
    row('Cost', ({ usage }) => formatCost(usage)),
    row('In all', ({ usageInAll }) => formatCost(usageInAll)),
  ];
  const isForked = left.takenOver + right.takenOver > 0;
  const rare = new Set(isForked ? [] : ['In all']);
  return rows.filter(([label, ...texts]) => !rare.has(label) && texts.some((text) => text !== '-'));
}

function line([label, left, right]: Row, column: number, comparison: Comparison, ink: Ink): string {
  const cell = (text: string, { status }: ComparedSide): string => {
    const padded = padTo(cutTo(text, column), column);
    if (label === 'Status') return inkOf(status, ink)(padded);
    return label === '' ? ink.bold(padded) : padded;
  };
  const cells = [cell(left, comparison.left), cell(right, comparison.right)];
  return `${ink.dim(label.padEnd(labelWidth))}${gap}${cells.join(gap)}`.trimEnd();
}

function settingsText(set: Readonly<Record<string, Readonly<Record<string, string | number | null>>>>): string {
  const settings = Object.entries(set).flatMap(([member, fields]) =>
    Object.entries(fields).map(([field, value]) => `${member}.${field}=${value ?? ''}`),
  );
  return settings.length === 0 ? '-' : safeLine(settings.join(' '));
}

function took(step: ComparedStep | null): string {
  if (step === null) return '-';
  if (step.isTakenOver) return 'taken over';
  return step.status === 'completed' && step.durationMs !== null ? formatDuration(step.durationMs) : step.status;
}

function cost(step: ComparedStep | null): string {
  return step === null || step.usage === null ? '' : formatCost(step.usage);
}

function ending({ status, output, error, reason }: ComparedSide): string {
  if (status === 'completed') return outputText(output);
  if (status === 'failed') return safeText(error?.message ?? '');
  return reason === null ? `(${status})` : `(${status}: ${safeLine(reason)})`;
}

/** Two texts as two columns; their first lines unless all of them is wanted. */
function sideBySide(left: string, right: string, column: number, { full, ink }: ComparedHow): string {
  const half = column + Math.floor(labelWidth / 2);
  const lines = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .flatMap((each) => wrapTo(each.trimEnd(), half));
  const [leftLines, rightLines] = [lines(left), lines(right)];
  const length = Math.max(leftLines.length, rightLines.length);
  const shown = full ? length : Math.min(length, maxLines);
  const rows = Array.from({ length: shown }, (_, at) =>
    `${padTo(leftLines[at] ?? '', half)}${gap}${rightLines[at] ?? ''}`.trimEnd(),
  );
  return [...rows, ...(shown < length ? [ink.dim('… --full shows all of it')] : [])].join('\n');
}
