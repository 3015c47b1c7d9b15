import type { Failure } from '../../kernel/failure.ts';
import { formatDuration } from '../../kernel/duration.ts';
import type { Json } from '../../kernel/json.ts';
import { errorCatalogue, isErrorCode } from '../../kernel/errors.ts';
import type { Execution } from '../../work/execution.ts';
import { isEnded } from '../../work/execution.ts';
import { formatCalls, formatCost, formatTokens } from './figures.ts';
import type { Ink } from './ink.ts';
import { safeJson, safeLine, safeText } from './safe-text.ts';

/** The last line of `run --json`. */
export function outcomeDocument(execution: Execution): object {
  const { id, status, output, error, reason, usage, startedAt, endedAt } = execution;
  return {
    event: 'outcome',
    id,
    status,
    ...(status === 'completed' ? { output } : {}),
    ...(error === null || status !== 'failed' ? {} : { error }),
    ...(reason === null ? {} : { reason }),
    ...(isEnded(status) ? {} : { interrupted: true }),
    usage,
    costMicroUsd: usage.costMicroUsd,
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  };
}

/** An output as a person reads it: text as text, everything else as JSON. */
export function outputText(output: Json | null): string {
  if (typeof output === 'string') return safeText(output);
  if (typeof output === 'object' && output !== null && 'text' in output && Object.keys(output).length === 1) {
    if (typeof output.text === 'string') return safeText(output.text);
  }
  return safeJson(output, 2);
}

/** `completed in 4.1s · 3 model calls · 1,204 in, 388 out · $0.0123` */
export function summaryLine(
  { status, usage, createdAt, startedAt, endedAt }: Execution,
  ink: Ink,
  now: number,
): string {
  const colour = status === 'completed' ? ink.green : status === 'failed' ? ink.red : ink.yellow;
  const parts = [
    `${colour(status)} ${isEnded(status) ? 'in' : 'after'} ${formatDuration((endedAt ?? now) - (startedAt ?? createdAt))}`,
  ];
  if (usage.modelCalls > 0) parts.push(formatCalls(usage), formatTokens(usage), formatCost(usage));
  return parts.join(' · ');
}

/** An error with its causes, one line each, and the help of the first that has any. */
export function failureLines(failure: Failure, ink: Ink): string[] {
  const lines: string[] = [];
  let help: string | null = null;
  for (let each: Failure | undefined = failure, depth = 0; each !== undefined; each = each.cause, depth++) {
    const { name, code, message } = each;
    const label = depth === 0 ? ink.red('Error:') : `${'  '.repeat(depth)}${ink.dim('because')}`;
    const tag = code ?? (name === 'Error' ? null : name);
    lines.push(`${label} ${safeLine(message)}${tag === null ? '' : ink.dim(` [${safeLine(tag)}]`)}`);
    if (help === null && name === 'SquadraError' && isErrorCode(code)) ({ help } = errorCatalogue[code]);
  }
  if (help !== null) lines.push(`  ${help}`);
  return lines;
}
