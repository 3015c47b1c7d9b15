/**
 * What may be asked of a provider in a minute: requests and tokens, as configured, and as its answers say. Pure.
 *
 * Q1  What was configured is kept to in every stretch of a minute, whatever the provider's own way of counting is: a twentieth of
 *     it may be used at once, and the rest comes in evenly.
 * Q2  What the provider says is left counts, less what left after the call that it said it to. What came in meanwhile is not added: nobody
 *     knows when on the way of the call it was counted. That leaves a little unused, and takes nothing from the pace.
 * Q3  Most providers let it come in evenly; with some all of it comes back at one time. What two answers say of that time tells
 *     which: of the ones it moves on with every call, of the others it stands still.
 * Q4  Who needs more than there ever is goes when all of it is there.
 */
export interface Allowance {
  /** The most that there is. */
  readonly capacity: number;
  /** What is left at `at`; less than nothing when more was used than was thought. */
  readonly left: number;
  readonly at: number;
  readonly perMs: number;
  /** When all of it comes back; null where it comes in evenly. */
  readonly backAt: number | null;
  /** What an earlier answer said, to tell the two ways apart. */
  readonly seen: { readonly left: number; readonly fullAt: number } | null;
}

export interface RateBudget {
  readonly requests: readonly Allowance[];
  readonly tokens: readonly Allowance[];
  /** Nothing starts before. */
  readonly pausedUntil: number;
  /** When the call began that told most recently. */
  readonly toldAt: number;
}

/** What one answer says of one kind. */
export interface ToldAllowance {
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again, in milliseconds; null where it is not said. */
  readonly fullInMs: number | null;
}

/** What an answer says about limits: null for what it says nothing of. */
export interface RateReport {
  readonly requests: ToldAllowance | null;
  readonly tokens: ToldAllowance | null;
}

/** What may be asked in a minute, as configured; null sets no limit. */
export interface ConfiguredRate {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
}

/** What left after the call that an answer belongs to. */
export interface LeftSince {
  readonly requests: number;
  readonly tokens: number;
}

const minuteMs = 60_000;
const burstShare = 0.05;
/** By how much clocks and ways differ; it costs no throughput, only so long once. */
const unsureMs = 150;

export function firstRateBudget({ requestsPerMinute, tokensPerMinute }: ConfiguredRate, now: number): RateBudget {
  const configured = (perMinute: number | null): readonly Allowance[] => {
    if (perMinute === null) return [];
    const capacity = Math.max(1, perMinute * burstShare);
    const perMs = (perMinute * (1 - burstShare)) / minuteMs;
    return [{ capacity, left: capacity, at: now, perMs, backAt: null, seen: null }];
  };
  return { requests: configured(requestsPerMinute), tokens: configured(tokensPerMinute), pausedUntil: 0, toldAt: 0 };
}

/** What is left of an allowance at a time. */
export function leftAt({ capacity, left, at, perMs, backAt }: Allowance, now: number): number {
  if (backAt !== null) return now >= backAt ? capacity : left;
  return Math.min(capacity, left + Math.max(0, now - at) * perMs);
}

/** What is left of the scarcest of some allowances; null where there is none. */
export function scarcestLeft(allowances: readonly Allowance[], now: number): number | null {
  return allowances.length === 0 ? null : Math.min(...allowances.map((allowance) => leftAt(allowance, now)));
}

/** How long a call of so many tokens has to wait, in whole milliseconds; 0 when it may leave now. */
export function waitMs(budget: RateBudget, tokens: number, now: number): number {
  const waits = [
    budget.pausedUntil - now,
    ...budget.requests.map((allowance) => waitOf(allowance, 1, now)),
    ...budget.tokens.map((allowance) => waitOf(allowance, tokens, now)),
  ];
  return Math.max(0, Math.ceil(Math.max(...waits)));
}

function waitOf(allowance: Allowance, need: number, now: number): number {
  // What was told is as old as the way of the answer: so much may have come in less than it seems.
  const unsure = allowance.seen === null ? 0 : allowance.perMs * unsureMs;
  // Q4
  const missing = Math.min(need + unsure, allowance.capacity) - leftAt(allowance, now);
  if (missing <= 1e-6) return 0;
  return allowance.backAt !== null ? Math.max(1, allowance.backAt - now) : missing / allowance.perMs;
}

