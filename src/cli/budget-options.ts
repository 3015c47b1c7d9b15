import { budgetReactions } from '../work/budget.ts';
import type { BudgetOptions } from '../work/budget.ts';
import { SquadraError } from '../kernel/errors.ts';
import { parseDollars } from './money-argument.ts';
import { parseWholeNumber } from './number-argument.ts';

/** A budget as it is typed: dollars, tokens, and what happens at the ceiling. */
export interface TypedBudget {
  readonly budget?: string;
  readonly tokenBudget?: string;
  readonly onExceeded?: string;
}

/** Null where nothing of it was typed. Throws `INVALID_INPUT`. */
export function readBudget({ budget, tokenBudget, onExceeded }: TypedBudget): BudgetOptions | null {
  if (budget === undefined && tokenBudget === undefined) {
    if (onExceeded === undefined) return null;
    throw new SquadraError(
      'INVALID_INPUT',
      '--on-exceeded says what happens at a ceiling; give one with --budget or --token-budget.',
    );
  }
  const reaction = budgetReactions.find((one) => one === onExceeded);
  if (onExceeded !== undefined && reaction === undefined)
    throw new SquadraError('INVALID_INPUT', `--on-exceeded is '${onExceeded}'; use ${budgetReactions.join(' or ')}.`);
  return {
    ...(budget === undefined ? {} : { limitMicroUsd: parseDollars(budget, '--budget') }),
    ...(tokenBudget === undefined ? {} : { limitTokens: parseWholeNumber(tokenBudget, '--token-budget') }),
    ...(reaction === undefined ? {} : { onExceeded: reaction }),
  };
}
