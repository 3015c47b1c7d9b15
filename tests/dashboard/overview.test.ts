import { describe, expect, it } from 'vitest';
import { coursesOf } from '../../dashboard/src/overview/courses.ts';
import { fullBudgets, isInDoubt, usedShare } from '../../dashboard/src/overview/needs.ts';
import type { BudgetDocument } from '../../src/client.ts';

const minute = {
  at: '2026-01-01T12:00:00.000Z',
  submitted: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  durationMs: null,
  modelCalls: 0,
  steps: 0,
  costMicroUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
};

const budget: BudgetDocument = {
  scope: 'tenant',
  id: 'local',
  period: 'day',
  limitMicroUsd: 1_000,
  limitTokens: null,
  onExceeded: 'fail',
  spentMicroUsd: 0,
  spentTokens: 0,
  reservedMicroUsd: 0,
  reservedTokens: 0,
  raisedMicroUsd: 0,
  raisedTokens: 0,
  periodStart: null,
  periodEnd: null,
  updatedAt: '2026-01-01T12:00:00.000Z',
};

describe('what the charts draw', () => {
  it('has a value for each minute, and none where nothing ended', () => {
    const { times, completed, p95, success, costPerHour } = coursesOf({
      bucketMinutes: 1,
      minutes: [
        minute,
        { ...minute, completed: 3, failed: 1, durationMs: { p50: 1, p95: 2, p99: 3 }, costMicroUsd: 50 },
      ],
    });
    expect(times).toEqual([Date.UTC(2026, 0, 1, 12), Date.UTC(2026, 0, 1, 12)]);
    expect([completed, p95, success, costPerHour]).toEqual([
      [0, 3],
      [null, 2],
      [null, 0.75],
      [0, 3_000],
    ]);
  });

  it('tells wider buckets as rates', () => {
    const wide = { ...minute, completed: 30, costMicroUsd: 700 };
    const { completed, costPerHour } = coursesOf({ bucketMinutes: 7, minutes: [wide] });
    expect(completed[0]).toBeCloseTo(30 / 7);
    expect(costPerHour[0]).toBe(6_000);
  });
});

describe('budgets that need a person', () => {
  it('are those of which four fifths are spent or reserved, by the fuller limit, the fullest first', () => {
    const cases = [
      { spentMicroUsd: 790 },
      { spentMicroUsd: 500, reservedMicroUsd: 300 },
      { spentMicroUsd: 900, raisedMicroUsd: 500 },
      { limitMicroUsd: null, limitTokens: 10, spentTokens: 12 },
      { limitTokens: 10, spentMicroUsd: 100, spentTokens: 9 },
      { limitMicroUsd: 0 },
    ].map((fields) => ({ ...budget, ...fields }));
    expect(cases.map(usedShare)).toEqual([0.79, 0.8, 0.6, 1.2, 0.9, 1]);
    expect(fullBudgets(cases).map(usedShare)).toEqual([1.2, 1, 0.9, 0.8]);
  });
});

it('tells a question about a call in doubt by its step', () => {
  expect(isInDoubt('member/model/1/in-doubt-1')).toBe(true);
  expect(isInDoubt('release/in-doubt-today')).toBe(false);
});
