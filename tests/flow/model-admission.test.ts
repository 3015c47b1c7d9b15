import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallOutcome, CallTicket, Permit } from '../../src/flow/admission.ts';
import { ModelAdmission } from '../../src/flow/model-admission.ts';
import type { AdmissionSettings } from '../../src/flow/model-admission.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';
import { ticketOf } from './simulated-provider.ts';

const free: AdmissionSettings = {
  maxConcurrentModelCalls: 2000,
  agentRateLimitPerMinute: 0,
  agentRateLimitBurst: 0,
  modelRequestsPerMinute: 0,
  modelTokensPerMinute: 0,
};

function open(settings: Partial<AdmissionSettings> = {}) {
  const clock = new TestClock();
  const admission = new ModelAdmission({ ...free, ...settings }, clock, null);
  const left: string[] = [];
  const permits: Permit[] = [];
  /** Asks for a call, and notes when it leaves. */
  const ask = (name: string, fields: Partial<CallTicket> = {}) => {
    const controller = new AbortController();
    const over = admission
      .admit(ticketOf(fields.memberId ?? 'member', clock.now(), fields), controller.signal)
      .then((permit) => {
        left.push(name);
        permits.push(permit);
      });
    over.catch(() => {});
    return { over, cancel: () => controller.abort(new Error(`${name} was cancelled`)) };
  };
  /** Lets the calls in flight end, the oldest first. */
  const end = async (count = 1, outcome: CallOutcome = { kind: 'other' }) => {
    for (let n = 0; n < count; n += 1) permits.shift()?.end(outcome);
    await settle();
  };
  return { clock, admission, left, ask, end };
}

describe('the tokens of a member', () => {
  it('are five a minute and two more at first: seven at once, then one every twelve seconds', async () => {
    const { clock, left, ask, admission } = open({ agentRateLimitPerMinute: 5, agentRateLimitBurst: 2 });
    for (let n = 0; n < 10; n += 1) ask(`call-${n}`);
    await settle();
    expect(left).toHaveLength(7);
    expect(admission.statistics()).toMatchObject({ waiting: 3, waitingForMember: 3, taken: 7 });
    await clock.advance(11_999);
    expect(left).toHaveLength(7);
    await clock.advance(1);
    expect(left).toHaveLength(8);
    await clock.advance(24_000);
    expect(left).toEqual(Array.from({ length: 10 }, (_, n) => `call-${n}`));
    expect(clock.timers).toBe(0);
  });

  it('are each member’s own, and go to the highest priority first', async () => {
    const { clock, left, ask } = open({ agentRateLimitPerMinute: 1, agentRateLimitBurst: 0 });
    ask('first');
    ask('low', { priority: -5 });
    ask('high', { priority: 5 });
    ask('other', { memberId: 'other' });
    await settle();
    expect(left).toEqual(['first', 'other']);
    await clock.advance(120_000);
    expect(left).toEqual(['first', 'other', 'high', 'low']);
  });

  it('are given back by who did not leave in the end', async () => {
    const { left, ask, end } = open({ agentRateLimitPerMinute: 2, agentRateLimitBurst: 0 });
    for (const name of ['one', 'two', 'three', 'four']) ask(name);
    await settle();
    expect(left).toEqual(['one', 'two']);
    await end(1, { kind: 'unsent' });
    expect(left).toEqual(['one', 'two', 'three']);
    await end(1);
    expect(left).toHaveLength(3);
  });

  it('are not taken by who is cancelled, nor twice by who was turned away', async () => {
    const { left, ask, admission, clock } = open({
      agentRateLimitPerMinute: 2,
      agentRateLimitBurst: 0,
      maxConcurrentModelCalls: 1,
    });
    ask('first');
    const second = ask('second');
    const third = ask('third');
    await settle();
    second.cancel();
    await expect(second.over).rejects.toThrow('second was cancelled');
    ask('returning', { isReturning: true, askedAt: 0 });
    expect(admission.statistics()).toMatchObject({ waiting: 2, waitingForMember: 0 });
    third.cancel();
    await settle();
    expect(left).toEqual(['first']);
    expect(admission.statistics()).toMatchObject({ waiting: 1, taken: 1 });
    expect(clock.timers).toBe(0);
  });
});

