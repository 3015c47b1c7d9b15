import type { Amount, Budget, BudgetKey } from '../../work/budget.ts';
import { formatCount, formatMoney } from './figures.ts';
import { safeLine } from './safe-text.ts';

/** A figure of what is limited: money, tokens or both. */
export function ofLimits(
  { limitMicroUsd, limitTokens }: Pick<Budget, 'limitMicroUsd' | 'limitTokens'>,
  figure: (kind: keyof Amount, limit: number) => number,
): string {
  const money = limitMicroUsd === null ? [] : [formatMoney(figure('microUsd', limitMicroUsd))];
  const tokens = limitTokens === null ? [] : [`${formatCount(figure('tokens', limitTokens))} tokens`];
  return [...money, ...tokens].join(', ');
}

/** `$4.50 of $5.00`: what is spent and held, of the limit and what people raised it by. */
export function fillingText(budget: Budget): string {
  const used = ofLimits(budget, (kind) => budget.spent[kind] + budget.reserved[kind]);
  return `${used} of ${ofLimits(budget, (kind, limit) => limit + budget.raised[kind])}`;
}

/** `Squad 0199… by month` */
export function budgetTitle({ scope, id, period }: BudgetKey): string {
  const when = period === 'total' ? '' : ` by ${period}`;
  return `${scope.charAt(0).toUpperCase()}${scope.slice(1)} ${safeLine(id)}${when}`;
}
