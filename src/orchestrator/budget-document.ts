import type { Budget } from '../work/budget.ts';

/** A budget as interfaces show it; times are ISO 8601. */
export function budgetDocument({ spent, reserved, raised, periodStart, periodEnd, updatedAt, ...budget }: Budget) {
  return {
    ...budget,
    spentMicroUsd: spent.microUsd,
    spentTokens: spent.tokens,
    reservedMicroUsd: reserved.microUsd,
    reservedTokens: reserved.tokens,
    raisedMicroUsd: raised.microUsd,
    raisedTokens: raised.tokens,
    periodStart: periodStart === null ? null : new Date(periodStart).toISOString(),
    periodEnd: periodEnd === null ? null : new Date(periodEnd).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}
