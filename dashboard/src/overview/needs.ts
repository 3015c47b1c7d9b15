import type { BudgetDocument } from '../../../src/client.ts';

/** From here on a budget is told of before it is used up. */
const nearShare = 0.8;

/** How much of a budget is used, the fuller of its two limits: 1 is all of it. */
export function usedShare(budget: BudgetDocument): number {
  const { limitMicroUsd, limitTokens } = budget;
  return Math.max(
    limitMicroUsd === null
      ? 0
      : partOf(budget.spentMicroUsd + budget.reservedMicroUsd, limitMicroUsd + budget.raisedMicroUsd),
    limitTokens === null ? 0 : partOf(budget.spentTokens + budget.reservedTokens, limitTokens + budget.raisedTokens),
  );
}

function partOf(used: number, ceiling: number): number {
  return ceiling === 0 ? 1 : used / ceiling;
}

/** Those that are used up or soon will be, the fullest first. */
export function fullBudgets(budgets: readonly BudgetDocument[]): readonly BudgetDocument[] {
  return budgets.filter((budget) => usedShare(budget) >= nearShare).toSorted((a, b) => usedShare(b) - usedShare(a));
}

/** Whether a person is asked about a call that was in flight during a crash: it may have taken effect, or not. */
export function isInDoubt(stepKey: string): boolean {
  return /\/in-doubt-\d+$/.test(stepKey);
}
