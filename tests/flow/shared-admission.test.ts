import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallOutcome, CallTicket, Permit } from '../../src/flow/admission.ts';
import { ModelAdmission } from '../../src/flow/model-admission.ts';
import type { AdmissionSettings } from '../../src/flow/model-admission.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';
import { SimulatedBuckets } from '../support/simulated-buckets.ts';
import { ticketOf } from './simulated-provider.ts';

const free: AdmissionSettings = {
  maxConcurrentModelCalls: 2000,
  agentRateLimitPerMinute: 0,
  agentRateLimitBurst: 0,
  modelRequestsPerMinute: 0,
  modelTokensPerMinute: 0,
};

interface Left {
  readonly name: string;
  readonly process: number;
  readonly atMs: number;
  readonly permit: Permit;
}

/** Processes of a fleet, each with an admission of its own, and one Redis. Calls end when they are told to, or as soon as they left. */
function open(settings: Partial<AdmissionSettings> = {}, count = 2, endAtOnce = false) {
  const clock = new TestClock();
  const beganAt = clock.now();
  const shared = new SimulatedBuckets(clock);
  const views = Array.from({ length: count }, () => shared.view());
  const admissions = views.map((view) => new ModelAdmission({ ...free, ...settings }, clock, view));
  const refusals = () => views.reduce((sum, view) => sum + view.statistics().refused, 0);
  const left: Left[] = [];
  let cancelled = 0;
  const ask = (process: number, name: string, fields: Partial<CallTicket> = {}) => {
    const controller = new AbortController();
    admissions[process]?.admit(ticketOf(fields.memberId ?? 'member', clock.now(), fields), controller.signal).then(
      (permit) => {
        left.push({ name, process, atMs: clock.now() - beganAt, permit });
        if (endAtOnce) permit.end({ kind: 'other' });
      },
      () => (cancelled += 1),
    );
    return { cancel: () => controller.abort(new Error(`${name} was cancelled`)) };
  };
  const names = () => left.map(({ name }) => name);
  const end = (name: string, outcome: CallOutcome) => left.find((one) => one.name === name)?.permit.end(outcome);
  const waiting = () => admissions.reduce((sum, admission) => sum + admission.statistics().waiting, 0);
  return { clock, shared, admissions, left, names, ask, end, waiting, refusals, cancelled: () => cancelled };
}

describe('the tokens of a member', () => {
  it('are the fleet’s: five a minute and two more at first, whichever processes its calls are in', async () => {
    const { clock, left, ask, waiting, refusals } = open({ agentRateLimitPerMinute: 5, agentRateLimitBurst: 2 }, 3);
    for (let n = 0; n < 12; n += 1) ask(n % 3, `call-${n}`);
    await settle();
    expect(left).toHaveLength(7);
    expect(waiting()).toBe(5);
    await clock.advance(11_000);
    expect(left).toHaveLength(7);
    await clock.advance(1_100);
    expect(left).toHaveLength(8);
    await clock.advance(50_000);
    expect(left).toHaveLength(12);
    expect(clock.timers).toBe(0);
    // All try for each token at most, and each of those that began at once.
    expect(refusals()).toBeLessThanOrEqual(3 * 12);
  });

  it('are asked for again when there is one, as others said that were refused', async () => {
    const { clock, left, ask, refusals } = open({ agentRateLimitPerMinute: 5, agentRateLimitBurst: 2 });
    for (let n = 0; n < 7; n += 1) ask(0, `call-${n}`);
    await settle();
    ask(1, 'of another process');
    await clock.advance(11_999);
    expect([left.length, refusals()]).toEqual([7, 1]);
    await clock.advance(1);
    expect([left.length, refusals()]).toEqual([8, 1]);
  });

  it('hold no other member back, and a call that a provider turned away needs no second one', async () => {
    const { ask, names } = open({ agentRateLimitPerMinute: 1 });
    ask(0, 'first');
    await settle();
    ask(1, 'held');
    ask(1, 'other', { memberId: 'other' });
    ask(1, 'again', { isReturning: true });
    await settle();
    expect(names().toSorted()).toEqual(['again', 'first', 'other']);
  });
});

