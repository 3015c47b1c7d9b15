import { afterCall, firstAdaptiveLimit } from './adaptive-limit.ts';
import type { AdaptiveLimit, CallEnd } from './adaptive-limit.ts';
import type { CallOutcome, ProviderState } from './admission.ts';
import { FairQueue } from './fair-queue.ts';
import { adopt, correct, firstRateBudget, learn, pause, scarcestLeft, spend, unspend, waitMs } from './rate-budget.ts';
import type { Allowance, ConfiguredRate, LeftSince, RateBudget, RateReport } from './rate-budget.ts';
import type { Draw, SharedBuckets } from './shared-buckets.ts';
import type { WaitingCall } from './waiting-call.ts';

/** A call that has its place, and what it is thought to use of the rates. */
export interface PlaceTaken {
  /** Tokens that it sends, as far as we can count, and those that were set aside for all of it. */
  readonly inputTokens: number;
  readonly tokens: number;
}

/** A call that is in flight, as its provider's pool knows it. */
export interface CallInFlight extends PlaceTaken {
  readonly isDrawn: boolean;
  readonly startedAt: number;
  /** Calls in flight when it began, itself included. */
  readonly among: number;
  /** What had left by then, itself included. */
  readonly before: LeftSince;
  /** What its answer says of the rates. */
  report: RateReport | null;
}

/** What a first answer is taken to be long, in tokens; then the average counts. */
const firstOutputTokens = 500;
/** After a refusal with nothing else in flight, where the provider does not say how long to wait; doubled up to the other. */
const shortestPauseMs = 500;
const longestPauseMs = 30_000;

/** The calls to one (provider, model): who waits, how many may be in flight, and what its rates allow. */
export class ProviderPool<Call extends WaitingCall> {
  readonly provider: string;
  readonly model: string;
  /** Of both. */
  readonly name: string;
  readonly queue = new FairQueue<Call>((call) => call.isGone);
  /** Calls in the queue that were not cancelled. */
  waiting = 0;
  inFlight = 0;
  /** Calls of which others are asked whether they may leave, and whether the last answer was that one may not. */
  asking = 0;
  isScarce = false;
  readonly #shared: SharedBuckets | null;
  readonly #ceiling: number;
  readonly #configured: RateBudget;
  #limit: AdaptiveLimit;
  #budget: RateBudget;
  /** What calls took lately beyond what we counted as sent: the answer, and what we counted too little or too much. */
  #moreTokens = firstOutputTokens;
  #left: LeftSince = { requests: 0, tokens: 0 };
  #pauses = 0;

  constructor(
    { provider, model }: { readonly provider: string; readonly model: string },
    ceiling: number,
    rate: ConfiguredRate,
    shared: SharedBuckets | null,
    now: number,
  ) {
    this.provider = provider;
    this.model = model;
    this.name = poolName(provider, model);
    this.#shared = shared;
    this.#ceiling = ceiling;
    this.#limit = firstAdaptiveLimit(ceiling);
    this.#configured = firstRateBudget(rate, now);
    this.#budget = this.#configured;
  }

