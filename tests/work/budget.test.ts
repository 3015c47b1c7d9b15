import { describe, expect, it } from 'vitest';
import { excess, isNearlySpent, periodBounds, periodName, raiseFor, readBudgetLimits } from '../../src/work/budget.ts';
import type { BudgetOptions } from '../../src/work/budget.ts';

const zero = { microUsd: 0, tokens: 0 };
const account = {
  limitMicroUsd: 100,
  limitTokens: null,
  onExceeded: 'fail',
  spent: zero,
  reserved: zero,
  raised: zero,
} as const;
const money = (microUsd: number) => ({ microUsd, tokens: 0 });

describe('a period', () => {
  it.each([
    ['day', '2026-11-30T23:59:59.999Z', '2026-11-30', '2026-11-30', '2026-12-01'],
    ['month', '2026-11-30T23:59:59.999Z', '2026-11', '2026-11-01', '2026-12-01'],
    ['day', '2026-12-31T00:00:00.000Z', '2026-12-31', '2026-12-31', '2027-01-01'],
    ['month', '2026-12-31T00:00:00.000Z', '2026-12', '2026-12-01', '2027-01-01'],
    ['day', '2028-02-29T12:00:00.000Z', '2028-02-29', '2028-02-29', '2028-03-01'],
  ] as const)('by %s of %s is %s, from %s to %s, in UTC', (period, at, name, from, to) => {
    const time = Date.parse(at);
    expect(periodName(period, time)).toBe(name);
    expect(periodBounds(period, time)).toEqual({ start: Date.parse(from), end: Date.parse(to) });
  });

  it('in total has no bounds and no name', () => {
    expect([periodName('total', 0), periodBounds('total', 0)]).toEqual(['', null]);
  });
});

describe('a ceiling', () => {
  it('is reached, not passed, by what fits exactly', () => {
    expect(excess(account, money(100))).toBeNull();
    expect(excess(account, money(101))).toEqual(money(1));
    expect(excess({ ...account, spent: money(60), reserved: money(30) }, money(20))).toEqual(money(10));
    expect(excess({ ...account, spent: money(60), reserved: money(30), raised: money(10) }, money(20))).toBeNull();
  });

  it('of tokens counts tokens alone, and both count where both are limited', () => {
    const both = { ...account, limitTokens: 10 };
    expect(excess({ ...both, limitMicroUsd: null }, { microUsd: 1e9, tokens: 10 })).toBeNull();
    expect(excess(both, { microUsd: 105, tokens: 12 })).toEqual({ microUsd: 5, tokens: 2 });
  });

  it('is raised by a quarter of the limit, or by what is needed', () => {
    expect(raiseFor(account, money(1))).toEqual(money(25));
    expect(raiseFor(account, money(40))).toEqual(money(40));
    expect(raiseFor({ ...account, limitTokens: 10 }, { microUsd: 0, tokens: 1 })).toEqual({ microUsd: 0, tokens: 3 });
  });

  it('is nearly reached from four fifths on', () => {
    expect(isNearlySpent({ ...account, spent: money(79) })).toBe(false);
    expect(isNearlySpent({ ...account, spent: money(80) })).toBe(true);
    expect(isNearlySpent({ ...account, spent: money(80), raised: money(25) })).toBe(false);
    expect(isNearlySpent({ ...account, limitMicroUsd: 0 })).toBe(false);
    expect(isNearlySpent({ ...account, limitMicroUsd: null, limitTokens: 5, spent: { microUsd: 0, tokens: 4 } })).toBe(
      true,
    );
  });
});

describe('what is given as a budget', () => {
  it('fails at its ceiling where nothing is said', () => {
    expect(readBudgetLimits({ limitTokens: 0 })).toEqual({
      limits: { limitMicroUsd: null, limitTokens: 0, onExceeded: 'fail' },
      problems: [],
    });
  });

  it.each([
    [{}, /limitMicroUsd/],
    [{ limitMicroUsd: 0.5 }, /whole number/],
    [{ limitTokens: -1 }, /whole number/],
    [{ limitTokens: Number.POSITIVE_INFINITY }, /whole number/],
    [{ limitTokens: 1, onExceeded: 'warn' }, /ask or fail/],
    [{ limitTokens: 1, dollars: 5 }, /no field/],
  ])('%j is refused', (given, why) => {
    expect(readBudgetLimits(given as BudgetOptions).problems.join()).toMatch(why);
  });
});
