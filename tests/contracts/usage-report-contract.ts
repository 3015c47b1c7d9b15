import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { addUsage, noUsage } from '../../src/work/usage.ts';
import type { Usage } from '../../src/work/usage.ts';
import type { UsageGrouping } from '../../src/work/usage-report.ts';
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

  /** An execution whose asks, by member (each with a model of its own), came to these usages. */
  const spent = async (tenant: string, given: Partial<NewExecution>, asks: Readonly<Record<string, Usage>>) => {
    const { id, session } = await running(state, tenant, given);
    for (const [memberId, usage] of Object.entries(asks)) {
      await session.commit({
        records: [completedStep(`${memberId}/model/1`, { type: 'model', usage })],
        items: [{ change: 'begin', id: newId(), title: 't', memberId, stepKey: memberId, model: `own/${memberId}` }],
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

    it('is told by squad, workflow, member, model and day, the dearest first', async () => {
      const { tenant } = twoTenants();
      const [one, two] = [newId(), newId()];
      await spent(tenant, { squadId: one, squadVersion: 1, createdAt: start }, { a: someUsage });
      await spent(tenant, { squadId: one, squadVersion: 2, createdAt: start + day }, { a: someUsage, b: dear });
      await spent(tenant, { squadId: two, squadVersion: 1, workflow: 'other', createdAt: start }, { a: someUsage });
      const by = async (groupBy: UsageGrouping) =>
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
      expect(await by('model')).toEqual([
        ['own/b', 1, 9_000],
        ['own/a', 3, 900],
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

    it('of executions comes in pages, the dearest first and of equal ones the newest, of this tenant alone', async () => {
      const { tenant, foreign } = twoTenants();
      const cheap: string[] = [];
      for (const createdAt of [start, start + 1, start + 2])
        cheap.push(await spent(tenant, { createdAt }, { a: someUsage }));
      const most = await spent(tenant, { createdAt: start, isRequest: false, input: '[1]' }, { a: dear, b: someUsage });
      await running(state, tenant);
      await spent(foreign, { createdAt: start }, { a: dear });
      const all = await state.usage.executions(tenant, { limit: 10 });
      expect(all.map(({ id }) => id)).toEqual([most, ...cheap.toReversed()]);
      expect(all[0]).toEqual({ id: most, workflow: 'feature', request: null, usage: addUsage(dear, someUsage) });
      expect(all[1]?.request).toBe('Add a login page');
      const ids = async (filter: object) =>
        (await state.usage.executions(tenant, { limit: 2, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual([most, cheap[2]]);
      expect(await ids({ after: { costMicroUsd: 300, id: cheap[2] ?? '' } })).toEqual([cheap[1], cheap[0]]);
      expect(await ids({ after: { costMicroUsd: 300, id: cheap[0] ?? '' } })).toEqual([]);
      expect(await ids({ from: start + 1, to: start + 2 })).toEqual([cheap[1]]);
    });

    it('of an ask that goes on with another model counts for the one it was begun with', async () => {
      const { tenant } = twoTenants();
      const { session } = await running(state, tenant);
      const id = newId();
      const begin = (model: string | null) =>
        ({ change: 'begin', id, title: 't', memberId: 'm', stepKey: 'ask', model }) as const;
      const models = async () => (await state.usage.usage(tenant, { groupBy: 'model' })).map(({ key }) => key);
      const call = (number: number) => [completedStep(`ask/model/${number}`, { type: 'model', usage: someUsage })];
      await session.commit({ records: call(1), items: [begin(null)] });
      expect(await models()).toEqual([null]);
      await session.commit({ records: call(2), items: [begin('own/a')] });
      expect(await models()).toEqual(['own/a']);
      await session.commit({ records: call(3), items: [begin('own/b')] });
      expect(await models()).toEqual(['own/a']);
      expect((await state.usage.usage(tenant, { groupBy: 'model' }))[0]?.usage.modelCalls).toBe(3);
    });
  });
}
