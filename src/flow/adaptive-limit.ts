/**
 * How many calls a provider bears at once, learnt from how calls end. Pure: a state, an event, the next state.
 *
 * L0  Until something brings trouble, it doubles with every round trip.
 * L1  It grows only while it is used up: who has few calls learns nothing about many.
 * L2  Calls that were refused above what had been borne before tell exactly how many are borne: those still in flight. The limit
 *     follows them down at once.
 * L3  A refusal at a level that was borne before means that the provider bears less than it did: the limit falls to 0.7 of what
 *     it was, once for all calls that were in flight.
 * L4  Just below the level that brought trouble it stays until `probeAfter` calls went well, then tries one more. So at most one
 *     call in `probeAfter` is refused by looking; if that is borne, steps double.
 * L5  Latency counts where many calls make it longer: when a window of calls took longer than the best known by more than a sixth,
 *     the limit falls. If that does not make calls faster, the calls are just longer, and the limit goes back; if they take longer
 *     still, it falls again.
 * L6  A provider that was swamped from the first call on has shown nobody how fast it is at ease. So where fewer calls at once are
 *     faster than any before, and more of them are answered, there are still too many: the limit falls on until that ends.
 */
export interface AdaptiveLimit {
  /** Calls that may be in flight: at least 1; a fraction counts as nothing. */
  readonly limit: number;
  /** The highest that a whole window of calls was borne at; 0 while nothing is known. */
  readonly borne: number;
  /** The level that brought trouble last; null while none did. */
  readonly trouble: number | null;
  /** Calls that began before tell nothing about the present limit. */
  readonly since: number;
  /** Calls that went well since the last trouble. */
  readonly goodCalls: number;
  /** By how much it grows when all goes well above the level that brought trouble. */
  readonly step: number;
  /** The share of calls that failed, lately. */
  readonly failing: number;
  /** Time to the first word where the provider is at ease, in milliseconds; null while nothing is known. */
  readonly easeMs: number | null;
  /** The calls that began under the present limit, and used it up. */
  readonly window: { readonly calls: number; readonly sumMs: number };
  /** Set while the limit is lower because of latency: what it was, and how long calls took. */
  readonly slowed: { readonly limit: number; readonly meanMs: number; readonly toLimit: number } | null;
}

/** How a call ended. Times in epoch milliseconds. */
export type CallEnd =
  | {
      readonly kind: 'completed';
      readonly startedAt: number;
      /** Calls in flight when it began, itself included. */
      readonly among: number;
      /** Null where no first word could be told from the rest. */
      readonly firstTokenMs: number | null;
    }
  /** Turned away for being one too many (429). `left` calls are in flight without it. */
  | { readonly kind: 'refused'; readonly startedAt: number; readonly left: number }
  /** The provider said that it has too much to do (503, 529). */
  | { readonly kind: 'overloaded'; readonly startedAt: number }
  /** Anything else on the provider's side, or on the way there. */
  | { readonly kind: 'failed'; readonly startedAt: number };

/** Doubled with every round trip that goes well: 200 after two of them, and a small provider is not swamped. */
const firstLimit = 50;
const decrease = 0.7;
/** One refusal in so many calls at most: two thirds of a percent. */
const probeAfter = 150;
/** A window has at least so many calls, so that a mean means something. */
const leastCalls = 8;
/**
 * How much longer than at ease calls may take, as a factor and beyond it in milliseconds: what clocks and loops are off by. A
 * provider that slows down with the square of what is too much loses a tenth of its pace to a fifth more of latency.
 */
const inflation = 1.15;
const slackMs = 10;
/** By how much calls take longer, as a factor, when more has changed than their number. */
const worse = 1.1;
/** By how much more is answered, as a factor, when that is not chance; then so much is tried next. */
const moreAnswered = 1.05;
const furtherDown = 0.8;
const failingShare = 0.3;
/** From this share of the limit on, a call counts as one that used it up: the last places are rarely all taken. */
const usedUpShare = 0.8;

/** What holds before the first call; never more than `ceiling`. */
export function firstAdaptiveLimit(ceiling: number): AdaptiveLimit {
  return {
    limit: Math.min(firstLimit, ceiling),
    borne: 0,
    trouble: null,
    since: 0,
    goodCalls: 0,
    step: 1,
    failing: 0,
    easeMs: null,
    window: emptyWindow,
    slowed: null,
  };
}

const emptyWindow = { calls: 0, sumMs: 0 };

/** The limit after a call has ended. */
export function afterCall(state: AdaptiveLimit, end: CallEnd, now: number, ceiling: number): AdaptiveLimit {
  switch (end.kind) {
    case 'completed':
      return afterCompleted(state, end, now, ceiling);
    case 'refused':
      if (state.limit > state.borne) return followDown(state, end.left, now);
      return end.startedAt < state.since ? state : fallBack(state, now);
    case 'overloaded':
      return end.startedAt < state.since ? state : fallBack(state, now);
    case 'failed': {
      const failing = 0.9 * state.failing + 0.1;
      const isTrouble = failing > failingShare && end.startedAt >= state.since;
      return isTrouble ? { ...fallBack(state, now), failing: failing / 2 } : { ...state, failing };
    }
  }
}

