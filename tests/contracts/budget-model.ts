import fc from 'fast-check';
import { SquadraError } from '../../src/kernel/errors.ts';
import type { TestClock } from '../../src/testing/test-clock.ts';
import { periodName } from '../../src/work/budget.ts';
import type { Budget, BudgetKey, BudgetLimits } from '../../src/work/budget.ts';
import type { JournalSession } from '../../src/work/execution-store.ts';
import { noUsage } from '../../src/work/usage.ts';
import type { Usage } from '../../src/work/usage.ts';
import { completedStep, newSquad, running } from './contract-state.ts';
import type { ContractState } from './contract-state.ts';

const hour = 3_600_000;

export function limits(limitMicroUsd: number | null, given: Partial<BudgetLimits> = {}): BudgetLimits {
  return { limitMicroUsd, limitTokens: null, onExceeded: 'fail', ...given };
}

export function usageOf(costMicroUsd: number): Usage {
  return { ...noUsage, inputTokens: costMicroUsd, outputTokens: 1, costMicroUsd, modelCalls: 1 };
}

/** Commits the intent of a call that may cost so much. */
export function intend(session: JournalSession, key: string, microUsd: number, mayRaise = false) {
  const usage = usageOf(microUsd);
  const details = JSON.stringify({ reservation: usage });
  const record = completedStep(key, { type: 'model', phase: 'intent', output: null, details });
  return session.commit({ records: [record], reserves: { key, attempt: 1, usage, mayRaise } });
}

/** Something that is done, by numbers that are taken round the things there are. */
export const budgetDeeds = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      deed: fc.constant('intend'),
      place: fc.nat(3),
      cost: fc.integer({ min: 0, max: 60 }),
      mayRaise: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ deed: fc.constant('end'), place: fc.nat(20), share: fc.integer({ min: -50, max: 100 }) }),
  },
  { weight: 1, arbitrary: fc.record({ deed: fc.constant('cancel'), place: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      deed: fc.constant('set'),
      place: fc.nat(5),
      limit: fc.integer({ min: 0, max: 300 }),
      mayAsk: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ deed: fc.constant('remove'), place: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ deed: fc.constant('wait'), hours: fc.integer({ min: 1, max: 30 }) }) },
);
type DeedOf<Name extends string> = Extract<BudgetDeed, { readonly deed: Name }>;
export type BudgetDeed =
  | { readonly deed: 'intend'; readonly place: number; readonly cost: number; readonly mayRaise: boolean }
  | { readonly deed: 'end'; readonly place: number; readonly share: number }
  | { readonly deed: 'cancel'; readonly place: number }
  | { readonly deed: 'set'; readonly place: number; readonly limit: number; readonly mayAsk: boolean }
  | { readonly deed: 'remove'; readonly place: number }
  | { readonly deed: 'wait'; readonly hours: number };

interface Call {
  readonly owner: Owner;
  readonly key: string;
  readonly cost: number;
  readonly at: number;
  spent: number | null;
}

interface Owner {
  readonly id: string;
  readonly session: JournalSession;
  readonly squadId?: string;
  readonly userId?: string;
  isOver: boolean;
}

/** A store, and beside it a plain list of the calls that were made: what is said of a budget must be what the list says. */
export class BudgetModel {
  readonly #state: ContractState;
  readonly #clock: TestClock;
  readonly #tenant: string;
  readonly #owners: readonly Owner[];
  readonly #keys: readonly BudgetKey[];
  readonly #calls: Call[] = [];
  /** Whether a budget should have been met otherwise. */
  readonly #wrong: string[] = [];

