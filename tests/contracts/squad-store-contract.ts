import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { ended, newExecution, newSquad, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** What every `SquadStore` does. */
export function squadStoreContract(open: OpenState): void {
  describe('a squad store', () => {
    let state: ContractState;
    beforeAll(async () => {
      state = await open(new TestClock());
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('gives back a squad deep-equal, by id and by name, to its tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const squad = newSquad({ userId: 'user-7' });
      await state.squads.create(tenant, squad);
      expect(await state.squads.find(tenant, squad.id)).toEqual(squad);
      expect(await state.squads.find(tenant, squad.name)).toEqual(squad);
      expect(await state.squads.find(foreign, squad.id)).toBeNull();
      expect(await state.squads.find(foreign, squad.name)).toBeNull();
      expect(await state.squads.atVersion(foreign, squad.id, 1)).toBeNull();
    });

    it('refuses a name that its tenant has already, and allows it in another tenant', async () => {
      const { tenant, foreign } = twoTenants();
      await state.squads.create(tenant, newSquad({ name: 'core' }));
      await expect(state.squads.create(tenant, newSquad({ name: 'core' }))).rejects.toMatchObject({
        code: 'NAME_TAKEN',
      });
      await state.squads.create(foreign, newSquad({ name: 'core' }));
    });

    it('replaces a version by the next one and keeps both', async () => {
      const { tenant, foreign } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const next = { ...squad, name: `${squad.name}-renamed`, version: 2, updatedAt: squad.updatedAt + 1 };
      await expect(state.squads.replace(foreign, next)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await state.squads.replace(tenant, next);
      expect(await state.squads.find(tenant, next.name)).toEqual(next);
      expect(await state.squads.find(tenant, squad.name)).toBeNull();
      expect(await state.squads.atVersion(tenant, squad.id, 1)).toEqual(squad);
      expect(await state.squads.atVersion(tenant, squad.id, 2)).toEqual(next);
      expect(await state.squads.atVersion(tenant, squad.id, 3)).toBeNull();
    });

    it('refuses a change of a version that is no longer the newest, naming both', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      await state.squads.replace(tenant, { ...squad, version: 2 });
      const late = state.squads.replace(tenant, { ...squad, version: 2 });
      await expect(late).rejects.toMatchObject({
        code: 'STALE_VERSION',
        details: { expectedVersion: 1, currentVersion: 2 },
      });
    });

    it('lets exactly one of many simultaneous changes win', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const changes = Array.from({ length: 20 }, (_, number) =>
        state.squads.replace(tenant, { ...squad, description: `change ${number}`, version: 2 }),
      );
      const outcomes = await Promise.allSettled(changes);
      const winners = outcomes.flatMap(({ status }, number) => (status === 'fulfilled' ? [number] : []));
      expect(winners).toHaveLength(1);
      expect((await state.squads.find(tenant, squad.id))?.description).toBe(`change ${winners[0]}`);
    });

    it('refuses a new name that is taken, and lets a squad keep its own', async () => {
      const { tenant } = twoTenants();
      const [first, second] = [newSquad(), newSquad()];
      await state.squads.create(tenant, first);
      await state.squads.create(tenant, second);
      const taking = state.squads.replace(tenant, { ...second, name: first.name, version: 2 });
      await expect(taking).rejects.toMatchObject({ code: 'NAME_TAKEN' });
      await state.squads.replace(tenant, { ...second, version: 2 });
    });

    it('lists newest first, page by page, the squads of the tenant', async () => {
      const { tenant, foreign } = twoTenants();
      const squads = [newSquad(), newSquad(), newSquad()];
      for (const squad of squads) await state.squads.create(tenant, squad);
      await state.squads.create(foreign, newSquad());
      const newest = squads.toReversed();
      expect(await state.squads.list(tenant, { limit: 2 })).toEqual(newest.slice(0, 2));
      const before = newest[1]?.id ?? '';
      expect(await state.squads.list(tenant, { limit: 2, before })).toEqual(newest.slice(2));
    });

    it('lists those that a user made', async () => {
      const { tenant, foreign } = twoTenants();
      const squads = [newSquad({ userId: 'u1' }), newSquad({ userId: 'u2' }), newSquad(), newSquad({ userId: 'u1' })];
      for (const squad of squads) await state.squads.create(tenant, squad);
      await state.squads.create(foreign, newSquad({ userId: 'u1' }));
      const [first, , , last] = squads;
      expect(await state.squads.list(tenant, { limit: 10, userId: 'u1' })).toEqual([last, first]);
      expect(await state.squads.list(tenant, { limit: 10, userId: 'u1', before: last?.id ?? '' })).toEqual([first]);
      expect(await state.squads.list(tenant, { limit: 10, userId: 'nobody' })).toEqual([]);
    });

    it.each(['created', 'queued', 'running'] as const)(
      'is not removed while an execution of it is %s',
      async (status) => {
        const { tenant, foreign } = twoTenants();
        const squad = newSquad();
        await state.squads.create(tenant, squad);
        const execution = newExecution({ squadId: squad.id, squadVersion: 1, status });
        await state.executions.submit(tenant, execution);
        await expect(state.squads.remove(foreign, squad.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(state.squads.remove(tenant, squad.id)).rejects.toMatchObject({ code: 'OPEN_EXECUTIONS' });
        await state.executions.cancel(tenant, execution.id, null);
        await state.squads.remove(tenant, squad.id);
      },
    );

    it('is removed at the version that was read, where one is named', async () => {
      const { tenant, foreign } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      await state.squads.replace(tenant, { ...squad, version: 2 });
      await expect(state.squads.remove(foreign, squad.id, 2)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(state.squads.remove(tenant, squad.id, 1)).rejects.toMatchObject({
        code: 'STALE_VERSION',
        details: { expectedVersion: 1, currentVersion: 2 },
      });
      await state.squads.remove(tenant, squad.id, 2);
      expect(await state.squads.find(tenant, squad.id)).toBeNull();
    });

    it('is removed when its executions have ended, and its versions stay for them', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      await ended(state, tenant, 'completed', { squadId: squad.id, squadVersion: 1 });
      await state.squads.remove(tenant, squad.id);
      expect(await state.squads.find(tenant, squad.id)).toBeNull();
      expect(await state.squads.atVersion(tenant, squad.id, 1)).toEqual(squad);
      await expect(state.squads.remove(tenant, squad.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await state.squads.create(tenant, newSquad({ name: squad.name }));
    });
  });
}
