import { resolve } from 'node:path';
import { convoyProgress } from '../../orchestrator/convoys/convoy-document.ts';
import { usedShare } from '../../work/budget.ts';
import { perMinute } from '../status-reading.ts';
import type { Some, Status } from '../status-reading.ts';
import { budgetTitle, fillingText } from './budget-text.ts';
import { plain, progressText } from './convoy-view.ts';
import { formatAge, formatCount } from './figures.ts';
import type { Ink } from './ink.ts';
import { safeLine } from './safe-text.ts';
import { quoted } from './waiting.ts';
import { cutTo } from './width.ts';

/** Which state is shown, and in which room. */
export interface StatusFrame {
  readonly place: { readonly isFleet: boolean; readonly name: string };
  readonly tenant: string;
  /** Null where lines may be as long as they are. */
  readonly width: number | null;
  /** Of each list, at most so many. */
  readonly mostListed: number;
}

const nameWidth = 13;

/** How a state stands, as lines for people. */
export function statusLines(status: Status, frame: StatusFrame, ink: Ink): string[] {
  const cut = (text: string, taken = 0): string =>
    frame.width === null ? text : cutTo(text, Math.max(1, frame.width - taken));
  const row = (name: string, text: string, paint = (shown: string) => shown): string =>
    `${ink.dim(name.padEnd(nameWidth))}${paint(cut(text, nameWidth))}`;
  const below = (lines: readonly string[]): string[] =>
    lines.slice(0, frame.mostListed).map((line) => `  ${cut(line, 2)}`);
  const { isFleet, name } = frame.place;
  return [
    row('State', `${isFleet ? name : resolve(name)}, tenant ${safeLine(frame.tenant)}`),
    isFleet
      ? row('Run by', 'a fleet')
      : row('Run by', ownerText(status), status.owner === null ? ink.yellow : undefined),
    row('Executions', openText(status)),
    row('Ended', endedText(status)),
    ...processRows(status).map(([name, text]) => row(name, text)),
    row('Convoys', countText(status.convoys, 'running')),
    ...below(convoyLines(status)),
    row(
      'Approvals',
      countText(status.approvals, 'waiting for an answer'),
      hasAny(status.approvals) ? ink.yellow : undefined,
    ),
    ...below(approvalLines(status)),
    row('Budgets', budgetsText(status), status.budgets.length > 0 ? ink.yellow : undefined),
    ...below(budgetLines(status)),
  ];
}

function ownerText({ owner, at }: Status): string {
  if (owner === null) return 'nobody; what is open goes on when somebody does';
  return `process ${owner.pid} (squadra ${safeLine(owner.command)}), ${formatAge(Date.parse(owner.since), at)}`;
}

function openText({ activity: { open } }: Status): string {
  const { running, queued, waiting, created, failed } = open;
  const parts = [`${formatCount(running)} running`, `${formatCount(queued)} queued`, `${formatCount(waiting)} waiting`];
  if (created > 0) parts.push(`${formatCount(created)} to be started`);
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  return parts.join(' · ');
}

function endedText(status: Status): string {
  const { ended, since } = status.activity;
  const parts = [`${formatCount(ended.completed)} completed`];
  if (ended.failed > 0) parts.push(`${formatCount(ended.failed)} failed`);
  if (ended.cancelled > 0) parts.push(`${formatCount(ended.cancelled)} cancelled`);
  return `${parts.join(' · ')} since ${formatAge(since, status.at)}, ${perMinute(status)} a minute`;
}

/** What only the process that runs it knows. */
function processRows({ process }: Status): readonly (readonly [string, string])[] {
  if (process === null) return [];
  const { gate, resources, parallelism, calls } = process;
  const { places, throttle } = parallelism;
  const percent = (share: number): string => `${Math.round(share)} %`;
  const machine =
    resources === null
      ? []
      : [
          `CPU ${percent(resources.cpu)}`,
          `memory ${percent(resources.memory)}`,
          `loop ${Math.round(resources.loopDelayMs)} ms late`,
        ];
  const held = throttle > 0 ? `, starts held back by ${percent(throttle * 100)}` : '';
  return [
    ['Gate', `${gate.isOpen ? 'open' : 'closed'}, ${formatCount(gate.queued)} of ${formatCount(gate.closesAt)} queued`],
    ['Machine', [...machine, `${places} items side by side${held}`].join(' · ')],
    [
      'Model calls',
      `${formatCount(calls.inFlight)} in flight · ${formatCount(calls.waiting)} waiting · ${formatCount(calls.places)} places`,
    ],
  ];
}

function hasAny({ items }: Some<unknown>): boolean {
  return items.length > 0;
}

function countText({ items, isMore }: Some<unknown>, what: string): string {
  return items.length === 0 ? `none ${what}` : `${items.length}${isMore ? ' and more' : ''} ${what}`;
}

function convoyLines({ convoys }: Status): string[] {
  return convoys.items.map((convoy) => `${convoy.id}  ${progressText(convoyProgress(convoy), plain)}`);
}

function approvalLines({ approvals, at }: Status): string[] {
  return approvals.items.map(
    ({ executionId, stepKey, title, createdAt }) =>
      `${safeLine(title)} (${formatAge(createdAt, at)}): npx squadra approve ${executionId} ${quoted(stepKey)}`,
  );
}

function budgetsText({ budgets }: Status): string {
  return budgets.length === 0 ? 'none near its ceiling' : `${budgets.length} near the ceiling`;
}

function budgetLines({ budgets }: Status): string[] {
  return budgets.map(
    (budget) => `${budgetTitle(budget)}: ${fillingText(budget)} (${Math.floor(usedShare(budget) * 100)} %)`,
  );
}
