import type { Clock } from '../../kernel/clock.ts';
import type { Budget, BudgetKey, BudgetLimits } from '../budget.ts';
import type { BudgetFilter, BudgetStore, Freed } from '../budget-store.ts';
import { budgetOf } from '../rows/budget-row.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Writer } from './writer.ts';

/** The reading half, which a process that does not own the state has too. */
export type BudgetReports = Pick<BudgetStore, 'get' | 'list'>;

export class SqliteBudgetReports implements BudgetReports {
  readonly #readers: ReaderPool;
  protected readonly clock: Clock;

  constructor(readers: ReaderPool, clock: Clock) {
    this.#readers = readers;
    this.clock = clock;
  }

  async get(tenant: string, key: BudgetKey): Promise<Budget | null> {
    const at = this.clock.now();
    const row = await this.#readers.run('budget', { tenant, key, at });
    return row === undefined ? null : budgetOf(row, at);
  }

  async list(tenant: string, filter: BudgetFilter): Promise<readonly Budget[]> {
    const at = this.clock.now();
    return (await this.#readers.run('budgets', { tenant, filter, at })).map((row) => budgetOf(row, at));
  }
}

/** Budgets on one SQLite file. */
export class SqliteBudgetStore extends SqliteBudgetReports implements BudgetStore {
  readonly #writer: Writer;

  constructor(writer: Writer, readers: ReaderPool, clock: Clock) {
    super(readers, clock);
    this.#writer = writer;
  }

  set(tenant: string, key: BudgetKey, limits: BudgetLimits): Promise<readonly Freed[]> {
    return this.#writer.run('setBudget', { tenant, key, limits, at: this.clock.now() });
  }

  remove(tenant: string, key: BudgetKey): Promise<readonly Freed[]> {
    return this.#writer.run('removeBudget', { tenant, key, at: this.clock.now() });
  }
}
