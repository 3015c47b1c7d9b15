import type { Usage } from './usage.ts';

/** Whose calls a budget counts. */
export const budgetScopes = ['execution', 'squad', 'user', 'tenant'] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/** Over what time it counts them, in UTC. `total`: from beginning to end, of an execution. */
export const budgetPeriods = ['day', 'month', 'total'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** What becomes of a call that may go over: a person is asked, or its step fails with `BUDGET_EXCEEDED`. */
export const budgetReactions = ['ask', 'fail'] as const;
export type BudgetReaction = (typeof budgetReactions)[number];

/** Which budget. The id is that of the execution, squad or user, and the name of the tenant. */
export interface BudgetKey {
  readonly scope: BudgetScope;
  readonly id: string;
  readonly period: BudgetPeriod;
}

/** The key in one word, to tell the budgets of a tenant apart: `tenant/day/local`. */
export function budgetName({ scope, id, period }: BudgetKey): string {
  return `${scope}/${period}/${id}`;
}

/** A ceiling, in micro-dollars, tokens or both; null: that is not limited. */
export interface BudgetLimits {
  readonly limitMicroUsd: number | null;
  readonly limitTokens: number | null;
  readonly onExceeded: BudgetReaction;
}

/** What one may give as a budget: at least one of the limits, in whole numbers from 0. */
export interface BudgetOptions {
  /** 1,000,000 is a dollar. */
  readonly limitMicroUsd?: number;
  /** Input and output together. */
  readonly limitTokens?: number;
  /** `fail` where nothing is said. */
  readonly onExceeded?: BudgetReaction;
}

/** Money and tokens: of a limit, or of what counts against it. */
export interface Amount {
  readonly microUsd: number;
  readonly tokens: number;
}

/**
 * A budget with what counts against it in its present period. `spent` by calls that were settled, `reserved` by calls in
 * flight, and by how much people `raised` the ceiling for the period. Times are epoch milliseconds; null: there is no bound.
 */
export interface Budget extends BudgetKey, BudgetLimits {
  readonly spent: Amount;
  readonly reserved: Amount;
  readonly raised: Amount;
  readonly periodStart: number | null;
  readonly periodEnd: number | null;
  readonly updatedAt: number;
}

/** Of the ceiling: when so much is spent, an event says so. */
export const warningShare = 0.8;

/** How full a budget is, of money or tokens whichever is fuller: 1 at the ceiling. What calls in flight hold counts. */
export function usedShare({ limitMicroUsd, limitTokens, spent, reserved, raised }: BudgetAccount): number {
  const share = (kind: keyof Amount, limit: number | null): number => {
    if (limit === null) return 0;
    const used = spent[kind] + reserved[kind];
    const ceiling = limit + raised[kind];
    return ceiling > 0 ? used / ceiling : 1;
  };
  return Math.max(share('microUsd', limitMicroUsd), share('tokens', limitTokens));
}
/** Of the limit: by how much one answer of a person raises the ceiling, unless the call needs more. */
const raiseShare = 0.25;

/** What a usage counts for in budgets. */
export function amountOf({ costMicroUsd, inputTokens, outputTokens }: Usage): Amount {
  return { microUsd: costMicroUsd, tokens: inputTokens + outputTokens };
}

/** The name of the period that a time lies in, as the ledger has it: `2026-11-22`, `2026-11`, nothing for `total`. */
export function periodName(period: BudgetPeriod, at: number): string {
  if (period === 'total') return '';
  return new Date(at).toISOString().slice(0, period === 'day' ? 10 : 7);
}

/** Where the period that a time lies in begins, and where the next one does: epoch milliseconds, UTC. */
export function periodBounds(
  period: BudgetPeriod,
  at: number,
): { readonly start: number; readonly end: number } | null {
  if (period === 'total') return null;
  const time = new Date(at);
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  return period === 'day'
    ? { start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) }
    : { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** The limits with what counts against them. */
export type BudgetAccount = BudgetLimits & Pick<Budget, 'spent' | 'reserved' | 'raised'>;

/** By how much a call goes over the ceiling, in money and in tokens; null when it fits. */
export function excess(account: BudgetAccount, call: Amount): Amount | null {
  const over = (limit: number | null, kind: keyof Amount): number =>
    limit === null
      ? 0
      : Math.max(0, account.spent[kind] + account.reserved[kind] + call[kind] - limit - account.raised[kind]);
  const amount = { microUsd: over(account.limitMicroUsd, 'microUsd'), tokens: over(account.limitTokens, 'tokens') };
  return amount.microUsd === 0 && amount.tokens === 0 ? null : amount;
}

/** Whether it would fit if what calls in flight hold came back. */
export function fitsLater(account: BudgetAccount, call: Amount): boolean {
  return excess({ ...account, reserved: { microUsd: 0, tokens: 0 } }, call) === null;
}

/** By how much a ceiling is raised for a call that goes over it by so much: a quarter of the limit, or what the call needs. */
export function raiseFor({ limitMicroUsd, limitTokens }: BudgetLimits, over: Amount): Amount {
  const raise = (limit: number | null, needed: number): number =>
    limit === null || needed === 0 ? 0 : Math.max(Math.ceil(limit * raiseShare), needed);
  return { microUsd: raise(limitMicroUsd, over.microUsd), tokens: raise(limitTokens, over.tokens) };
}

/** Whether so much is spent that somebody should know. */
export function isNearlySpent({ limitMicroUsd, limitTokens, spent, raised }: Omit<BudgetAccount, 'reserved'>): boolean {
  const isNear = (limit: number | null, kind: keyof Amount): boolean =>
    limit !== null && spent[kind] > 0 && spent[kind] >= warningShare * (limit + raised[kind]);
  return isNear(limitMicroUsd, 'microUsd') || isNear(limitTokens, 'tokens');
}

/** The limits of what was given, and all that is wrong with it. */
export function readBudgetLimits(given: BudgetOptions): { readonly limits: BudgetLimits; readonly problems: string[] } {
  const problems: string[] = [];
  for (const field of Object.keys(given))
    if (!['limitMicroUsd', 'limitTokens', 'onExceeded'].includes(field))
      problems.push(`'${field}' is no field of a budget`);
  const { limitMicroUsd = null, limitTokens = null, onExceeded = 'fail' } = given;
  for (const [name, limit] of Object.entries({ limitMicroUsd, limitTokens }))
    if (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0))
      problems.push(`'${name}' is ${limit}; use a whole number from 0`);
  if (limitMicroUsd === null && limitTokens === null) problems.push("give 'limitMicroUsd', 'limitTokens' or both");
  if (!budgetReactions.includes(onExceeded)) problems.push(`'onExceeded' is '${String(onExceeded)}'; use ask or fail`);
  return { limits: { limitMicroUsd, limitTokens, onExceeded }, problems };
}