/** L2 */
function followDown(state: AdaptiveLimit, left: number, now: number): AdaptiveLimit {
  const limit = Math.max(1, state.borne, Math.min(Math.floor(state.limit), left));
  return { ...begin(state, limit, now), trouble: limit + 1, goodCalls: 0, step: 1, slowed: null };
}

/** L3 */
function fallBack(state: AdaptiveLimit, now: number): AdaptiveLimit {
  const limit = Math.max(1, Math.floor(state.limit * decrease));
  const trouble = Math.max(2, Math.floor(state.limit));
  return { ...begin(state, limit, now), borne: limit, trouble, goodCalls: 0, step: 1, slowed: null };
}

function begin(state: AdaptiveLimit, limit: number, now: number): AdaptiveLimit {
  return { ...state, limit, since: now, window: emptyWindow };
}

function afterCompleted(
  state: AdaptiveLimit,
  { startedAt, among, firstTokenMs }: Extract<CallEnd, { kind: 'completed' }>,
  now: number,
  ceiling: number,
): AdaptiveLimit {
  const next = { ...state, failing: 0.9 * state.failing, goodCalls: state.goodCalls + 1 };
  // The first calls found the provider at ease, however many came right behind them.
  const isFirst = among <= 2 && firstTokenMs !== null;
  const easeMs = isFirst && state.easeMs === null ? firstTokenMs : state.easeMs;
  // L1: what calls tell that had little company is no news of the limit.
  if (startedAt < state.since || firstTokenMs === null || among < usedUpShare * state.limit) return { ...next, easeMs };
  const window = { calls: state.window.calls + 1, sumMs: state.window.sumMs + firstTokenMs };
  const meanMs = window.sumMs / window.calls;
  const isClear = easeMs !== null && meanMs > 2 * easeMs * inflation + slackMs;
  if (window.calls < (isClear ? leastCalls : callsToTell(state))) return { ...next, easeMs, window };
  return closeWindow({ ...next, easeMs, window }, meanMs, now, ceiling);
}

/**
 * How many calls a window has. While nothing brought trouble, the last of those that began together are enough: with each of
 * them in flight all the others were, too. So it takes one round trip to double, where waiting for as many again takes two.
 */
function callsToTell({ limit, trouble }: AdaptiveLimit): number {
  return Math.max(leastCalls, trouble === null ? (1 - usedUpShare) * limit : limit);
}

function closeWindow(state: AdaptiveLimit, meanMs: number, now: number, ceiling: number): AdaptiveLimit {
  const { slowed } = state;
  const easeMs = state.easeMs ?? meanMs;
  // L5: half of what could be hoped for is enough to say that it helped.
  const hoped = slowed === null ? 1 : 0.5 + 0.5 * (slowed.toLimit / slowed.limit);
  // Slower although there are fewer: what was compared with is of the past.
  const isWorse = slowed !== null && state.limit >= 2 && meanMs > slowed.meanMs * worse;
  if (slowed !== null && !isWorse && meanMs > slowed.meanMs * hoped)
    return { ...begin(state, slowed.limit, now), easeMs: meanMs, borne: slowed.limit, slowed: null };
  if (state.limit >= 2 && meanMs > easeMs * inflation + slackMs)
    return slowDown({ ...state, easeMs }, meanMs, (easeMs * 1.1) / meanMs, now);
  if (state.limit >= 2 && meanMs * moreAnswered < easeMs && isMoreAnswered(state, meanMs))
    return slowDown({ ...state, easeMs: calmer(easeMs, meanMs) }, meanMs, furtherDown, now);
  const calm = { ...state, easeMs: calmer(easeMs, meanMs), slowed: null, window: emptyWindow };
  const borne = Math.max(state.borne, state.limit);
  return { ...begin(calm, Math.min(ceiling, grown(state)), now), borne, step: nextStep(state) };
}

/** L6: calls in flight by how long each takes is how many are answered in a time. */
function isMoreAnswered({ limit, slowed }: AdaptiveLimit, meanMs: number): boolean {
  return slowed !== null && limit / meanMs > (slowed.limit / slowed.meanMs) * moreAnswered;
}

/** L5: to so much of what it was, within bounds. */
function slowDown(state: AdaptiveLimit, meanMs: number, share: number, now: number): AdaptiveLimit {
  const toLimit = Math.max(1, Math.floor(state.limit * Math.min(0.9, Math.max(decrease, share))));
  return {
    ...begin(state, toLimit, now),
    borne: toLimit,
    trouble: Math.max(2, Math.floor(state.limit)),
    goodCalls: 0,
    step: 1,
    slowed: { limit: state.limit, meanMs, toLimit },
  };
}

/** Less is believed at once; more only while it is about the same, for a provider that is at its limit is slower, too. */
function calmer(easeMs: number, meanMs: number): number {
  if (meanMs <= easeMs) return meanMs;
  return meanMs < easeMs * 1.1 ? easeMs + 0.02 * (meanMs - easeMs) : easeMs;
}

function grown({ limit, trouble, goodCalls, step }: AdaptiveLimit): number {
  if (trouble === null) return limit * 2;
  if (limit >= trouble) return limit + step;
  if (limit + 1 < trouble) return Math.min(trouble - 1, limit + Math.max(1, Math.floor(limit / 10)));
  // L4
  return goodCalls >= probeAfter ? limit + 1 : limit;
}

function nextStep({ limit, trouble, step }: AdaptiveLimit): number {
  return trouble !== null && limit >= trouble ? step * 2 : 1;
}