describe('what was configured for a provider', () => {
  it.each([2, 5])('is kept to by %d processes together, and used', async (count) => {
    const { clock, left, ask, shared, refusals } = open({ modelRequestsPerMinute: 600 }, count, true);
    shared.latencyMs = 3;
    for (let n = 0; n < 2_000; n += 1) ask(n % count, `call-${n}`, { memberId: `member-${n}` });
    await clock.advance(120_000);
    for (const startMs of [0, 7_500, 30_000, 55_000]) {
      const within = left.filter(({ atMs }) => atMs >= startMs && atMs < startMs + 60_000).length;
      expect(within).toBeLessThanOrEqual(600);
      expect(within).toBeGreaterThanOrEqual(0.9 * 600);
    }
    for (let process = 0; process < count; process += 1)
      expect(left.filter((one) => one.process === process).length).toBeGreaterThan(0);
    // Nobody asks again before there can be something.
    expect(refusals()).toBeLessThanOrEqual(count * left.length);
  });

  it('counts tokens as they turn out in the end', async () => {
    const { clock, ask, end, left, names } = open({ modelTokensPerMinute: 60_000 });
    // A twentieth at once is 3,000 tokens; a first call is taken for 600.
    for (const n of [0, 1, 2, 3, 4, 5]) ask(n % 2, `call-${n}`);
    await settle();
    expect(left).toHaveLength(5);
    for (const name of names()) end(name, { kind: 'completed', firstTokenMs: 10, tokens: 100 });
    await clock.advance(100);
    expect(left).toHaveLength(6);
    // 2,500 came back, and it is taken for less now: others of both processes leave at once.
    for (const n of [6, 7, 8, 9]) ask(n % 2, `call-${n}`);
    await settle();
    expect(left).toHaveLength(10);
  });

  it('lets the highest priority go first in each process, also among those that were held back before', async () => {
    const { clock, ask, names } = open({ modelRequestsPerMinute: 60 });
    for (const n of [0, 1, 2, 3]) ask(n % 2, `early-${n}`);
    await settle();
    ask(0, 'low', { priority: -1 });
    ask(0, 'high', { priority: 1 });
    await clock.advance(8_000);
    const mine = names().filter((name) => name === 'low' || name === 'high');
    expect(mine).toEqual(['high', 'low']);
  });

  it('is put back by who asked, was let go, and was cancelled before the answer came', async () => {
    const { clock, ask, names, shared, cancelled } = open({ modelRequestsPerMinute: 20, agentRateLimitPerMinute: 1 });
    shared.latencyMs = 50;
    const { cancel } = ask(0, 'cancelled');
    cancel();
    await clock.advance(100);
    expect(cancelled()).toBe(1);
    ask(1, 'next');
    await clock.advance(100);
    expect(names()).toEqual(['next']);
  });

  it('is put back by who left and was not sent', async () => {
    const { clock, ask, end, names } = open({ modelRequestsPerMinute: 20, agentRateLimitPerMinute: 1 });
    ask(0, 'unsent');
    await settle();
    end('unsent', { kind: 'unsent' });
    await settle();
    ask(1, 'next');
    await clock.advance(1);
    expect(names()).toEqual(['unsent', 'next']);
  });

  it('is each process’ own while nobody can be asked', async () => {
    const { clock, ask, left, shared } = open({ modelRequestsPerMinute: 60 }, 2, true);
    shared.isAway = true;
    for (let n = 0; n < 400; n += 1) ask(n % 2, `call-${n}`);
    await clock.advance(60_000);
    expect(left.length).toBeGreaterThan(110);
    expect(left.length).toBeLessThanOrEqual(120);
    shared.isAway = false;
    const before = left.length;
    await clock.advance(60_000);
    expect(left.length - before).toBeLessThanOrEqual(60);
    expect(left.length - before).toBeGreaterThan(54);
  });
});

it('has all processes wait as long as a provider asks for whose rate is used up', async () => {
  const { clock, ask, end, left, names } = open();
  ask(0, 'turned away');
  await settle();
  const used = { limit: 10, remaining: 0, fullInMs: 20_000 };
  left[0]?.permit.told({ requests: used, tokens: null });
  end('turned away', { kind: 'refused', retryAfterMs: 20_000 });
  ask(1, 'of another process');
  await clock.advance(19_000);
  expect(names()).toEqual(['turned away']);
  await clock.advance(1_100);
  expect(names()).toEqual(['turned away', 'of another process']);
});

it('loses no call, and lets none go twice, whatever comes in between', async () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), process: fc.nat(2), member: fc.nat(2), priority: fc.nat(2) }),
    fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(100) }),
    fc.record({ kind: fc.constant('end' as const), which: fc.nat(100), isSent: fc.boolean() }),
    fc.record({ kind: fc.constant('away' as const), isAway: fc.boolean() }),
    fc.record({ kind: fc.constant('time' as const), ms: fc.nat(5_000) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.nat(30), async (events, latencyMs) => {
      const settings = { modelRequestsPerMinute: 120, modelTokensPerMinute: 200_000, agentRateLimitPerMinute: 30 };
      const { clock, shared, admissions, left, names, ask, waiting, cancelled } = open(settings, 3);
      shared.latencyMs = latencyMs;
      const asked: ReturnType<typeof ask>[] = [];
      for (const one of events) {
        if (one.kind === 'ask')
          asked.push(
            ask(one.process, `call-${asked.length}`, { memberId: `member-${one.member}`, priority: one.priority }),
          );
        else if (one.kind === 'cancel') asked[one.which]?.cancel();
        else if (one.kind === 'end')
          left[one.which]?.permit.end(
            one.isSent ? { kind: 'completed', firstTokenMs: 1, tokens: 900 } : { kind: 'unsent' },
          );
        else if (one.kind === 'away') shared.isAway = one.isAway;
        else await clock.advance(one.ms);
      }
      for (let round = 0; round < 40 && left.length + cancelled() < asked.length; round += 1)
        await clock.advance(15_000);
      for (const { permit } of left) permit.end({ kind: 'other' });
      await settle();
      expect(left.length + cancelled()).toBe(asked.length);
      expect(new Set(names()).size).toBe(left.length);
      expect(waiting()).toBe(0);
      for (const admission of admissions) {
        expect(admission.statistics().taken).toBe(0);
        for (const { inFlight } of admission.statistics().providers) expect(inFlight).toBe(0);
      }
    }),
    { numRuns: 80 },
  );
});
