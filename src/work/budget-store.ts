import type { Budget, BudgetKey, BudgetLimits, BudgetScope } from './budget.ts';

/** A page of budgets, in the order of scope, id and period; `after` is the last of the page before. */
export interface BudgetFilter {
  readonly scope?: BudgetScope;
  readonly id?: string;
  readonly after?: BudgetKey;
  readonly limit: number;
}

/** An execution that waited for money and has something to go on with. */
export interface Freed {
  readonly executionId: string;
  readonly priority: number;
}

/**
 * Budgets, and what counts against them. Reservations and settlements are no verbs of this port: they are part of the
 * commits of runs.
 */
export interface BudgetStore {
  /**
   * Sets a budget, new or in place of the one there is. A new one counts what was spent and is reserved in its present period.
   * Executions that wait at their ceiling are let try again. Throws `NOT_FOUND` for an execution or squad that is unknown.
   */
  set(tenant: string, key: BudgetKey, limits: BudgetLimits): Promise<readonly Freed[]>;
  /** Lets go what waits at its ceiling, too. Throws `NOT_FOUND`. */
  remove(tenant: string, key: BudgetKey): Promise<readonly Freed[]>;
  get(tenant: string, key: BudgetKey): Promise<Budget | null>;
  list(tenant: string, filter: BudgetFilter): Promise<readonly Budget[]>;
}
