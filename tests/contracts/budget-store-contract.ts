import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { budgetDeeds, BudgetModel, intend, limits, usageOf } from './budget-model.ts';
import type { BudgetDeed } from './budget-model.ts';
import { completedStep, newId, newSquad, running, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const start = Date.UTC(2026, 10, 29, 22);

/** What every `BudgetStore` keeps, together with the commits of the `ExecutionStore` beside it. */
export function budgetStoreContract(open: OpenState): void {
  let state: ContractState;
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock(start);
    state = await open(clock);
  });
  afterAll(() => state[Symbol.asyncDispose]());

  describe('a budget', () => {
    it('is set, changed, listed and removed, by its tenant alone', async () => {
      const { tenant, foreign } = twoTenants();
      const day = { scope: 'tenant', id: tenant, period: 'day' } as const;
      expect(await state.budgets.get(tenant, day)).toBeNull();
      await state.budgets.set(tenant, day, limits(5));
      await state.budgets.set(tenant, { scope: 'user', id: 'ada', period: 'month' }, limits(null, { limitTokens: 7 }));
      await state.budgets.set(tenant, day, limits(6, { onExceeded: 'ask' }));
      const zero = { microUsd: 0, tokens: 0 };
      expect(await state.budgets.get(tenant, day)).toEqual({
        ...day,
        ...limits(6, { onExceeded: 'ask' }),
        spent: zero,
        reserved: zero,
        raised: zero,
        periodStart: Date.UTC(2026, 10, 29),
        periodEnd: Date.UTC(2026, 10, 30),
        updatedAt: clock.now(),
      });
      const scopes = async (of: string, filter = {}) =>
        (await state.budgets.list(of, { limit: 10, ...filter })).map(({ scope }) => scope);
      expect(await scopes(tenant)).toEqual(['tenant', 'user']);
      expect(await scopes(tenant, { scope: 'user' })).toEqual(['user']);
      expect(await scopes(tenant, { after: day })).toEqual(['user']);
      expect(await scopes(tenant, { limit: 1 })).toEqual(['tenant']);
      expect(await scopes(foreign)).toEqual([]);
      expect(await state.budgets.get(foreign, day)).toBeNull();
      await expect(state.budgets.remove(foreign, day)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await state.budgets.remove(tenant, day);
      expect(await scopes(tenant)).toEqual(['user']);
      await expect(state.budgets.remove(tenant, day)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('of an execution or a squad needs one of the tenant', async () => {
      const { tenant, foreign } = twoTenants();
      const { id } = await running(state, tenant);
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const keys = [
        { scope: 'execution', id, period: 'total' },
        { scope: 'squad', id: squad.id, period: 'day' },
      ] as const;
      for (const key of keys) {
        await expect(state.budgets.set(foreign, key, limits(5))).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(state.budgets.set(tenant, { ...key, id: newId() }, limits(5))).rejects.toMatchObject({
          code: 'NOT_FOUND',
        });
        await state.budgets.set(tenant, key, limits(5));
      }
      await state.squads.remove(tenant, squad.id);
      expect((await state.budgets.list(tenant, { limit: 10 })).map(({ scope }) => scope)).toEqual(['execution']);
    });

    it('holds nothing against the executions of another tenant', async () => {
      const { tenant, foreign } = twoTenants();
      await state.budgets.set(tenant, { scope: 'user', id: 'ada', period: 'day' }, limits(0));
      const { session } = await running(state, foreign, { userId: 'ada' });
      await intend(session, 'ask/model/1', 100);
      const own = await running(state, tenant, { userId: 'ada' });
      await expect(intend(own.session, 'ask/model/1', 100)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    });
  });

  describe('a commit', () => {
    it('that reserves too much stores nothing of itself, nor of what it settles', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant, { budget: limits(100) });
      const key = { scope: 'execution', id, period: 'total' } as const;
      await intend(session, 'ask/model/1', 60);
      const lost = completedStep('ask/model/1', { type: 'model', phase: 'failed', usage: usageOf(60) });
      const next = completedStep('ask/model/1', { type: 'model', phase: 'intent', attempt: 2, output: null });
      const reserves = { key: 'ask/model/1', attempt: 2, usage: usageOf(60), mayRaise: false };
      const before = await state.reports.records(tenant, id, 0, 100);
      await expect(session.commit({ records: [lost, next], reserves })).rejects.toMatchObject({
        code: 'BUDGET_EXCEEDED',
        details: { onExceeded: 'fail', retryAt: null },
      });
      expect(await state.reports.records(tenant, id, 0, 100)).toEqual(before);
      expect(await state.budgets.get(tenant, key)).toMatchObject({
        spent: { microUsd: 0 },
        reserved: { microUsd: 60 },
      });
      // With room it settles and reserves at once.
      await state.budgets.set(tenant, key, limits(120));
      await session.commit({ records: [lost, next], reserves });
      expect(await state.budgets.get(tenant, key)).toMatchObject({
        spent: { microUsd: 60 },
        reserved: { microUsd: 60 },
      });
    });

    it('raises the ceiling only where it is needed and may be', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant, { budget: limits(100, { onExceeded: 'ask' }) });
      const key = { scope: 'execution', id, period: 'total' } as const;
      const raised = async () => (await state.budgets.get(tenant, key))?.raised.microUsd;
      await intend(session, 'a/model/1', 100, true);
      expect(await raised()).toBe(0);
      await intend(session, 'b/model/1', 10, true);
      expect(await raised()).toBe(25);
      await expect(intend(session, 'c/model/1', 60)).rejects.toMatchObject({ details: { onExceeded: 'ask' } });
      await intend(session, 'c/model/1', 60, true);
      expect(await raised()).toBe(25 + 45);
      await state.budgets.set(tenant, { scope: 'tenant', id: tenant, period: 'day' }, limits(0));
      await expect(intend(session, 'd/model/1', 1, true)).rejects.toMatchObject({ details: { onExceeded: 'fail' } });
    });

    it('that cancels settles what is in flight at its reservation', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant, { budget: limits(100) });
      await intend(session, 'ask/model/1', 60);
      await state.executions.cancel(tenant, id, null);
      expect(await state.budgets.get(tenant, { scope: 'execution', id, period: 'total' })).toMatchObject({
        spent: { microUsd: 60, tokens: 61 },
        reserved: { microUsd: 0, tokens: 0 },
      });
    });
  });

  it('holds its ceiling in each month, however often the clock is set back into the one before', async () => {
    const { tenant } = twoTenants();
    const key = { scope: 'tenant', id: tenant, period: 'month' } as const;
    const [november, december] = [clock.now(), Date.UTC(2026, 11, 1, 2)];
    await state.budgets.set(tenant, key, limits(100));
    const { session } = await running(state, tenant);
    const figures = async () => {
      const budget = await state.budgets.get(tenant, key);
      return [budget?.spent.microUsd, budget?.reserved.microUsd];
    };
    const end = (name: string, microUsd: number) =>
      session.commit({ records: [completedStep(name, { type: 'model', usage: usageOf(microUsd) })] });
    await intend(session, 'a/model/1', 60);
    clock.set(december);
    await intend(session, 'b/model/1', 70);
    clock.set(november);
    expect(await figures()).toEqual([0, 60]);
    await expect(intend(session, 'c/model/1', 41)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    // What left in December is settled there, whatever the clock says when it ends.
    await end('b/model/1', 65);
    expect(await figures()).toEqual([0, 60]);
    clock.set(december);
    expect(await figures()).toEqual([65, 0]);
    await end('a/model/1', 50);
    expect(await figures()).toEqual([65, 0]);
    await expect(intend(session, 'd/model/1', 36)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    clock.set(november);
    expect(await figures()).toEqual([50, 0]);
    await intend(session, 'e/model/1', 50);
    await expect(intend(session, 'f/model/1', 1)).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
  });

  it('adds up to the calls and stays below its ceiling, whatever is done in which order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(budgetDeeds, { maxLength: 60 }), async (deeds) => {
        const model = await BudgetModel.open(state, clock, twoTenants().tenant);
        for (const deed of deeds) expect(await model.do(deed as BudgetDeed)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);
}
