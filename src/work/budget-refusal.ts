import { SquadraError } from '../kernel/errors.ts';
import { budgetName, fitsLater, warningShare } from './budget.ts';
import type { Amount, Budget } from './budget.ts';

/** A budget that has no room for a call, and by how much. */
export interface Exceeded {
  readonly budget: Budget;
  readonly by: Amount;
}

/**
 * The refusal of a call that may cost more than is left. `details.onExceeded` is `ask` when a person may let it pass;
 * `details.heldBackBy` names a budget that has room for it once calls in flight give back what they do not need.
 */
export function overBudget(exceeded: readonly Exceeded[], call: Amount, key: string): SquadraError {
  const [first] = exceeded;
  const what = first === undefined ? 'a budget' : sayOver(first, call);
  const ends = exceeded.flatMap(({ budget }) => budget.periodEnd ?? []);
  const message = `'${key}' was not sent: ${what}`;
  return new SquadraError('BUDGET_EXCEEDED', message, {
    details: {
      budgets: exceeded.map(({ budget }) => describe(budget)),
      call,
      heldBackBy:
        first !== undefined && exceeded.every(({ budget }) => fitsLater(budget, call))
          ? budgetName(first.budget)
          : null,
      onExceeded: exceeded.every(({ budget }) => budget.onExceeded === 'ask') ? 'ask' : 'fail',
      // Then the first of them has a new period.
      retryAt: ends.length === 0 ? null : Math.min(...ends),
    },
  });
}

/** The name of the budget that calls in flight keep full, when nothing else stands against the call. */
export function heldBackBy({ details }: SquadraError): string | null {
  const { heldBackBy: name } = details;
  return typeof name === 'string' ? name : null;
}

/** The refusal of a call whose cost nobody knows, while money is limited. */
export function unpriced(budget: Budget, key: string): SquadraError {
  const message = `'${key}' was not sent: ${nameOf(budget)} limits money, and the model has no known price.`;
  return new SquadraError('UNPRICED_MODEL', message, { details: { budget: describe(budget) } });
}

/** What is recorded when most of a budget is spent: a sentence, and the facts. `name` is that of its period. */
export function warningOf(budget: Budget, name: string) {
  const { limitMicroUsd, limitTokens, spent, raised } = budget;
  const money =
    limitMicroUsd === null ? [] : [`${dollars(spent.microUsd)} of ${dollars(limitMicroUsd + raised.microUsd)}`];
  const tokens = limitTokens === null ? [] : [`${spent.tokens} of ${limitTokens + raised.tokens} tokens`];
  const whole = name === '' ? '' : ` (${name})`;
  const text = `${nameOf(budget)}${whole} is ${Math.round(warningShare * 100)} % spent: ${[...money, ...tokens].join(', ')}.`;
  return { text: `${text.charAt(0).toUpperCase()}${text.slice(1)}`, budget: describe(budget) };
}

function sayOver({ budget, by }: Exceeded, call: Amount): string {
  const { limitMicroUsd, limitTokens, spent, reserved, raised } = budget;
  const says = (limit: number | null, kind: keyof Amount, write: (amount: number) => string): string => {
    const ceiling = (limit ?? 0) + raised[kind];
    const held = reserved[kind] === 0 ? '' : ` and ${write(reserved[kind])} reserved for calls in flight`;
    return `${write(spent[kind])} of ${write(ceiling)} spent${held}, and this call may take up to ${write(call[kind])}`;
  };
  const text =
    by.microUsd > 0
      ? says(limitMicroUsd, 'microUsd', dollars)
      : says(limitTokens, 'tokens', (amount) => `${amount} tokens`);
  return `${nameOf(budget)} has ${text}.`;
}

/** Plain facts of a budget, for programs. */
function describe({ scope, id, period, limitMicroUsd, limitTokens, onExceeded, spent, reserved, raised }: Budget) {
  return { scope, id, period, limitMicroUsd, limitTokens, onExceeded, spent, reserved, raised };
}

const periodWords = { day: 'the daily budget', month: 'the monthly budget', total: 'the budget' } as const;

function nameOf({ scope, id, period }: Budget): string {
  return `${periodWords[period]} of ${scope} ${scope === 'execution' ? id : `'${id}'`}`;
}

function dollars(microUsd: number): string {
  return `$${(microUsd / 1e6).toFixed(microUsd % 10_000 === 0 ? 2 : 6)}`;
}
