import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import {
  completedStep,
  ended,
  newExecution,
  newId,
  newItem,
  newSquad,
  running,
  status,
  twoTenants,
} from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** What every adapter removes when executions have been kept long enough. */
export function retentionContract(open: OpenState): void {
  describe('pruning', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('removes completed and cancelled executions in batches, oldest end first, and keeps all others', async () => {
      const { tenant } = twoTenants();
      const old = [await ended(state, tenant, 'completed'), await ended(state, tenant, 'completed')];
      const { id: cancelled } = await running(state, tenant);
      await state.executions.cancel(tenant, cancelled, null);
      old.push(cancelled);
      const failed = await ended(state, tenant, 'failed');
      const { id: open } = await running(state, tenant);
      await clock.advance(1_000);
      const limit = clock.now();
      const young = await ended(state, tenant, 'completed');
      expect(await state.executions.prune(limit, 2)).toBe(2);
      expect(await state.executions.prune(limit, 2)).toBe(1);
      expect(await state.executions.prune(limit, 2)).toBe(0);
      const left = (await state.reports.list(tenant, { limit: 10 })).map(({ id }) => id);
      expect(left.toSorted()).toEqual([failed, open, young].toSorted());
      for (const id of old) expect(await state.reports.records(tenant, id, 0, 10)).toEqual([]);
    });

    it('says first what will go, and lets it stay when that is refused', async () => {
      const { tenant } = twoTenants();
      const id = await ended(state, tenant, 'completed');
      await clock.advance(1_000);
      const refused = state.executions.prune(clock.now(), 100, () => Promise.reject(new Error('Not now.')));
      await expect(refused).rejects.toThrow('Not now.');
      expect(await state.reports.get(tenant, id)).not.toBeNull();
      const told: string[] = [];
      const bothKnow = Promise.withResolvers<void>();
      let known = 0;
      const release = (ids: readonly string[]): Promise<void> => {
        told.push(...ids);
        if (++known === 2) bothKnow.resolve();
        return bothKnow.promise;
      };
      // Somebody else prunes meanwhile: what is gone is not counted twice.
      const both = [1, 2].map(() => state.executions.prune(clock.now(), 100, release));
      const [first = 0, second = 0] = await Promise.all(both);
      expect(told).toContain(id);
      expect(told).toHaveLength(2 * new Set(told).size);
      expect(first + second).toBe(new Set(told).size);
    });

    it('removes with an execution all that belongs to it, and frees its idempotency key', async () => {
      const { tenant } = twoTenants();
      const idempotency = { key: 'k', requestHash: 'aa' };
      const { id, session } = await running(state, tenant, { idempotency });
      const [item, approval] = [newId(), newId()];
      const request = { id: approval, title: 't', details: null, choices: ['yes'] };
      const asking = completedStep('ok', {
        type: 'approval',
        phase: 'waiting',
        output: null,
        details: JSON.stringify(request),
      });
      await session.commit({
        records: [asking],
        items: [{ change: 'begin', id: item, title: 't', memberId: 'm', stepKey: 'ask', model: null }],
      });
      await state.executions.signal(tenant, id, { signalId: newId(), name: 'go', payload: '1' });
      const own = await state.workItems.create(tenant, newItem({ executionId: id, dependencies: [item] }));
      await session.commit({
        records: [status('completed', { output: '1' })],
        items: [{ change: 'complete', id: item }],
      });
      await clock.advance(1_000);
      expect(await state.executions.prune(clock.now(), 100)).toBeGreaterThan(0);
      expect(await state.workItems.get(tenant, item)).toBeNull();
      expect(await state.approvals.get(tenant, approval)).toBeNull();
      // What a person made stays.
      expect((await state.workItems.get(tenant, own.id))?.status).toBe('ready');
      expect((await state.executions.submit(tenant, newExecution({ idempotency }))).existing).toBe(false);
    });

    it('leaves nothing that a run of a removed execution could write into', async () => {
      const { tenant } = twoTenants();
      const old = await running(state, tenant);
      await state.executions.cancel(tenant, old.id, null);
      await clock.advance(1_000);
      await state.executions.prune(clock.now(), 100);
      const next = await running(state, tenant);
      const late = old.session.commit({ records: [completedStep('late')] });
      await expect(late).rejects.toMatchObject({ code: 'STALE_OWNER' });
      const ending = old.session.commit({ records: [status('completed', { output: '1' })] });
      await expect(ending).rejects.toMatchObject({ code: 'STALE_OWNER' });
      expect((await state.reports.get(tenant, next.id))?.status).toBe('running');
    });

    it('removes the versions of a removed squad with the last execution that pins one', async () => {
      const { tenant } = twoTenants();
      const [removed, kept] = [newSquad(), newSquad()];
      for (const squad of [removed, kept]) await state.squads.create(tenant, squad);
      await ended(state, tenant, 'completed', { squadId: kept.id, squadVersion: 1 });
      await ended(state, tenant, 'completed', { squadId: removed.id, squadVersion: 1 });
      await clock.advance(1_000);
      const limit = clock.now();
      await ended(state, tenant, 'completed', { squadId: removed.id, squadVersion: 1 });
      await state.squads.remove(tenant, removed.id);
      await state.executions.prune(limit, 100);
      expect(await state.squads.atVersion(tenant, removed.id, 1)).toEqual(removed);
      await clock.advance(1_000);
      await state.executions.prune(clock.now(), 100);
      expect(await state.squads.atVersion(tenant, removed.id, 1)).toBeNull();
      expect(await state.squads.atVersion(tenant, kept.id, 1)).toEqual(kept);
    });
  });
}
