import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  correct,
  firstRateBudget,
  learn,
  leftAt,
  pause,
  scarcestLeft,
  spend,
  unspend,
  waitMs,
} from '../../src/flow/rate-budget.ts';
import type { RateBudget, ToldAllowance } from '../../src/flow/rate-budget.ts';

const none = { requestsPerMinute: null, tokensPerMinute: null };
const start = 1_000_000;
const told = (budget: RateBudget, requests: ToldAllowance, now: number, since = 0, startedAt = now): RateBudget =>
  learn(
    budget,
    { requests, tokens: null },
    { startedAt, since: { requests: since, tokens: 0 } },
    now,
    firstRateBudget(none, start),
  );

describe('what may be asked in a minute', () => {
  it('is everything while nothing is known', () => {
    expect(waitMs(firstRateBudget(none, start), 1e9, start)).toBe(0);
  });

  it.each([5, 60, 6_000])(
    'when %d requests are configured, is never more in any minute, and nearly all',
    (perMinute) => {
      let budget = firstRateBudget({ requestsPerMinute: perMinute, tokensPerMinute: null }, start);
      const leftTimes: number[] = [];
      for (let now = start; now < start + 180_000;) {
        const wait = waitMs(budget, 0, now);
        if (wait > 0) now += wait;
        else {
          leftTimes.push(now);
          budget = spend(budget, 0, now);
        }
      }
      for (const [place, at] of leftTimes.entries()) {
        const inMinute = leftTimes.slice(place).filter((other) => other < at + 60_000).length;
        expect(inMinute).toBeLessThanOrEqual(perMinute + 1);
      }
      expect(leftTimes.length).toBeGreaterThanOrEqual(Math.floor(0.9 * 3 * perMinute));
    },
  );

  it('counts what a call took more or less than was thought', () => {
    const budget = spend(firstRateBudget({ requestsPerMinute: null, tokensPerMinute: 60_000 }, start), 3_000, start);
    const wait = waitMs(budget, 1_000, start);
    expect(waitMs(correct(budget, 500, start), 1_000, start)).toBeGreaterThan(wait);
    expect(waitMs(correct(budget, -3_000, start), 1_000, start)).toBe(0);
  });

  it('lets a call go that needs more than there ever is, once all of it is there', () => {
    const budget = firstRateBudget({ requestsPerMinute: null, tokensPerMinute: 1_000 }, start);
    expect(waitMs(budget, 1_000_000, start)).toBe(0);
    expect(waitMs(spend(budget, 1, start), 1_000_000, start)).toBeGreaterThan(0);
  });

  it('is nothing during a pause, which another one does not shorten', () => {
    const budget = pause(pause(firstRateBudget(none, start), 5_000, start), 1_000, start);
    expect(waitMs(budget, 0, start)).toBe(5_000);
    expect(waitMs(budget, 0, start + 5_000)).toBe(0);
  });
});

describe('what a provider tells', () => {
  it('counts, less what left since the call that it was told to', () => {
    const budget = told(firstRateBudget(none, start), { limit: 600, remaining: 100, fullInMs: 50_000 }, start, 30);
    expect(leftAt(budget.requests[0] as never, start)).toBe(70);
    expect(leftAt(budget.requests[0] as never, start + 1_000)).toBe(80);
  });

  it('does not count when a later call has told already', () => {
    const newer = told(firstRateBudget(none, start), { limit: 600, remaining: 50, fullInMs: 55_000 }, start);
    expect(told(newer, { limit: 600, remaining: 500, fullInMs: 10_000 }, start + 10, 0, start - 1)).toBe(newer);
  });

  it('is a day’s worth where all of it takes a day to come back', () => {
    const perDay = { limit: 14_400, remaining: 13_000, fullInMs: 1_400 * 6_000 };
    const budget = told(firstRateBudget(none, start), perDay, start);
    expect(budget.requests[0]?.perMs).toBeCloseTo(1 / 6_000, 9);
  });

  it.each([
    ['moves on with every call: it comes in evenly', (gone: number) => gone * 600, null],
    ['stands still: it comes back at once', () => 30_000, 30_000],
  ])('of when all is back, %s', (_, fullIn, backInMs) => {
    let budget = firstRateBudget(none, start);
    for (const gone of [10, 20, 40, 99]) {
      budget = told(budget, { limit: 100, remaining: 100 - gone, fullInMs: fullIn(gone) }, start + gone / 100);
    }
    const backAt = budget.requests[0]?.backAt ?? null;
    expect(backAt === null ? null : Math.round(backAt - start - 1)).toBe(backInMs);
    budget = spend(spend(budget, 0, start + 1), 0, start + 1);
    const wait = waitMs(budget, 0, start + 1);
    const [least, most] = backInMs === null ? [0, 2_000] : [29_990, 30_000];
    expect(wait >= least && wait <= most).toBe(true);
    expect(waitMs(budget, 0, start + 1 + wait)).toBe(0);
  });

  it('never makes it wait for ever, whatever it is', () => {
    const any = fc.record({
      limit: fc.integer({ min: 0, max: 1e6 }),
      remaining: fc.integer({ min: 0, max: 1e6 }),
      fullInMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), (answers) => {
        let [budget, now] = [firstRateBudget(none, start), start];
        for (const answer of answers) budget = spend(told(budget, answer, (now += 50)), 0, now);
        for (let round = 0; round < 20 && waitMs(budget, 0, now) > 0; round += 1) now += waitMs(budget, 0, now);
        expect(waitMs(budget, 0, now)).toBe(0);
      }),
    );
  });
});

it('has back what was taken for a call that did not leave', () => {
  const budget = firstRateBudget({ requestsPerMinute: 60, tokensPerMinute: 60_000 }, start);
  const left = ({ requests, tokens }: typeof budget) => [scarcestLeft(requests, start), scarcestLeft(tokens, start)];
  const spent = spend(budget, 600, start);
  expect(left(spent)).not.toEqual(left(budget));
  expect(left(unspend(spent, 600, start))).toEqual(left(budget));
});
