import { placeOf, readOwner } from '../compose/outside.ts';
import { formatDuration } from '../kernel/duration.ts';
import type { StateReports } from '../orchestrator/state-reports.ts';
import { usedShare } from '../work/budget.ts';
import type { QuietExecution, Quietness } from '../work/supervision.ts';
import { stateOptions } from './cli.ts';
import type { CommandContext } from './cli.ts';
import { allBudgets } from './status-reading.ts';
import { budgetTitle, fillingText } from './view/budget-text.ts';
import { quoted } from './view/waiting.ts';

/**
 * What is wrong with something: `unattended` open while nobody runs the state, `stuck` running without a sign, `overdue` past its
 * time, `waiting` for long, `budget` as full as asked for, `failed` of late.
 */
export type FindingKind = 'unattended' | 'stuck' | 'overdue' | 'waiting' | 'budget' | 'failed';

/** Something that somebody should look at. */
export interface Finding {
  readonly kind: FindingKind;
  readonly subject: 'state' | 'execution' | 'convoy' | 'schedule' | 'approval' | 'budget';
  readonly id: string;
  /** Since when, in epoch milliseconds; null where that is not known. */
  readonly since: number | null;
  readonly text: string;
  /** What to type to look closer, or to help. */
  readonly command: string;
}

/** From when on something is worth telling; milliseconds but for `budgetShare`. */
export interface Thresholds {
  readonly stuckAfterMs: number;
  readonly overdueAfterMs: number;
  readonly queuedAfterMs: number;
  readonly waitingAfterMs: number;
  readonly failedWithinMs: number;
  /** 1 at the ceiling. */
  readonly budgetShare: number;
}

/** What a round found; `isMore` where something of a kind was left out. */
export interface Round {
  readonly at: number;
  readonly findings: readonly Finding[];
  readonly isMore: boolean;
}

/** Of each kind of thing, at most so many are told. */
const mostOfEach = 100;

interface Patrol {
  readonly state: StateReports;
  readonly tenant: string;
  readonly at: number;
  readonly thresholds: Thresholds;
}

/** Looks for everything of a tenant that should not be as it is, beside the process that runs the state or without one. */
export async function patrol(context: CommandContext, state: StateReports, thresholds: Thresholds): Promise<Round> {
  const at = context.clock.now();
  const round: Patrol = { state, tenant: context.options.tenant, at, thresholds };
  const found = await Promise.all([
    unattended(context, round),
    stuck(round),
    overdueExecutions(round),
    overdueConvoys(round),
    overdueSchedules(round),
    queued(round),
    waiting(round),
    fullBudgets(round),
    failedConvoys(round),
    failed(round),
  ]);
  return {
    at,
    findings: found.flatMap((each) => each.slice(0, mostOfEach)),
    isMore: found.some((each) => each.length > mostOfEach),
  };
}

/** Nobody counts the processes of a fleet: where none is left, executions stay queued, and that is told. */
async function unattended(context: CommandContext, { state, tenant, at }: Patrol): Promise<Finding[]> {
  if (placeOf(stateOptions(context.options)).isFleet) return [];
  if ((await readOwner(stateOptions(context.options), null)) !== null) return [];
  const { open } = await state.supervision.activity(tenant, at);
  const count = open.running + open.queued;
  if (count === 0) return [];
  const text = `nobody runs this state; ${count} execution${count === 1 ? ' is' : 's are'} queued or running`;
  return [{ kind: 'unattended', subject: 'state', id: tenant, since: null, text, command: 'npx squadra serve' }];
}

function quiet({ state, tenant, at }: Patrol, are: Quietness, afterMs: number): Promise<readonly QuietExecution[]> {
  return state.supervision.quiet(tenant, { are, before: at - afterMs, limit: mostOfEach + 1 });
}

function ofExecution(kind: FindingKind, { id }: { readonly id: string }, since: number, text: string): Finding {
  return { kind, subject: 'execution', id, since, text, command: `npx squadra show ${id}` };
}

async function stuck(round: Patrol): Promise<Finding[]> {
  const found = await quiet(round, 'running', round.thresholds.stuckAfterMs);
  return found.map((each) =>
    ofExecution('stuck', each, each.lastAt, `${each.workflow} runs, and nothing of it was recorded since`),
  );
}

async function overdueExecutions(round: Patrol): Promise<Finding[]> {
  const found = await quiet(round, 'due', round.thresholds.overdueAfterMs);
  return found.map((each) =>
    ofExecution('overdue', each, each.wakeAt ?? each.lastAt, `${each.workflow} was to be woken, and nobody did`),
  );
}

async function queued(round: Patrol): Promise<Finding[]> {
  const found = await quiet(round, 'queued', round.thresholds.queuedAfterMs);
  return found.map((each) => ofExecution('waiting', each, each.lastAt, `${each.workflow} is queued and not begun`));
}