  get limit(): number {
    return Math.floor(this.#limit.limit);
  }

  /** How long the next call has to wait for the rates; 0 when it may go, as far as they are concerned. */
  heldMs(now: number): number {
    const next = this.queue.peek();
    return next === undefined ? 0 : waitMs(this.#budget, this.#tokensOf(next), now);
  }

  /** How many calls it lets through side by side now. */
  places(now: number): number {
    return this.waiting > 0 && this.heldMs(now) > 0 ? Math.min(this.inFlight, this.limit) : this.limit;
  }

  state(now: number): ProviderState {
    const { provider, model, limit, inFlight, waiting } = this;
    const { requests, tokens } = this.#budget;
    const left = { requestsLeft: scarcestLeft(requests, now), tokensLeft: scarcestLeft(tokens, now) };
    return { provider, model, limit, inFlight, waiting, heldMs: this.heldMs(now), ...left };
  }

  /** The call has a place, and what it needs of the rates. */
  hold(call: Call, now: number): PlaceTaken {
    const tokens = this.#tokensOf(call);
    this.inFlight += 1;
    this.#budget = spend(this.#budget, tokens, now);
    return { inputTokens: call.ticket.inputTokens, tokens };
  }

  /** The call does not leave. */
  giveBack({ tokens }: PlaceTaken, now: number): void {
    this.inFlight -= 1;
    this.#budget = unspend(this.#budget, tokens, now);
  }

  /** `isDrawn` says whether what it needs was drawn from what processes share. */
  leave(place: PlaceTaken, isDrawn: boolean, now: number): CallInFlight {
    this.#left = { requests: this.#left.requests + 1, tokens: this.#left.tokens + place.tokens };
    return { ...place, isDrawn, startedAt: now, among: this.inFlight, before: this.#left, report: null };
  }

  /** What a call draws where configured rates are shared. */
  drawsOf({ tokens }: PlaceTaken): readonly Draw[] {
    const [requestRate] = this.#configured.requests;
    const [tokenRate] = this.#configured.tokens;
    return [
      ...(requestRate === undefined ? [] : [drawOf(`requests:${this.name}`, requestRate, 1)]),
      ...(tokenRate === undefined ? [] : [drawOf(`tokens:${this.name}`, tokenRate, tokens)]),
    ];
  }

  /** What is left of each draw, in their order, and how long nobody may call, as those say who share it. */
  adopt(left: readonly number[], pausedMs: number, now: number): void {
    const requests = this.#configured.requests.length === 0 ? null : (left[0] ?? null);
    const tokens = this.#configured.tokens.length === 0 ? null : (left.at(-1) ?? null);
    this.#budget = pause(adopt(this.#budget, { requests, tokens }, now), pausedMs, now);
  }

  told(call: CallInFlight, report: RateReport, now: number): void {
    call.report = report;
    const { startedAt, before } = call;
    const since = {
      requests: this.#left.requests - before.requests,
      tokens: this.#left.tokens - before.tokens,
    };
    this.#budget = learn(this.#budget, report, { startedAt, since }, now, this.#configured);
  }

  end(call: CallInFlight, outcome: CallOutcome, now: number): void {
    this.inFlight -= 1;
    const { startedAt, among } = call;
    switch (outcome.kind) {
      case 'completed':
        this.#pauses = 0;
        this.#count(call, outcome.tokens, now);
        this.#note({ kind: 'completed', startedAt, among, firstTokenMs: outcome.firstTokenMs }, now);
        return;
      case 'refused':
        if (call.report?.tokens == null) this.#budget = correct(this.#budget, -call.tokens, now);
        this.#correctShared(call, -call.tokens);
        this.#refused(call, outcome.retryAfterMs, now);
        return;
      case 'overloaded':
      case 'failed':
        this.#note({ kind: outcome.kind, startedAt }, now);
        return;
      case 'unsent':
        this.#budget = unspend(this.#budget, call.tokens, now);
        return;
      case 'other':
    }
  }

  /** A refusal for a rate says nothing about how many calls may be in flight. */
  #refused(call: CallInFlight, retryAfterMs: number | null, now: number): void {
    const { requests = null, tokens = null } = call.report ?? {};
    const isRate = (requests !== null && requests.remaining < 1) || (tokens !== null && tokens.remaining < call.tokens);
    if (!isRate) this.#note({ kind: 'refused', startedAt: call.startedAt, left: this.inFlight }, now);
    if (isRate && retryAfterMs !== null) {
      this.#budget = pause(this.#budget, retryAfterMs, now);
      this.#shared?.pause(this.name, retryAfterMs);
    }
    // Nobody else of this process can have been in its way: it is a rate of which the provider does not tell. Other processes are
    // not told of it: their calls may have been in its way.
    else if (!isRate && this.inFlight === 0) this.#budget = pause(this.#budget, retryAfterMs ?? this.#nextPause(), now);
  }

  #nextPause(): number {
    const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** this.#pauses);
    this.#pauses += 1;
    return pauseMs;
  }

  #count(call: CallInFlight, tokens: number | null, now: number): void {
    if (tokens === null) return;
    // What the provider tells of it has this call in it already; of a call that it tells nothing about we count ourselves.
    if (call.report?.tokens == null) this.#budget = correct(this.#budget, tokens - call.tokens, now);
    this.#correctShared(call, tokens - call.tokens);
    this.#moreTokens += 0.2 * (tokens - call.inputTokens - this.#moreTokens);
  }

  #correctShared({ isDrawn }: CallInFlight, tokens: number): void {
    const [rate] = this.#configured.tokens;
    if (isDrawn && rate !== undefined && tokens !== 0)
      this.#shared?.correct([drawOf(`tokens:${this.name}`, rate, tokens)]);
  }

  #note(end: CallEnd, now: number): void {
    this.#limit = afterCall(this.#limit, end, now, this.#ceiling);
  }

  #tokensOf({ ticket }: WaitingCall): number {
    return Math.max(1, Math.ceil(ticket.inputTokens + this.#moreTokens));
  }
}

/** Of a (provider, model). */
export function poolName(provider: string, model: string): string {
  return JSON.stringify([provider, model]);
}

function drawOf(key: string, { capacity, perMs }: Allowance, tokens: number): Draw {
  return { key, capacity, tokenMs: 1 / perMs, tokens };
}