describe('turns', () => {
  it('go round the tenants, within one by priority and then by age', async () => {
    const { left, ask, end } = open({ maxConcurrentModelCalls: 2 });
    for (let n = 0; n < 100; n += 1) ask(`a-${n}`, { tenant: 'a', priority: n === 50 ? 9 : 0 });
    await settle();
    ask('b', { tenant: 'b' });
    for (let n = 0; n < 3; n += 1) await end();
    expect(left.slice(0, 2)).toEqual(['a-0', 'a-1']);
    expect(left.slice(2)).toContain('b');
    expect(left.slice(2)).toContain('a-50');
  });

  it('are not used up by calls that were cancelled', async () => {
    const { left, ask, end } = open({ maxConcurrentModelCalls: 1 });
    ask('running', { tenant: 'c' });
    const gone = Array.from({ length: 50 }, (_, n) => ask(`gone-${n}`, { tenant: 'a' }));
    ask('a', { tenant: 'a' });
    for (let n = 0; n < 10; n += 1) ask(`b-${n}`, { tenant: 'b' });
    await settle();
    for (const call of gone) call.cancel();
    await end(2);
    expect(left).toContain('a');
  });

  it('go round the models where only so many calls may be in flight at all', async () => {
    const { left, ask, end } = open({ maxConcurrentModelCalls: 1 });
    for (let n = 0; n < 20; n += 1) ask(`x-${n}`, { model: 'x' });
    ask('y', { model: 'y' });
    await settle();
    await end(1);
    await end(1);
    expect(left).toContain('y');
  });

  it('come to everybody, never more in flight than may be, and nothing is left behind', async () => {
    const call = fc.record({
      tenant: fc.constantFrom('a', 'b', 'c'),
      model: fc.constantFrom('x', 'y'),
      memberId: fc.constantFrom('m', 'n'),
      priority: fc.integer({ min: -2, max: 2 }),
      isCancelled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (calls, places) => {
        const { clock, admission, left, ask, end } = open({
          maxConcurrentModelCalls: places,
          agentRateLimitPerMinute: 10,
          agentRateLimitBurst: 0,
        });
        const asked = calls.map(({ isCancelled, ...fields }, n) => ({ isCancelled, ...ask(`${n}`, fields) }));
        await settle();
        for (const one of asked) if (one.isCancelled) one.cancel();
        for (let turn = 0; turn < 60 && admission.statistics().waiting + admission.statistics().taken > 0; turn += 1) {
          expect(admission.statistics().taken).toBeLessThanOrEqual(places);
          await end(places);
          await clock.advance(6_000);
        }
        expect(admission.statistics()).toMatchObject({ taken: 0, waiting: 0 });
        const stayed = asked.filter(({ isCancelled }) => !isCancelled).length;
        expect(left.length).toBeGreaterThanOrEqual(stayed);
        expect(clock.timers).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

describe('rates', () => {
  it('that are configured are kept to in every minute, and used', async () => {
    const { clock, left, ask, end } = open({ modelRequestsPerMinute: 60 });
    for (let n = 0; n < 200; n += 1) ask(`${n}`);
    const counts: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      await clock.advance(1_000);
      await end(200);
      counts.push(left.length);
    }
    const inMinute = counts.map((count, at) => count - (at < 60 ? 0 : (counts[at - 60] ?? 0)));
    expect(Math.max(...inMinute)).toBeLessThanOrEqual(60);
    expect(counts.at(-1)).toBeGreaterThanOrEqual(0.9 * 120);
  });

  it('hold back a call whose tokens are not there, however many requests are', async () => {
    const { clock, left, ask, end } = open({ modelTokensPerMinute: 60_000 });
    for (let n = 0; n < 10; n += 1) ask(`${n}`, { inputTokens: 2_500 });
    await settle();
    expect(left).toHaveLength(1);
    await clock.advance(10_000);
    await end(10);
    expect(left.length).toBeGreaterThanOrEqual(3);
    expect(left.length).toBeLessThanOrEqual(5);
  });

  it('that a refusal tells of hold all calls of that model back for as long as it says, and no other’s', async () => {
    const { clock, admission, left, ask } = open();
    const permit = await admission.admit(ticketOf('member', clock.now()), new AbortController().signal);
    permit.told({ requests: { limit: 60, remaining: 0, fullInMs: 60_000 }, tokens: null });
    permit.end({ kind: 'refused', retryAfterMs: 7_000 });
    ask('held');
    ask('free', { model: 'other' });
    await clock.advance(6_999);
    expect(left).toEqual(['free']);
    expect(admission.statistics().providers).toMatchObject([
      { heldMs: 1, limit: 50, inFlight: 0, waiting: 1, requestsLeft: expect.closeTo(6.999, 6), tokensLeft: null },
      { heldMs: 0, inFlight: 1, waiting: 0, requestsLeft: null },
    ]);
    await clock.advance(1);
    expect(left).toEqual(['free', 'held']);
  });
});

describe('what is learnt and what is configured', () => {
  it('counts for one model of one provider', async () => {
    const { clock, admission } = open({ modelRequestsPerMinute: 600 });
    const fields = [{}, { model: 'other' }, { provider: 'another' }];
    for (const each of fields) {
      const permit = await admission.admit(ticketOf('member', clock.now(), each), new AbortController().signal);
      permit.end({ kind: each === fields[0] ? 'overloaded' : 'other' });
      await admission.admit(ticketOf('member', clock.now(), each), new AbortController().signal);
    }
    // Thirty requests may be made at once, of each model.
    expect(admission.statistics().providers).toMatchObject([
      { provider: 'openai', model: 'gpt', limit: 35, inFlight: 1, requestsLeft: 28 },
      { provider: 'openai', model: 'other', limit: 50, inFlight: 1, requestsLeft: 28 },
      { provider: 'another', model: 'gpt', limit: 50, inFlight: 1, requestsLeft: 28 },
    ]);
  });
});
