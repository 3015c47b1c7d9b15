import type { BudgetDocument, BudgetLimits } from '../../../src/client.ts';

/** What becomes of a ceiling in its present period, in micro-dollars or in tokens. */
export interface Room {
  readonly ceiling: number;
  /** By how much people raised it for this period; part of the ceiling. */
  readonly raised: number;
  readonly spent: number;
  /** What calls in flight may take at most. */
  readonly reserved: number;
  readonly left: number;
}

/** Money and tokens of a budget; null for what it does not limit. */
export function roomOf(budget: BudgetDocument): { readonly money: Room | null; readonly tokens: Room | null } {
  const { limitMicroUsd, limitTokens } = budget;
  return {
    money: room(limitMicroUsd, budget.raisedMicroUsd, budget.spentMicroUsd, budget.reservedMicroUsd),
    tokens: room(limitTokens, budget.raisedTokens, budget.spentTokens, budget.reservedTokens),
  };
}

function room(limit: number | null, raised: number, spent: number, reserved: number): Room | null {
  if (limit === null) return null;
  const ceiling = limit + raised;
  return { ceiling, raised, spent, reserved, left: Math.max(0, ceiling - spent - reserved) };
}

/** What was typed as a budget. Empty: that is not limited. */
export interface BudgetDraft {
  readonly usd: string;
  readonly tokens: string;
  readonly onExceeded: 'ask' | 'fail';
}

export const emptyBudget: BudgetDraft = { usd: '', tokens: '', onExceeded: 'fail' };

/** A budget there is, as it would be typed. */
export function draftOfBudget({ limitMicroUsd, limitTokens, onExceeded }: BudgetDocument): BudgetDraft {
  return {
    usd: limitMicroUsd === null ? '' : String(limitMicroUsd / 1_000_000),
    tokens: limitTokens === null ? '' : String(limitTokens),
    onExceeded,
  };
}

/** What the API takes: dollars become whole micro-dollars. Null while neither is limited. */
export function limitsOf({ usd, tokens, onExceeded }: BudgetDraft): BudgetLimits | null {
  const [hasUsd, hasTokens] = [usd.trim() !== '', tokens.trim() !== ''];
  if (!hasUsd && !hasTokens) return null;
  return {
    ...(hasUsd ? { limitMicroUsd: Math.round(Number(usd) * 1_000_000) } : {}),
    ...(hasTokens ? { limitTokens: Number(tokens) } : {}),
    onExceeded,
  };
}
