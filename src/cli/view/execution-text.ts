import { formatDuration } from '../../kernel/duration.ts';
import { stepDocuments } from '../../orchestrator/execution-document.ts';
import type { StepDocument } from '../../orchestrator/execution-document.ts';
import type { Squad } from '../../squads/squad.ts';
import { isEnded } from '../../work/execution.ts';
import type { Execution } from '../../work/execution.ts';
import { askKeyOf } from '../../work/journal.ts';
import type { Journaled, MessageRecord } from '../../work/journal.ts';
import type { WorkItem } from '../../work/work-item.ts';
import { formatAge, formatCalls, formatCost, formatCount, formatLeft, formatTime, formatTokens } from './figures.ts';
import type { Ink } from './ink.ts';
import { failureLines, outputText } from './outcome.ts';
import { People } from './people.ts';
import { safeLine, safeText } from './safe-text.ts';
import { inkOf } from './status-ink.ts';
import { table } from './table.ts';
import { awaited } from './waiting.ts';
import { cutTo, wrapTo } from './width.ts';

/** An execution with all that belongs to it. */
export interface Shown {
  readonly execution: Execution;
  readonly records: readonly Journaled[];
  readonly items: readonly WorkItem[];
  readonly squad: Squad | null;
}

export interface ShownHow {
  readonly ink: Ink;
  /** Null where lines may be as long as they are. */
  readonly width: number | null;
  readonly now: number;
  /** Whether messages and outputs are shown whole. */
  readonly full: boolean;
}

const maxLines = 6;
/** Width of text that is wrapped where nobody says otherwise. */
const textWidth = 100;