/** A call of so many tokens leaves. */
export function spend(budget: RateBudget, tokens: number, now: number): RateBudget {
  return taken(budget, { requests: 1, tokens }, now);
}

/** A call of so many tokens was to leave, and did not. */
export function unspend(budget: RateBudget, tokens: number, now: number): RateBudget {
  return taken(budget, { requests: -1, tokens: -tokens }, now);
}

function taken(
  budget: RateBudget,
  { requests, tokens }: { readonly requests: number; readonly tokens: number },
  now: number,
): RateBudget {
  return {
    ...budget,
    requests: budget.requests.map((allowance) => used(allowance, requests, now)),
    tokens: budget.tokens.map((allowance) => used(allowance, tokens, now)),
  };
}

/** What is left of what was configured, as those say who use it up together; null where that kind has no rate. */
export function adopt(
  budget: RateBudget,
  left: { readonly requests: number | null; readonly tokens: number | null },
  now: number,
): RateBudget {
  const adopted = (kind: 'requests' | 'tokens'): readonly Allowance[] => {
    const [configured, ...others] = budget[kind];
    const known = left[kind];
    return configured === undefined || known === null
      ? budget[kind]
      : [{ ...configured, left: known, at: now }, ...others];
  };
  return { ...budget, requests: adopted('requests'), tokens: adopted('tokens') };
}

/** A call has ended that took `more` tokens than was thought, or less where it is negative. */
export function correct(budget: RateBudget, more: number, now: number): RateBudget {
  return more === 0 ? budget : { ...budget, tokens: budget.tokens.map((allowance) => used(allowance, more, now)) };
}

function used(allowance: Allowance, amount: number, now: number): Allowance {
  const { backAt, capacity } = allowance;
  const left = Math.min(capacity, leftAt(allowance, now) - amount);
  return { ...allowance, left, at: now, backAt: backAt !== null && now >= backAt ? now + minuteMs : backAt };
}

/** Nothing starts for so long. */
export function pause(budget: RateBudget, forMs: number, now: number): RateBudget {
  return { ...budget, pausedUntil: Math.max(budget.pausedUntil, now + forMs) };
}

/** What an answer says takes the place of what was known, unless a later call has told already. */
export function learn(
  budget: RateBudget,
  report: RateReport,
  { startedAt, since }: { readonly startedAt: number; readonly since: LeftSince },
  now: number,
  configured: RateBudget,
): RateBudget {
  if (startedAt < budget.toldAt || (report.requests === null && report.tokens === null)) return budget;
  const next = (kind: 'requests' | 'tokens'): readonly Allowance[] => {
    const told = report[kind];
    if (told === null || !(told.limit > 0)) return budget[kind];
    const own = configured[kind].length;
    const learnt = toldAllowance(told, budget[kind][own] ?? null, since[kind], now);
    return [...budget[kind].slice(0, own), learnt];
  };
  return { ...budget, requests: next('requests'), tokens: next('tokens'), toldAt: startedAt };
}

function toldAllowance(
  { limit, remaining, fullInMs }: ToldAllowance,
  before: Allowance | null,
  since: number,
  now: number,
): Allowance {
  const gone = limit - remaining;
  // Few calls tell little of the pace; then it is a minute, as with most.
  const isTelling = fullInMs !== null && fullInMs > 0 && gone >= Math.max(3, limit * burstShare);
  const perMs = isTelling ? gone / fullInMs : (before?.perMs ?? limit / minuteMs);
  const fullAt = now + (fullInMs ?? 0);
  const backAt = fullInMs === null ? null : comesBackAt(before, { limit, remaining, fullAt });
  const left = Math.min(limit, remaining - since);
  const seen = before?.seen !== undefined && before.seen !== null && before.seen.left > remaining ? before.seen : null;
  return { capacity: limit, left, at: now, perMs, backAt, seen: seen ?? { left: remaining, fullAt } };
}

/** Q3 */
function comesBackAt(
  before: Allowance | null,
  told: { readonly limit: number; readonly remaining: number; readonly fullAt: number },
): number | null {
  if (before?.seen == null) return null;
  const fewer = before.seen.left - told.remaining;
  if (fewer < Math.max(2, told.limit * burstShare)) return before.backAt === null ? null : told.fullAt;
  const expectedMs = fewer * (minuteMs / told.limit);
  return told.fullAt - before.seen.fullAt < 0.3 * expectedMs ? told.fullAt : null;
}
