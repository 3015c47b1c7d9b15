import { describe, expect, it } from 'vitest';
import { afterCall, firstAdaptiveLimit } from '../../src/flow/adaptive-limit.ts';
import type { AdaptiveLimit, CallEnd } from '../../src/flow/adaptive-limit.ts';

const ceiling = 2_000;
const start = 1_000;

function stateWith(fields: Partial<AdaptiveLimit>): AdaptiveLimit {
  return { ...firstAdaptiveLimit(ceiling), easeMs: 200, ...fields };
}

/** So many calls end well, one after the other, each with as many others as are allowed. */
function completed(state: AdaptiveLimit, calls: number, firstTokenMs = 200, among?: number): AdaptiveLimit {
  let next = state;
  for (let call = 0; call < calls; call += 1) {
    const end = { startedAt: start, among: among ?? Math.floor(next.limit), firstTokenMs };
    next = afterCall(next, { kind: 'completed', ...end }, start, ceiling);
  }
  return next;
}

/** More callers than are allowed, of a provider with calls that take 200 ms: the limit after each of so many round trips. */
function roundTrips(count: number, latencyMs: (inFlight: number) => number = () => 200, atMost = ceiling): number[] {
  let state = firstAdaptiveLimit(atMost);
  const inFlight: { readonly startedAt: number; readonly among: number; readonly endsAt: number }[] = [];
  const fill = (now: number): void => {
    while (inFlight.length < Math.floor(state.limit)) {
      const among = inFlight.length + 1;
      inFlight.push({ startedAt: now, among, endsAt: now + latencyMs(among) });
      inFlight.sort((a, b) => a.endsAt - b.endsAt);
    }
  };
  const limits: number[] = [];
  fill(0);
  for (let trip = 1; trip <= count; trip += 1) {
    for (let call = inFlight[0]; call !== undefined && call.endsAt <= trip * 200; call = inFlight[0]) {
      inFlight.shift();
      const { startedAt, among, endsAt } = call;
      const end: CallEnd = { kind: 'completed', startedAt, among, firstTokenMs: endsAt - startedAt };
      state = afterCall(state, end, endsAt, atMost);
      fill(endsAt);
    }
    limits.push(Math.floor(state.limit));
  }
  return limits;
}

describe('how many calls may run at once', () => {
  it('doubles with every round trip while nothing brings trouble (L0)', () => {
    expect(roundTrips(6)).toEqual([100, 200, 400, 800, 1_600, 2_000]);
  });

  it('never passes the ceiling', () => {
    expect(roundTrips(3, undefined, 70)).toEqual([70, 70, 70]);
    expect(firstAdaptiveLimit(20).limit).toBe(20);
  });

  it('stops doubling where calls begin to take longer (L5)', () => {
    const limits = roundTrips(40, (inFlight) => 200 * Math.max(1, inFlight / 120) ** 2);
    expect(Math.max(...limits)).toBeLessThanOrEqual(200);
    expect(limits.at(-1)).toBeGreaterThanOrEqual(108);
    expect(limits.at(-1)).toBeLessThanOrEqual(132);
  });

  it.each<[string, AdaptiveLimit, number]>([
    ['does not grow by calls with little company (L1)', completed(stateWith({}), 500, 200, 39), 50],
    ['grows by calls that used it up', completed(stateWith({}), 10, 200, 40), 100],
    [
      'stays just below what brought trouble (L4)',
      completed(stateWith({ limit: 10, borne: 10, trouble: 11 }), 149),
      10,
    ],
    ['tries one more after 150 that went well', completed(stateWith({ limit: 10, borne: 10, trouble: 11 }), 150), 11],
    ['comes back to where trouble was by tenths', completed(stateWith({ limit: 40, borne: 40, trouble: 60 }), 40), 44],
    [
      'counts no refusal for a limit of the past',
      refused(stateWith({ limit: 40, borne: 40, since: start + 1 }), 9),
      40,
    ],
    ['follows refused calls down to those in flight (L2)', refused(stateWith({}), 12), 12],
    ['stays at one when none is borne', refused(stateWith({}), 0), 1],
    ['falls to 0.7 when less is borne than was (L3)', refused(stateWith({ limit: 40, borne: 40 }), 39), 28],
  ])('%s', (_, { limit }, expected) => {
    expect(limit).toBe(expected);
  });

  it('doubles its steps above the level that brought trouble, once that is borne', () => {
    let state = stateWith({ limit: 11, borne: 10, trouble: 11 });
    const limits = Array.from({ length: 4 }, () => (state = completed(state, Math.floor(state.limit))).limit);
    expect(limits).toEqual([12, 14, 18, 26]);
  });

  it('falls again when calls take longer still although there are fewer (L5)', () => {
    const slowed = completed(stateWith({ limit: 40, borne: 40, trouble: 60 }), 40, 300);
    // So much longer is clear after eight calls.
    const again = completed(slowed, 8, 600);
    expect(again).toMatchObject({ limit: 20, easeMs: 200 });
    expect(completed(again, 20, 210)).toMatchObject({ easeMs: expect.closeTo(200, 0), slowed: null });
  });

  it('finds out how fast a provider is that was slow at first and is swamped since (L6)', () => {
    let calls = 0;
    const limits = roundTrips(600, (inFlight) => ((calls += 1) <= 50 ? 3_000 : 200 * Math.max(1, inFlight / 20) ** 2));
    const settled = limits.slice(300);
    expect(Math.min(...settled)).toBeGreaterThanOrEqual(14);
    expect(settled.reduce((sum, limit) => sum + limit) / settled.length).toBeLessThanOrEqual(23);
  });

  it('falls once for all calls that were in flight', () => {
    const once = afterCall(
      stateWith({ limit: 40, borne: 40 }),
      { kind: 'overloaded', startedAt: start },
      start + 5,
      ceiling,
    );
    expect(once.limit).toBe(28);
    const twice = afterCall(once, { kind: 'overloaded', startedAt: start }, start + 6, ceiling);
    expect(twice.limit).toBe(28);
    expect(afterCall(once, { kind: 'overloaded', startedAt: start + 5 }, start + 6, ceiling).limit).toBe(19);
  });

  it('falls when many calls fail, not for one', () => {
    let state = stateWith({ limit: 40 });
    const limits = Array.from({ length: 4 }, () => {
      state = afterCall(state, { kind: 'failed', startedAt: start }, start, ceiling);
      return state.limit;
    });
    expect(limits).toEqual([40, 40, 40, 28]);
  });

  it('falls when calls take longer, and goes back when that was of no use (L5)', () => {
    const slowed = completed(stateWith({ limit: 40, borne: 40, trouble: 60 }), 40, 300);
    expect(slowed.limit).toBe(29);
    // The calls are just longer now.
    expect(completed(slowed, 29, 300)).toMatchObject({ limit: 40, easeMs: 300 });
    // Fewer of them are faster: it was the number.
    expect(completed(slowed, 29, 210).limit).toBeLessThan(40);
  });
});

function refused(state: AdaptiveLimit, left: number): AdaptiveLimit {
  return afterCall(state, { kind: 'refused', startedAt: start, left }, start, ceiling);
}
