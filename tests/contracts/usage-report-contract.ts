import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { addUsage, noUsage } from '../../src/work/usage.ts';
import type { Usage } from '../../src/work/usage.ts';
import type { NewExecution } from '../../src/work/execution-store.ts';
import { completedStep, newId, running, someUsage, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1, 12);

/** What every `UsageReports` tells. */
export function usageReportContract(open: OpenState): void {
  let state: ContractState;
  beforeAll(async () => {
    state = await open(new TestClock());
  });
  afterAll(() => state[Symbol.asyncDispose]());

  /** An execution whose asks, by member, came to these usages. */
  const spent = async (tenant: string, given: Partial<NewExecution>, asks: Readonly<Record<string, Usage>>) => {
    const { id, session } = await running(state, tenant, given);
    for (const [memberId, usage] of Object.entries(asks)) {
      await session.commit({
        records: [completedStep(`${memberId}/model/1`, { type: 'model', usage })],
        items: [{ change: 'begin', id: newId(), title: 't', memberId, stepKey: memberId }],
      });
    }
    return id;
  };
  const dear = { ...someUsage, costMicroUsd: 9_000, estimatedCalls: 1 };

  describe('usage', () => {
    it('is summed over the tenant, and is nothing where nothing was spent', async () => {
      const { tenant, foreign } = twoTenants();
      await running(state, tenant);
      expect(await state.usage.usage(tenant, { groupBy: null })).toEqual([
        { key: null, squad: null, executions: 0, usage: noUsage },
      ]);
      expect(await state.usage.usage(tenant, { groupBy: 'squad' })).toEqual([]);
      await spent(tenant, {}, { a: someUsage, b: dear });
      await spent(tenant, {}, { a: someUsage });
      await spent(foreign, {}, { a: dear });
      const usage = addUsage(addUsage(someUsage, dear), someUsage);
      expect(await state.usage.usage(tenant, { groupBy: null })).toMatchObject([{ executions: 2, usage }]);
    });

    it('is told by squad, workflow, member and day, the dearest first', async () => {
      const { tenant } = twoTenants();
      const [one, two] = [newId(), newId()];
      await spent(tenant, { squadId: one, squadVersion: 1, createdAt: start }, { a: someUsage });
      await spent(tenant, { squadId: one, squadVersion: 2, createdAt: start + day }, { a: someUsage, b: dear });
      await spent(tenant, { squadId: two, squadVersion: 1, workflow: 'other', createdAt: start }, { a: someUsage });
      const by = async (groupBy: 'squad' | 'workflow' | 'member' | 'day') =>
        (await state.usage.usage(tenant, { groupBy })).map(
          ({ key, executions, usage }) => [key, executions, usage.costMicroUsd] as const,
        );
      expect(await by('squad')).toEqual([
        [one, 2, 9_600],
        [two, 1, 300],
      ]);
      expect((await state.usage.usage(tenant, { groupBy: 'squad' }))[0]?.squad).toEqual({ id: one, version: 2 });
      expect(await by('workflow')).toEqual([
        ['feature', 2, 9_600],
        ['other', 1, 300],
      ]);
      expect(await by('member')).toEqual([
        ['b', 1, 9_000],
        ['a', 3, 900],
      ]);
      expect(await by('day')).toEqual([
        ['2026-01-02', 1, 9_300],
        ['2026-01-01', 2, 600],
      ]);
    });

    it('is of one squad and of a time, its first moment included and its last not', async () => {
      const { tenant } = twoTenants();
      const squadId = newId();
      for (const createdAt of [start, start + 1, start + 2]) await spent(tenant, { createdAt }, { a: someUsage });
      await spent(tenant, { squadId, squadVersion: 1, createdAt: start + 1 }, { a: dear });
      const cost = async (filter: { readonly squadId?: string; readonly from?: number; readonly to?: number }) =>
        (await state.usage.usage(tenant, { ...filter, groupBy: null }))[0]?.usage.costMicroUsd;
      expect(await cost({ from: start + 1 })).toBe(9_600);
      expect(await cost({ to: start + 1 })).toBe(300);
      expect(await cost({ from: start + 1, to: start + 2 })).toBe(9_300);
      expect(await cost({ squadId })).toBe(9_000);
      expect(await cost({ squadId, from: start + 2 })).toBe(0);
    });
  });
}
