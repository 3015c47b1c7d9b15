import type { Clock } from '../../kernel/clock.ts';
import type { Budget, BudgetKey, BudgetLimits } from '../budget.ts';
import type { BudgetFilter, BudgetStore, Freed } from '../budget-store.ts';
import { budgetOf } from '../rows/budget-row.ts';
import type { Database } from './database.ts';
import { removeBudget, setBudget } from './operations/budgets.ts';
import { findBudget, listBudgets } from './queries/budgets.ts';

/** Budgets of a fleet. */
export class PostgresBudgetStore implements BudgetStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  set(tenant: string, key: BudgetKey, limits: BudgetLimits): Promise<readonly Freed[]> {
    const at = this.#clock.now();
    return this.#database.transaction((statements) => setBudget(statements, { tenant, key, limits, at }));
  }

  remove(tenant: string, key: BudgetKey): Promise<readonly Freed[]> {
    const at = this.#clock.now();
    return this.#database.transaction((statements) => removeBudget(statements, { tenant, key, at }));
  }

  async get(tenant: string, key: BudgetKey): Promise<Budget | null> {
    const at = this.#clock.now();
    const row = await findBudget(this.#database, tenant, key, at);
    return row === undefined ? null : budgetOf(row, at);
  }

  async list(tenant: string, filter: BudgetFilter): Promise<readonly Budget[]> {
    const at = this.#clock.now();
    return (await listBudgets(this.#database, tenant, filter, at)).map((row) => budgetOf(row, at));
  }
}
