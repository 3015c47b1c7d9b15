import { readOwner } from '../compose/outside.ts';
import { budgetDocument } from '../orchestrator/budget-document.ts';
import { convoySummary } from '../orchestrator/convoys/convoy-document.ts';
import type { ProcessStatus } from '../orchestrator/process-status.ts';
import type { StateReports } from '../orchestrator/state-reports.ts';
import type { Approval } from '../work/approval-store.ts';
import { usedShare, warningShare } from '../work/budget.ts';
import type { Budget } from '../work/budget.ts';
import type { CountedConvoy } from '../work/convoy.ts';
import type { StateOwner } from '../work/state-inspection.ts';
import type { Activity } from '../work/supervision.ts';
import { stateOptions } from './cli.ts';
import type { CommandContext } from './cli.ts';

/** How a state stands, for one tenant. */
export interface Status {
  readonly at: number;
  readonly owner: StateOwner | null;
  readonly activity: Activity;
  /** Those that run, the newest first; `isMore` where there are more than were read. */
  readonly convoys: Some<CountedConvoy>;
  /** Those without an answer, the newest first. */
  readonly approvals: Some<Approval>;
  /** Those near their ceiling, the fullest first. */
  readonly budgets: readonly Budget[];
  /** How busy the process is that runs it; null where none does, or does not say. */
  readonly process: ProcessStatus | null;
}

/** The first of a list, and whether there are more. */
export interface Some<T> {
  readonly items: readonly T[];
  readonly isMore: boolean;
}

/** How far back what ended is counted. */
const windowMs = 10 * 60_000;
/** The most of a list that are read. */
const mostRead = 200;
/** The owner takes commands within 250 ms; one that is busier than that may leave its figures out. */
const ownerTimeoutMs = 2_000;

/** Reads how everything stands, beside the process that runs it or without one. */
export async function readStatus({ options, clock }: CommandContext, state: StateReports): Promise<Status> {
  const { tenant } = options;
  const at = clock.now();
  const [owned, activity, convoys, approvals, budgets] = await Promise.all([
    readOwner(stateOptions(options), ownerTimeoutMs),
    state.supervision.activity(tenant, at - windowMs),
    state.convoys.list(tenant, { status: 'running', limit: mostRead + 1 }),
    state.approvals.list(tenant, { status: 'pending', limit: mostRead + 1 }),
    allBudgets(state, tenant),
  ]);
  return {
    at,
    owner: owned?.owner ?? null,
    activity,
    convoys: someOf(convoys),
    approvals: someOf(approvals),
    budgets: budgets
      .filter((budget) => usedShare(budget) >= warningShare)
      .toSorted((a, b) => usedShare(b) - usedShare(a)),
    process: owned?.status ?? null,
  };
}

function someOf<T>(found: readonly T[]): Some<T> {
  return { items: found.slice(0, mostRead), isMore: found.length > mostRead };
}

/** Every budget of a tenant. */
export async function allBudgets(
  { budgets }: Pick<StateReports, 'budgets'>,
  tenant: string,
): Promise<readonly Budget[]> {
  const limit = 200;
  const found: Budget[] = [];
  for (;;) {
    const after = found.at(-1);
    const page = await budgets.list(tenant, { limit, ...(after === undefined ? {} : { after }) });
    found.push(...page);
    if (page.length < limit) return found;
  }
}

/** Executions that ended in a minute, on average since they are counted. */
export function perMinute({ at, activity: { ended, since } }: Status): number {
  const minutes = Math.max(at - since, 1_000) / 60_000;
  return Math.round(((ended.completed + ended.failed + ended.cancelled) / minutes) * 10) / 10;
}

/** A status as JSON; times are ISO 8601. */
export function statusDocument(status: Status, tenant: string) {
  const { at, owner, activity, convoys, approvals, budgets, process } = status;
  return {
    at: iso(at),
    tenant,
    owner,
    executions: activity.open,
    ended: { since: iso(activity.since), ...activity.ended, perMinute: perMinute(status) },
    convoys: { running: convoys.items.length, isMore: convoys.isMore, items: convoys.items.map(convoySummary) },
    approvals: {
      pending: approvals.items.length,
      isMore: approvals.isMore,
      items: approvals.items.map(({ id, executionId, stepKey, title, createdAt }) => ({
        id,
        executionId,
        stepKey,
        title,
        createdAt: iso(createdAt),
      })),
    },
    budgets: budgets.map((budget) => ({ ...budgetDocument(budget), usedShare: usedShare(budget) })),
    process,
  };
}

const iso = (at: number): string => new Date(at).toISOString();
