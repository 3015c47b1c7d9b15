import type { Usage } from './usage.ts';

/** What usage can be told by; a day is one in UTC, a model is told as `provider/model`. */
export const usageGroupings = ['squad', 'member', 'workflow', 'day', 'model'] as const;
export type UsageGrouping = (typeof usageGroupings)[number];

/** Which executions count: those of a squad, created from a time on and before another. */
export interface UsageFilter {
  readonly squadId?: string;
  /** Epoch milliseconds, included. */
  readonly from?: number;
  /** Epoch milliseconds, not included. */
  readonly to?: number;
  /** Null tells one sum of everything. */
  readonly groupBy: UsageGrouping | null;
}

/** What the executions of one group came to. */
export interface UsageGroup {
  /** Id of the squad or member, name of the workflow or model, or the day as `2026-01-31`; null where that is not known. */
  readonly key: string | null;
  /** A squad that the group's executions had, to look up names; the highest version among them. */
  readonly squad: { readonly id: string; readonly version: number } | null;
  /** Those that made model calls. */
  readonly executions: number;
  readonly usage: Usage;
}

/** What one execution came to. */
export interface ExecutionUsage {
  readonly id: string;
  readonly workflow: string;
  /** The beginning of what was asked for; null where that was no text. */
  readonly request: string | null;
  readonly usage: Usage;
}

/** A page of executions that made model calls, the dearest first; `after` is the last one before it. */
export interface ExecutionUsageFilter extends Omit<UsageFilter, 'groupBy'> {
  readonly after?: { readonly costMicroUsd: number; readonly id: string };
  readonly limit: number;
}

/** Sums over what is stored: an execution that retention deleted is in no report any more. */
export interface UsageReports {
  /** One group where there is no grouping, also of nothing. Otherwise only groups that made model calls, the dearest first. */
  usage(tenant: string, filter: UsageFilter): Promise<readonly UsageGroup[]>;
  /** Of equal cost the newest first. */
  executions(tenant: string, filter: ExecutionUsageFilter): Promise<readonly ExecutionUsage[]>;
}