/** Questions, and what waits for signals or convoys: an execution whose question is told is not told again. */
async function waiting(round: Patrol): Promise<Finding[]> {
  const { state, tenant, at, thresholds } = round;
  const before = at - thresholds.waitingAfterMs;
  const found = await quiet(round, 'waiting', thresholds.waitingAfterMs);
  const questions: Finding[] = [];
  const asked = new Set<string>();
  const pending = await allOf((page) => state.approvals.list(tenant, { status: 'pending', ...page }));
  for (const { id, executionId, stepKey, title, createdAt } of pending) {
    asked.add(executionId);
    if (createdAt >= before) continue;
    const command = `npx squadra approve ${executionId} ${quoted(stepKey)}`;
    questions.push({
      kind: 'waiting',
      subject: 'approval',
      id,
      since: createdAt,
      text: `nobody answered: ${title}`,
      command,
    });
  }
  const others = found
    .filter(({ id }) => !asked.has(id))
    .map((each) => ofExecution('waiting', each, each.lastAt, `${each.workflow} waits for somebody`));
  return [...questions.toReversed(), ...others];
}

async function overdueConvoys({ state, tenant, at, thresholds }: Patrol): Promise<Finding[]> {
  const running = await allOf((page) => state.convoys.list(tenant, { status: 'running', ...page }));
  const before = at - thresholds.overdueAfterMs;
  return running.flatMap(({ id, deadlineAt }): Finding[] => {
    if (deadlineAt === null || deadlineAt >= before) return [];
    const text = 'the convoy is past its time-out and still runs';
    return [{ kind: 'overdue', subject: 'convoy', id, since: deadlineAt, text, command: `npx squadra convoys ${id}` }];
  });
}

async function overdueSchedules({ state, tenant, at, thresholds }: Patrol): Promise<Finding[]> {
  const active = await allOf((page) => state.schedules.list(tenant, { status: 'active', ...page }));
  const before = at - thresholds.overdueAfterMs;
  return active.flatMap(({ id, name, nextAt }): Finding[] => {
    if (nextAt === null || nextAt >= before) return [];
    const text = `the schedule ${name ?? id} was to tick, and did not`;
    return [{ kind: 'overdue', subject: 'schedule', id, since: nextAt, text, command: 'npx squadra schedules' }];
  });
}

async function fullBudgets({ state, tenant, thresholds }: Patrol): Promise<Finding[]> {
  const budgets = await allBudgets(state, tenant);
  return budgets
    .filter((budget) => usedShare(budget) >= thresholds.budgetShare)
    .map((budget) => ({
      kind: 'budget',
      subject: 'budget',
      id: `${budget.scope}/${budget.id}/${budget.period}`,
      since: null,
      text: `${budgetTitle(budget)}: ${fillingText(budget)}`,
      command: 'npx squadra budgets',
    }));
}

async function failed({ state, tenant, at, thresholds }: Patrol): Promise<Finding[]> {
  const { failedWithinMs } = thresholds;
  const found = await state.supervision.failed(tenant, at - failedWithinMs, mostOfEach + 1);
  return found.map((each) =>
    ofExecution('failed', each, each.endedAt, `${each.workflow} failed: ${each.reason ?? 'nobody said why'}`),
  );
}

/** Of those that stay because something of them failed, the newest are looked at. */
async function failedConvoys({ state, tenant, at, thresholds }: Patrol): Promise<Finding[]> {
  const since = at - thresholds.failedWithinMs;
  const limit = 2 * mostOfEach;
  const lists = (['failed', 'partial'] as const).map((status) => state.convoys.list(tenant, { status, limit }));
  return (await Promise.all(lists)).flat().flatMap(({ id, status, reason, counts, endedAt }): Finding[] => {
    if (endedAt === null || endedAt < since) return [];
    const what =
      status === 'failed'
        ? 'the convoy failed'
        : `${counts.failed} item${counts.failed === 1 ? '' : 's'} of the convoy failed`;
    const text = reason === null ? what : `${what}: ${reason}`;
    return [{ kind: 'failed', subject: 'convoy', id, since: endedAt, text, command: `npx squadra convoys ${id}` }];
  });
}

/** Every page of a list, newest first. */
async function allOf<T extends { readonly id: string }>(
  read: (page: { readonly limit: number; readonly before?: string }) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const limit = 200;
  const all: T[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await read({ limit, ...(last === undefined ? {} : { before: last.id }) });
    all.push(...page);
    if (page.length < limit) return all;
  }
}

/** A round as JSON; times are ISO 8601. */
export function roundDocument({ at, findings, isMore }: Round) {
  return {
    at: new Date(at).toISOString(),
    found: findings.length,
    isMore,
    items: findings.map((finding) => ({
      ...finding,
      since: finding.since === null ? null : new Date(finding.since).toISOString(),
    })),
  };
}

/** `for 3m 04s`, where it is known. */
export function sinceText({ since }: Finding, at: number): string {
  return since === null ? '-' : formatDuration(Math.max(0, at - since - ((at - since) % 1_000))).replace('.0s', 's');
}