  private constructor(
    state: ContractState,
    clock: TestClock,
    tenant: string,
    owners: readonly Owner[],
    squadId: string,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#tenant = tenant;
    this.#owners = owners;
    this.#keys = [
      { scope: 'tenant', id: tenant, period: 'day' },
      { scope: 'tenant', id: tenant, period: 'month' },
      { scope: 'squad', id: squadId, period: 'day' },
      { scope: 'user', id: 'ada', period: 'month' },
      { scope: 'execution', id: owners[0]?.id ?? '', period: 'total' },
      { scope: 'execution', id: owners[2]?.id ?? '', period: 'total' },
    ];
  }

  static async open(state: ContractState, clock: TestClock, tenant: string): Promise<BudgetModel> {
    const squad = newSquad();
    await state.squads.create(tenant, squad);
    const ofSquad = { squadId: squad.id, squadVersion: 1 };
    const owners = await Promise.all(
      [ofSquad, { userId: 'ada' }, { ...ofSquad, userId: 'ada' }, {}].map(async (owner) => {
        const { id, session } = await running(state, tenant, { ...owner, createdAt: clock.now() });
        return { id, session, ...owner, isOver: false };
      }),
    );
    return new BudgetModel(state, clock, tenant, owners, squad.id);
  }

  /** Does it, and tells what is wrong afterwards. */
  async do(deed: BudgetDeed): Promise<readonly string[]> {
    switch (deed.deed) {
      case 'wait':
        await this.#clock.jump(this.#clock.now() + deed.hours * hour);
        break;
      case 'set':
        await this.#state.budgets.set(
          this.#tenant,
          this.#key(deed),
          limits(deed.limit, { onExceeded: deed.mayAsk ? 'ask' : 'fail' }),
        );
        break;
      case 'remove':
        await this.#state.budgets.remove(this.#tenant, this.#key(deed)).catch(() => {});
        break;
      case 'cancel':
        await this.#cancel(deed);
        break;
      case 'intend':
        await this.#intend(deed);
        break;
      case 'end':
        await this.#end(deed);
        break;
    }
    for (const budget of await this.#budgets()) {
      const { spent, reserved } = this.#sums(budget);
      if (budget.spent.microUsd !== spent || budget.reserved.microUsd !== reserved)
        this.#wrong.push(
          `${budget.scope} ${budget.period}: ${JSON.stringify([budget.spent, budget.reserved])}, not ${spent} and ${reserved}`,
        );
    }
    return this.#wrong;
  }

  #key({ place }: { readonly place: number }): BudgetKey {
    const key = this.#keys[place % this.#keys.length];
    if (key === undefined) throw new Error('There are keys.');
    return key;
  }

  #budgets(): Promise<readonly Budget[]> {
    return this.#state.budgets.list(this.#tenant, { limit: 10 });
  }

  async #intend({ place, cost, mayRaise }: DeedOf<'intend'>): Promise<void> {
    const owner = this.#owners[place];
    if (owner === undefined || owner.isOver) return;
    const call: Call = { owner, key: `${this.#calls.length}/model/1`, cost, at: this.#clock.now(), spent: null };
    const fits = (await this.#budgets()).every(
      (budget) => !this.#counts(budget, call) || this.#hasRoom(budget, cost, mayRaise),
    );
    const outcome = await intend(owner.session, call.key, cost, mayRaise).then(() => 'stored', codeOf);
    if (outcome !== (fits ? 'stored' : 'BUDGET_EXCEEDED')) this.#wrong.push(`${call.key} was ${outcome}`);
    if (outcome === 'stored') this.#calls.push(call);
  }

  #hasRoom(budget: Budget, cost: number, mayRaise: boolean): boolean {
    const { spent, reserved } = this.#sums(budget);
    const ceiling = (budget.limitMicroUsd ?? 0) + budget.raised.microUsd;
    return spent + reserved + cost <= ceiling || (mayRaise && budget.onExceeded === 'ask');
  }

  /** With a share below zero nothing was paid. */
  async #end({ place, share }: DeedOf<'end'>): Promise<void> {
    const open = this.#calls.filter(({ spent, owner }) => spent === null && !owner.isOver);
    const call = open[place % Math.max(1, open.length)];
    if (call === undefined) return;
    call.spent = Math.floor((call.cost * Math.max(0, share)) / 100);
    const usage = share < 0 ? null : usageOf(call.spent);
    const phase = share > 30 ? 'completed' : 'failed';
    await call.owner.session.commit({ records: [completedStep(call.key, { type: 'model', phase, usage })] });
  }

  async #cancel({ place }: DeedOf<'cancel'>): Promise<void> {
    const owner = this.#owners[place];
    if (owner === undefined || owner.isOver) return;
    await this.#state.executions.cancel(this.#tenant, owner.id, null);
    owner.isOver = true;
    for (const call of this.#calls) if (call.owner === owner) call.spent ??= call.cost;
  }

  #counts({ scope, id, period }: BudgetKey, { owner, at }: Call): boolean {
    const of = { execution: owner.id, squad: owner.squadId, user: owner.userId, tenant: this.#tenant };
    return of[scope] === id && periodName(period, at) === periodName(period, this.#clock.now());
  }

  #sums(key: BudgetKey) {
    const mine = this.#calls.filter((call) => this.#counts(key, call));
    const sum = (of: (call: Call) => number): number => mine.reduce((total, call) => total + of(call), 0);
    return { spent: sum(({ spent }) => spent ?? 0), reserved: sum(({ spent, cost }) => (spent === null ? cost : 0)) };
  }
}

function codeOf(error: unknown): string {
  return error instanceof SquadraError ? error.code : String(error);
}
