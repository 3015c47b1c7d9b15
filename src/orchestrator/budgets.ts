import type { Engine } from '../engines/engine.ts';
import type { RoomLines } from '../flow/room-lines.ts';
import { SquadraError } from '../kernel/errors.ts';
import { budgetPeriods, budgetScopes, readBudgetLimits } from '../work/budget.ts';
import type { Budget, BudgetKey, BudgetOptions, BudgetScope } from '../work/budget.ts';
import type { BudgetStore, Freed } from '../work/budget-store.ts';
import type { Advancer } from './advancer.ts';
import { invalidCursor, readPageBy } from './page.ts';
import type { Page, PageFormat } from './page.ts';
import type { SquadDirectory } from './squad-directory.ts';

/** What a list of budgets can be narrowed to; `limit` is 1 to 200, 50 where nothing is said. */
export interface BudgetListFilter {
  readonly scope?: BudgetScope;
  readonly cursor?: string;
  readonly limit?: number;
}

/** The budgets of a tenant. The id of a squad may be its name. */
export interface Budgets {
  /** Sets one, new or in place of the one there is. Throws `INVALID_INPUT` or `NOT_FOUND`. */
  set(key: BudgetKey, budget: BudgetOptions): Promise<Budget>;
  /** Throws `NOT_FOUND`. */
  get(key: BudgetKey): Promise<Budget>;
  /** Throws `NOT_FOUND`. */
  remove(key: BudgetKey): Promise<void>;
  /** By scope, id and period. */
  list(filter?: BudgetListFilter): Promise<Page<Budget>>;
}

export interface BudgetKeepingParts {
  readonly budgets: BudgetStore;
  readonly squads: Pick<SquadDirectory, 'seek' | 'resolve'>;
  readonly engine: Pick<Engine, 'wake'>;
  readonly advancer: Pick<Advancer, 'nudge'>;
  readonly room: Pick<RoomLines, 'lookAgain'>;
}

const byKey: PageFormat<Budget, BudgetKey> = {
  write: ({ scope, id, period }) => Buffer.from(JSON.stringify([scope, id, period])).toString('base64url'),
  read: readCursor,
};

/** Keeps the budgets of all tenants. */
export class BudgetKeeping {
  readonly #parts: BudgetKeepingParts;

  constructor(parts: BudgetKeepingParts) {
    this.#parts = parts;
  }

  /** The budgets as one tenant sees them. */
  of(tenant: string): Budgets {
    return {
      set: (key, budget) => this.set(tenant, key, budget),
      get: (key) => this.get(tenant, key),
      remove: (key) => this.remove(tenant, key),
      list: (filter) => this.list(tenant, filter),
    };
  }

  async set(tenant: string, given: BudgetKey, options: BudgetOptions): Promise<Budget> {
    const { limits, problems } = readBudgetLimits(options);
    if (problems.length > 0) throw new SquadraError('INVALID_INPUT', `The budget was refused: ${problems.join('; ')}.`);
    const key = await this.#keyOf(tenant, given, true);
    this.#wake(tenant, await this.#parts.budgets.set(tenant, key, limits));
    const budget = await this.#parts.budgets.get(tenant, key);
    if (budget === null) throw unknown(key);
    return budget;
  }

  async get(tenant: string, given: BudgetKey): Promise<Budget> {
    const budget = await this.#parts.budgets.get(tenant, await this.#keyOf(tenant, given));
    if (budget === null) throw unknown(given);
    return budget;
  }

  async remove(tenant: string, given: BudgetKey): Promise<void> {
    this.#wake(tenant, await this.#parts.budgets.remove(tenant, await this.#keyOf(tenant, given)));
  }

  list(tenant: string, { scope, ...page }: BudgetListFilter = {}): Promise<Page<Budget>> {
    return readPageBy(byKey, page, (limit, after) =>
      this.#parts.budgets.list(tenant, {
        ...(scope === undefined ? {} : { scope }),
        ...(after === undefined ? {} : { after }),
        limit,
      }),
    );
  }

  async #keyOf(tenant: string, { scope, id, period }: BudgetKey, isSet = false): Promise<BudgetKey> {
    if (!budgetScopes.includes(scope)) throw invalid(`'${String(scope)}' is no scope; use ${budgetScopes.join(', ')}`);
    if (!budgetPeriods.includes(period))
      throw invalid(`'${String(period)}' is no period; use ${budgetPeriods.join(', ')}`);
    if ((scope === 'execution') !== (period === 'total'))
      throw invalid(`the budget of an execution is 'total', others are by 'day' or 'month'`);
    if (id === '' || id.length > 255) throw invalid('the id has 1 to 255 characters');
    if (scope === 'tenant' && id !== tenant) throw unknown({ scope, id, period });
    if (scope !== 'squad') return { scope, id, period };
    const squad = await this.#parts.squads.seek(tenant, id);
    if (squad.id !== null) return { scope, id: squad.id, period };
    // A template is there without set-up; its squad is made by the first use.
    if (squad.isKnown && isSet) return { scope, id: (await this.#parts.squads.resolve(tenant, id)).id, period };
    throw unknown({ scope, id, period });
  }

  /** Those that waited for money find out themselves whether there is room for them now. */
  #wake(tenant: string, freed: readonly Freed[]): void {
    for (const { executionId: id, priority } of freed) {
      this.#parts.advancer.nudge(id);
      this.#parts.engine.wake({ tenant, id, priority });
    }
    this.#parts.room.lookAgain(tenant);
  }
}

function readCursor(cursor: string): BudgetKey {
  try {
    const [scope, id, period]: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const known = {
      scope: budgetScopes.find((one) => one === scope),
      period: budgetPeriods.find((one) => one === period),
    };
    if (known.scope !== undefined && known.period !== undefined && typeof id === 'string')
      return { scope: known.scope, id, period: known.period };
  } catch {
    // It is none of ours.
  }
  throw invalidCursor(cursor);
}

function invalid(why: string): SquadraError {
  return new SquadraError('INVALID_INPUT', `The budget was refused: ${why}.`);
}

function unknown({ scope, period }: BudgetKey): SquadraError {
  return new SquadraError(
    'NOT_FOUND',
    `There is no such budget of ${scope === 'execution' ? 'an' : 'a'} ${scope} (${period}).`,
  );
}
