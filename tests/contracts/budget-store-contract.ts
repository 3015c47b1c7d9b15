import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SquadraError } from '../../src/kernel/errors.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { periodName } from '../../src/work/budget.ts';
import type { BudgetKey, BudgetLimits } from '../../src/work/budget.ts';
import type { JournalSession } from '../../src/work/execution-store.ts';
import type { StepRecord } from '../../src/work/journal.ts';
import { noUsage } from '../../src/work/usage.ts';
import type { Usage } from '../../src/work/usage.ts';
import { completedStep, newId, newSquad, running, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const start = Date.UTC(2026, 10, 29, 22);
const hour = 3_600_000;

function limits(limitMicroUsd: number | null, given: Partial<BudgetLimits> = {}): BudgetLimits {
  return { limitMicroUsd, limitTokens: null, onExceeded: 'fail', ...given };
}

function usageOf(costMicroUsd: number): Usage {
  return { ...noUsage, inputTokens: costMicroUsd, outputTokens: 1, costMicroUsd, modelCalls: 1 };
}

/** What every `BudgetStore` keeps, together with the commits of the `ExecutionStore` beside it. */
export function budgetStoreContract(open: OpenState): void {
  let state: ContractState;
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock(start);
    state = await open(clock);
  });
  afterAll(() => state[Symbol.asyncDispose]());

  const intend = (session: JournalSession, key: string, microUsd: number, mayRaise = false) => {
    const usage = usageOf(microUsd);
    const details = JSON.stringify({ reservation: usage });
    const record = completedStep(key, { type: 'model', phase: 'intent', output: null, details });
    return session.commit({ records: [record], reserves: { key, attempt: 1, usage, mayRaise } });
  };
  const end = (
    session: JournalSession,
    key: string,
    microUsd: number | null,
    phase: StepRecord['phase'] = 'completed',
  ) =>
    session.commit({
      records: [completedStep(key, { type: 'model', phase, usage: microUsd === null ? null : usageOf(microUsd) })],
    });
  const codeOf = (error: unknown) => (error instanceof SquadraError ? error.code : String(error));

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

  it('adds up to the calls and stays below its ceiling, whatever is done in which order', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('intend' as const),
          place: fc.nat(3),
          cost: fc.integer({ min: 0, max: 60 }),
          mayRaise: fc.boolean(),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('end' as const),
          call: fc.nat(20),
          share: fc.integer({ min: 0, max: 100 }),
          how: fc.constantFrom('completed', 'failed', 'unpaid'),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), place: fc.nat(3) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('set' as const),
          key: fc.nat(5),
          limit: fc.integer({ min: 0, max: 300 }),
          ask: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { tenant } = twoTenants();
        const squad = newSquad();
        await state.squads.create(tenant, squad);
        const owners = [
          { squadId: squad.id, squadVersion: 1 },
          { userId: 'ada' },
          { squadId: squad.id, squadVersion: 1, userId: 'ada' },
          {},
        ];
        const executions = await Promise.all(
          owners.map(async (owner) => ({
            ...(await running(state, tenant, { ...owner, createdAt: clock.now() })),
            ...owner,
            isOver: false,
          })),
        );
        const keys: readonly BudgetKey[] = [
          { scope: 'tenant', id: tenant, period: 'day' },
          { scope: 'tenant', id: tenant, period: 'month' },
          { scope: 'squad', id: squad.id, period: 'day' },
          { scope: 'user', id: 'ada', period: 'month' },
          { scope: 'execution', id: executions[0]?.id ?? '', period: 'total' },
          { scope: 'execution', id: executions[2]?.id ?? '', period: 'total' },
        ];
        const calls: {
          readonly place: number;
          readonly key: string;
          readonly cost: number;
          readonly at: number;
          spent: number | null;
        }[] = [];
        const counts = (
          { scope, id, period }: BudgetKey,
          { place, at }: { readonly place: number; readonly at: number },
        ): boolean => {
          const of = {
            execution: executions[place]?.id,
            squad: executions[place]?.squadId,
            user: executions[place]?.userId,
            tenant,
          };
          return of[scope] === id && periodName(period, at) === periodName(period, clock.now());
        };
        const sums = (key: BudgetKey) => {
          const mine = calls.filter((call) => counts(key, call));
          const spent = mine.reduce((sum, call) => sum + (call.spent ?? 0), 0);
          return { spent, reserved: mine.reduce((sum, call) => sum + (call.spent === null ? call.cost : 0), 0) };
        };
        let number = 0;
        for (const one of steps) {
          if (one.do === 'wait') await clock.jump(clock.now() + one.hours * hour);
          if (one.do === 'set') {
            const key = keys[one.key];
            if (key !== undefined)
              await state.budgets.set(tenant, key, limits(one.limit, { onExceeded: one.ask ? 'ask' : 'fail' }));
          }
          if (one.do === 'remove') {
            const key = keys[one.key];
            if (key !== undefined)
              await state.budgets
                .remove(tenant, key)
                .catch((error: unknown) => expect(codeOf(error)).toBe('NOT_FOUND'));
          }
          if (one.do === 'intend' && executions[one.place]?.isOver === false) {
            const session = executions[one.place]?.session;
            const call = { place: one.place, key: `${++number}/model/1`, cost: one.cost, at: clock.now(), spent: null };
            const held = await state.budgets.list(tenant, { limit: 10 });
            const fits = held
              .filter((budget) => counts(budget, call))
              .every((budget) => {
                const { spent, reserved } = sums(budget);
                const isOver = spent + reserved + one.cost > (budget.limitMicroUsd ?? 0) + budget.raised.microUsd;
                return !isOver || (one.mayRaise && budget.onExceeded === 'ask');
              });
            if (session === undefined) continue;
            const outcome = await intend(session, call.key, one.cost, one.mayRaise).then(() => 'stored', codeOf);
            expect(outcome).toBe(fits ? 'stored' : 'BUDGET_EXCEEDED');
            if (fits) calls.push(call);
          }
          if (one.do === 'end') {
            const open = calls.filter((call) => call.spent === null && executions[call.place]?.isOver === false);
            const call = open[one.call % Math.max(1, open.length)];
            const session = call === undefined ? undefined : executions[call.place]?.session;
            if (call === undefined || session === undefined) continue;
            call.spent = one.how === 'unpaid' ? 0 : Math.floor((call.cost * one.share) / 100);
            await end(
              session,
              call.key,
              one.how === 'unpaid' ? null : call.spent,
              one.how === 'completed' ? 'completed' : 'failed',
            );
          }
          if (one.do === 'cancel') {
            const execution = executions[one.place];
            if (execution === undefined || execution.isOver) continue;
            await state.executions.cancel(tenant, execution.id, null);
            execution.isOver = true;
            for (const call of calls) if (call.place === one.place) call.spent ??= call.cost;
          }
          for (const budget of await state.budgets.list(tenant, { limit: 10 })) {
            const { spent, reserved } = sums(budget);
            expect([budget.scope, budget.spent.microUsd, budget.reserved.microUsd]).toEqual([
              budget.scope,
              spent,
              reserved,
            ]);
          }
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
}