/** One execution as a person reads it. */
export function executionText(shown: Shown, how: ShownHow): string {
  const { execution, records, squad } = shown;
  const people = new People(squad);
  const messages = records.filter((record): record is Journaled<MessageRecord> => record.kind === 'message');
  return [
    heading(shown, how),
    section('Steps', steps(stepDocuments(records), records, people, execution, how), how),
    section('Items', items(shown.items, people, how), how),
    section(
      'Messages',
      messages.flatMap((message) => messageLines(message, people, how)),
      how,
    ),
    ending(execution, messages.at(-1)?.message.text ?? null, how),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading({ execution, squad }: Shown, { ink, now }: ShownHow): string {
  const { id, status, workflow, squadId, squadVersion, priority, usage, createdAt, startedAt, endedAt, reason } =
    execution;
  const time = (at: number): string => `${formatTime(at)} ${ink.dim(`(${formatAge(at, now)})`)}`;
  const squadName =
    squadId === null
      ? 'none'
      : `${squad === null ? squadId : safeLine(squad.name)} ${ink.dim(versionText(squadVersion))}`;
  const rows: [string, string][] = [
    ['Execution', ink.bold(id)],
    ['Status', inkOf(status, ink)(status) + (reason === null ? '' : `: ${safeLine(reason)}`)],
    ['Workflow', workflow],
    ['Squad', squadName],
    ...(priority === 0 ? [] : [['Priority', String(priority)] satisfies [string, string]]),
    ['Created', time(createdAt)],
    ...(startedAt === null ? [] : [['Started', time(startedAt)] satisfies [string, string]]),
    ...(endedAt === null
      ? []
      : [
          [
            'Ended',
            `${time(endedAt)}${startedAt === null ? '' : `, took ${formatDuration(endedAt - startedAt)}`}`,
          ] satisfies [string, string],
        ]),
    [
      'Usage',
      usage.modelCalls === 0 ? 'no model calls' : `${formatCalls(usage)}, ${formatTokens(usage)}, ${formatCost(usage)}`,
    ],
  ];
  return rows.map(([label, text]) => `${ink.dim(label.padEnd(10))} ${text}`).join('\n');
}

/** A fork whose members were set has a squad beside the versions that everybody knows. */
function versionText(version: number | null): string {
  return version !== null && version < 0 ? 'with settings of its own' : `version ${version}`;
}

function section(title: string, lines: readonly string[], { ink }: ShownHow): string {
  return lines.length === 0 ? '' : [ink.bold(title), ...lines].join('\n');
}

function steps(
  all: readonly StepDocument[],
  records: readonly Journaled[],
  people: People,
  execution: Execution,
  how: ShownHow,
): string[] {
  const { ink, width, now } = how;
  if (all.length === 0) return [];
  const members = new Map(
    records.flatMap((record) =>
      record.kind === 'message' && record.message.memberId !== null && record.message.stepKey !== null
        ? [[record.message.stepKey, record.message.memberId] as const]
        : [],
    ),
  );
  const start = execution.startedAt ?? execution.createdAt;
  const rows = table(
    all,
    [
      { title: '', text: ({ status }) => mark(status), paint: (text, { status }) => paintOf(status, ink)(text) },
      { title: 'STEP', text: ({ key }) => safeLine(key), flexible: true, paint: ink.bold },
      { title: 'TYPE', text: typeText },
      {
        title: 'WHO',
        text: (step) => {
          const ask = askKeyOf(step);
          return ask === null ? '-' : people.nameOf(members.get(ask) ?? null, '-');
        },
      },
      { title: 'AT', text: ({ startedAt }) => `+${formatDuration(Date.parse(startedAt) - start)}`, right: true },
      {
        title: 'TOOK',
        text: ({ startedAt, endedAt }) =>
          endedAt === null ? '-' : formatDuration(Date.parse(endedAt) - Date.parse(startedAt)),
        right: true,
      },
      { title: 'IN', text: ({ usage }) => (usage === null ? '' : formatCount(usage.inputTokens)), right: true },
      { title: 'OUT', text: ({ usage }) => (usage === null ? '' : formatCount(usage.outputTokens)), right: true },
      { title: 'COST', text: ({ usage }) => (usage === null ? '' : formatCost(usage)), right: true },
      {
        title: 'STATUS',
        text: (step) => statusText(step, execution, now),
        paint: (text, { status }) => paintOf(status, ink)(text),
      },
    ],
    width,
    ink,
  ).split('\n');
  const [titles = '', ...lines] = rows;
  return [titles, ...lines.flatMap((line, at) => [line, ...notes(all[at], execution, how)])];
}

/** Of a tool call with the name of the tool, as soon as that is known. */
function typeText({ type, output }: StepDocument): string {
  const tool = typeof output === 'object' && output !== null && 'tool' in output ? output.tool : null;
  return type === 'tool' && typeof tool === 'string' ? `tool ${safeLine(tool)}` : type;
}

function mark(status: StepDocument['status']): string {
  return { completed: '✓', failed: '✗', retrying: '↻', waiting: '?', running: '>' }[status];
}

function paintOf(status: StepDocument['status'], ink: Ink): (text: string) => string {
  return { completed: ink.green, failed: ink.red, retrying: ink.yellow, waiting: ink.yellow, running: ink.cyan }[
    status
  ];
}

function statusText({ status, attempts, dueAt, forkedFrom }: StepDocument, execution: Execution, now: number): string {
  const tries = attempts > 1 ? `, ${attempts} attempts` : '';
  if (status === 'retrying')
    return `retrying${tries}${dueAt === null ? '' : `, again ${formatAge(Date.parse(dueAt), now)}`}`;
  if (status === 'waiting')
    return isEnded(execution.status)
      ? 'was waiting'
      : `waiting${dueAt === null ? '' : `, ${formatLeft(Date.parse(dueAt), now)}`}`;
  return forkedFrom === null ? status + tries : 'taken over';
}

/** Under a step: attempts that failed, warnings, and how to end a wait. */
function notes(step: StepDocument | undefined, execution: Execution, { ink, width }: ShownHow): string[] {
  if (step === undefined) return [];
  const line = (text: string): string => `     ${width === null ? text : cutTo(text, Math.max(20, width - 5))}`;
  const failures = step.failures.map(({ attempt, error }) => {
    const isInDoubt = error?.code === 'IN_DOUBT';
    return ink.yellow(
      line(`attempt ${attempt} ${isInDoubt ? 'was in doubt' : 'failed'}: ${safeLine(error?.message ?? '')}`),
    );
  });
  const warnings = step.warnings.map((text) => ink.yellow(line(`warning: ${safeLine(text)}`)));
  if (step.status !== 'waiting' || isEnded(execution.status)) return [...failures, ...warnings];
  const { what, command } = awaited(
    execution.id,
    step.key,
    step.waitsFor === null ? null : JSON.stringify(step.waitsFor),
  );
  return [...failures, ...warnings, line(`waits ${what}`), ...(command === null ? [] : [`     ${ink.cyan(command)}`])];
}

function items(all: readonly WorkItem[], people: People, { ink, width }: ShownHow): string[] {
  if (all.length === 0) return [];
  const text = table(
    all,
    [
      { title: 'STATUS', text: ({ status }) => status },
      { title: 'MEMBER', text: ({ memberId }) => people.nameOf(memberId, '-') },
      { title: 'COST', text: ({ usage }) => (usage.modelCalls === 0 ? '' : formatCost(usage)), right: true },
      {
        title: 'TITLE',
        text: ({ title, reason }) => safeLine(title) + (reason === null ? '' : ` (${safeLine(reason)})`),
        flexible: true,
      },
    ],
    width,
    ink,
  );
  return text.split('\n');
}

function messageLines({ message, at }: Journaled<MessageRecord>, people: People, how: ShownHow): string[] {
  const { ink, now } = how;
  const who =
    message.kind === 'request'
      ? 'request'
      : `${people.nameOf(message.memberId, message.role)}, ${message.kind === 'ask' ? 'asked' : message.kind}`;
  // What a member was asked is mostly what others said before it, which stands above.
  return [
    `${ink.cyan(who)} ${ink.dim(formatAge(at, now))}`,
    ...textLines(message.text, how, message.kind === 'ask' ? 2 : maxLines),
  ];
}

/** The text, indented; its first lines unless all of it is wanted. */
function textLines(text: string, { ink, width, full }: ShownHow, atMost: number = maxLines): string[] {
  const all = safeText(text).trimEnd().split('\n');
  if (full) return all.map((line) => `  ${line}`);
  const columns = width ?? textWidth;
  const telling = all.filter((line) => line.trim() !== '');
  const lines = telling
    .slice(0, atMost)
    .flatMap((line) => wrapTo(line.slice(0, atMost * columns), Math.max(20, columns - 2)));
  const cut = lines.slice(0, atMost);
  const isWhole = telling.length <= atMost && lines.length <= atMost;
  return [
    ...cut.map((line) => `  ${line}`),
    ...(isWhole ? [] : [ink.dim(`  … ${text.length} characters in all; --full shows them`)]),
  ];
}

function ending({ status, output, error }: Execution, lastSaid: string | null, how: ShownHow): string {
  if (status === 'completed') {
    const text = outputText(output);
    const isSaid = lastSaid !== null && text.trim() !== '' && text === safeText(lastSaid);
    return section('Output', isSaid ? [how.ink.dim('  The last answer above.')] : textLines(text, how), how);
  }
  return status === 'failed' && error !== null ? failureLines(error, how.ink).join('\n') : '';
}
