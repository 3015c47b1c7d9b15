import type { ApprovalRequest } from '../approval-store.ts';
import { amountOf } from '../budget.ts';
import type { Commit } from '../execution-store.ts';
import { askKeyOf } from '../journal.ts';
import type { JournalRecord, StatusRecord } from '../journal.ts';
import { addUsage, noUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import type { ItemChange } from '../work-item.ts';
import { usageColumns } from './usage-columns.ts';
import type { UsageColumns } from './usage-columns.ts';

/** The new status with what comes along. `output` and `error` are JSON text. */
export type StatusColumns = readonly [
  status: string,
  output: string | null,
  error: string | null,
  reason: string | null,
  wakeAt: number | null,
];

/** id, step key, title, details, choices (JSON). */
export type ApprovalColumns = readonly [string, string, string, string | null, string];

/** Attempts of model calls that ended, with what they spent, and one that is about to leave, with what it may spend. */
export interface CommitCharges {
  readonly settles: readonly (readonly [key: string, attempt: number, microUsd: number, tokens: number])[];
  readonly reserves:
    | readonly [key: string, attempt: number, microUsd: number, tokens: number, isUnpriced: boolean, mayRaise: boolean]
    | null;
}

/** What the commit's calls came to: all of them, and those of each ask. */
export interface CommitUsage {
  readonly total: UsageColumns;
  readonly asks: readonly (readonly [askKey: string, usage: UsageColumns])[];
}

/** What few commits have. */
export interface CommitMore {
  readonly items: readonly ItemChange[];
  readonly approvals: readonly ApprovalColumns[];
  /** Step keys of approvals that ended; those without an answer expire. */
  readonly endedApprovals: readonly string[];
  readonly takesSignal: string | null;
  readonly awaitedSignals: readonly string[];
  /** The execution ends: its items still in progress end with it. */
  readonly closesItems: boolean;
}

export function statusColumns({ status, output, error, reason, wakeAt }: StatusRecord): StatusColumns {
  return [status, output ?? null, error === undefined ? null : JSON.stringify(error), reason ?? null, wakeAt ?? null];
}

export function usageOf(records: readonly JournalRecord[]): CommitUsage | null {
  let total: Usage | null = null;
  const byAsk = new Map<string, Usage>();
  for (const record of records) {
    if (record.kind !== 'step' || record.usage === null) continue;
    total = addUsage(total ?? noUsage, record.usage);
    const ask = askKeyOf(record);
    if (ask !== null) byAsk.set(ask, addUsage(byAsk.get(ask) ?? noUsage, record.usage));
  }
  if (total === null) return null;
  return { total: usageColumns(total), asks: [...byAsk].map(([ask, usage]) => [ask, usageColumns(usage)]) };
}

/** Only model calls have a reservation, so only their ends settle one. */
export function chargesOf({ records, reserves }: Commit): CommitCharges | null {
  let settles: CommitCharges['settles'][number][] | null = null;
  for (const record of records) {
    if (record.kind !== 'step' || record.type !== 'model') continue;
    if (record.phase !== 'completed' && record.phase !== 'failed') continue;
    const { microUsd, tokens } = amountOf(record.usage ?? noUsage);
    (settles ??= []).push([record.key, record.attempt, microUsd, tokens]);
  }
  if (reserves === undefined) return settles === null ? null : { settles, reserves: null };
  const { key, attempt, usage, mayRaise } = reserves;
  const { microUsd, tokens } = amountOf(usage);
  return { settles: settles ?? [], reserves: [key, attempt, microUsd, tokens, usage.unpricedCalls > 0, mayRaise] };
}

export function moreOf({
  records,
  items,
  takesSignal,
  awaitedSignals,
  closesItems = false,
}: Commit): CommitMore | null {
  const approvals: ApprovalColumns[] = [];
  const endedApprovals: string[] = [];
  for (const record of records) {
    if (record.kind !== 'step' || record.type !== 'approval') continue;
    if (record.phase === 'completed') endedApprovals.push(record.key);
    if (record.phase === 'waiting' && record.details !== null)
      approvals.push(approvalColumns(record.key, record.details));
  }
  if (
    items === undefined &&
    takesSignal === undefined &&
    awaitedSignals === undefined &&
    !closesItems &&
    approvals.length + endedApprovals.length === 0
  )
    return null;
  return {
    items: items ?? [],
    approvals,
    endedApprovals,
    takesSignal: takesSignal ?? null,
    awaitedSignals: awaitedSignals ?? [],
    closesItems,
  };
}

function approvalColumns(key: string, details: string): ApprovalColumns {
  // Encoded by the approval step from an ApprovalRequest.
  const request = JSON.parse(details) as ApprovalRequest;
  return [request.id, key, request.title, request.details, JSON.stringify(request.choices)];
}
