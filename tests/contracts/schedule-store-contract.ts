import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import type { NewSchedule, ScheduleTurn } from '../../src/work/schedule-store.ts';
import { newId, newSquad, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const start = Date.UTC(2026, 0, 1);
const most = 1_000;
const maxWaiting = 2;
/** The nth tick of the schedules of these tests. */
const tick = (n: number): number => start + n * 60_000;

/** What every `ScheduleStore` does. */
export function scheduleStoreContract(open: OpenState): void {
  describe('a schedule store', () => {
    let state: ContractState;
    const clock = new TestClock(start);
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    const create = async (tenant: string, given: Partial<NewSchedule> = {}): Promise<string> => {
      const schedule = newSchedule(given);
      expect(await state.schedules.create(tenant, schedule, most)).toBe(schedule.id);
      return schedule.id;
    };
    const fire = (tenant: string, id: string, n: number, given: Partial<ScheduleTurn> = {}) =>
      state.schedules.turn(tenant, id, turnOf(n, given), maxWaiting);
    const statusOf = async (tenant: string, id: string): Promise<string | undefined> =>
      (await state.reports.get(tenant, id))?.status;
    /** Runs an execution to its end. */
    const end = async (tenant: string, id: string, how: 'completed' | 'failed' = 'completed'): Promise<void> => {
      const claim = await state.executions.claim(tenant, id);
      const error = { name: 'Error', message: 'broken' };
      const record = how === 'failed' ? status('failed', { error }) : status('completed', { output: '1' });
      await claim?.session.commit({ records: [record] });
    };

    it('gives back what was stored, to the tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const rhythm = { kind: 'cron', cron: '0 9 * * mon-fri', timezone: 'Europe/Berlin' } as const;
      const given = { name: 'mornings', userId: 'u', rhythm, overlap: 'queue', missed: 'all', priority: 7 } as const;
      const schedule = newSchedule(given);
      const id = await state.schedules.create(tenant, schedule, most);
      const found = await state.schedules.get(tenant, id);
      const { idempotency: _, isRequest: __, ...shown } = schedule;
      expect(found).toEqual({
        ...shown,
        tenant,
        input: JSON.parse(schedule.input),
        lastTick: null,
        lastExecutionId: null,
        counts: { fired: 0, skipped: 0, missed: 0 },
      });
      expect(await state.schedules.named(tenant, 'mornings')).toEqual(found);
      expect(await state.schedules.list(tenant, { limit: 10 })).toEqual([found]);
      for (const nobody of [state.schedules.get(foreign, id), state.schedules.named(foreign, 'mornings')])
        expect(await nobody).toBeNull();
      expect(await state.schedules.list(foreign, { limit: 10 })).toEqual([]);
      expect(await fire(foreign, id, 1)).toBeNull();
      expect(await state.schedules.beginNext(foreign, id)).toBeNull();
      const unknown = { code: 'NOT_FOUND' };
      await expect(state.schedules.remove(foreign, id, null)).rejects.toMatchObject(unknown);
      const paused = { version: 1, status: 'paused', nextAt: null } as const;
      await expect(state.schedules.setStatus(foreign, id, paused)).rejects.toMatchObject(unknown);
      expect(await state.schedules.get(tenant, id)).toEqual(found);
    });

    it('lists newest first, by pages, and those that tick over all tenants', async () => {
      const { tenant, foreign } = twoTenants();
      const ids = [await create(tenant), await create(tenant), await create(tenant)];
      const theirs = await create(foreign);
      const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);
      expect(idsOf(await state.schedules.list(tenant, { limit: 2 }))).toEqual([ids[2], ids[1]]);
      expect(idsOf(await state.schedules.list(tenant, { limit: 2, before: ids[1] ?? '' }))).toEqual([ids[0]]);
      await state.schedules.setStatus(tenant, ids[1] ?? '', { version: 1, status: 'paused', nextAt: null });
      expect(idsOf(await state.schedules.list(tenant, { limit: 9, status: 'active' }))).toEqual([ids[2], ids[0]]);
      expect(idsOf(await state.schedules.list(tenant, { limit: 9, squadId: newId() }))).toEqual([]);
      const active = [];
      for (let after = ''; ; after = active.at(-1)?.schedule.id ?? '') {
        const page = await state.schedules.active(after, 1);
        if (page.length === 0) break;
        active.push(...page);
      }
      const own = active.map(({ schedule }) => schedule.id).filter((id) => [...ids, theirs].includes(id));
      expect(own).toEqual([ids[0], ids[2], theirs]);
    });

    it('is made once under an idempotency key, and refuses another request under it', async () => {
      const { tenant, foreign } = twoTenants();
      const idempotency = { key: 'k', requestHash: 'a' };
      const id = await create(tenant, { idempotency });
      expect(await state.schedules.create(tenant, newSchedule({ idempotency }), most)).toBe(id);
      const other = newSchedule({ idempotency: { ...idempotency, requestHash: 'b' } });
      await expect(state.schedules.create(tenant, other, most)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      await create(foreign, { idempotency });
      expect(await state.schedules.list(tenant, { limit: 9 })).toHaveLength(1);
    });

    it('refuses a name that is taken, a squad that is gone, and one more than there may be', async () => {
      const { tenant, foreign } = twoTenants();
      await create(tenant, { name: 'twice' });
      await create(foreign, { name: 'twice' });
      const refused = (given: Partial<NewSchedule>, code: string, atMost = most) =>
        expect(state.schedules.create(tenant, newSchedule(given), atMost)).rejects.toMatchObject({ code });
      await refused({ name: 'twice' }, 'NAME_TAKEN');
      await refused({ squadId: newId() }, 'UNKNOWN_SQUAD');
      await refused({}, 'TOO_MANY_SCHEDULES', 1);
      expect(await state.schedules.list(tenant, { limit: 9 })).toHaveLength(1);
    });

    it('fires a tick as one execution, with the input, the squad as it is then, and the tick in its metadata', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const id = await create(tenant, { squadId: squad.id, name: 'daily', userId: 'u', priority: 5 });
      await state.squads.replace(tenant, { ...squad, version: 2 });
      const executionId = newId();
      const result = await fire(tenant, id, 1, { fires: { tick: tick(1), executionId } });
      expect(result).toEqual({ firing: 'begun', begun: { executionId, priority: 5 } });
      expect(await state.reports.get(tenant, executionId)).toMatchObject({
        status: 'queued',
        workflow: 'feature',
        squadId: squad.id,
        squadVersion: 2,
        priority: 5,
        userId: 'u',
        input: { message: 'Look again' },
        metadata: { schedule: { id, name: 'daily', tick: '2026-01-01T00:01:00.000Z' } },
      });
      expect(await state.reports.messages(tenant, executionId, 0, 9)).toHaveLength(1);
      expect(await state.schedules.get(tenant, id)).toMatchObject({
        nextAt: tick(2),
        lastTick: tick(1),
        lastExecutionId: executionId,
        counts: { fired: 1, skipped: 0, missed: 0 },
        version: 1,
      });
      expect(await state.reports.list(tenant, { scheduleId: id, limit: 9 })).toMatchObject([{ id: executionId }]);
      expect(await state.reports.list(twoTenants().tenant, { scheduleId: id, limit: 9 })).toEqual([]);
    });

    it('decides about a tick once, however often and from how many sides it is asked to', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant, { overlap: 'queue' });
      const results = await Promise.all([fire(tenant, id, 1), fire(tenant, id, 1), fire(tenant, id, 1)]);
      expect(results.filter((result) => result !== null)).toHaveLength(1);
      expect(await state.reports.list(tenant, { scheduleId: id, limit: 9 })).toHaveLength(1);
      // A schedule that was put back to a tick that has fired goes past it.
      await state.schedules.setStatus(tenant, id, { version: 1, status: 'active', nextAt: tick(1) });
      expect(await fire(tenant, id, 1)).toMatchObject({ firing: 'none' });
      expect(await state.reports.list(tenant, { scheduleId: id, limit: 9 })).toHaveLength(1);
      expect(await state.schedules.get(tenant, id)).toMatchObject({ nextAt: tick(2), counts: { fired: 1 } });
    });

    it('skips a tick that finds work of an earlier one open, and counts it', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant);
      const first = await fire(tenant, id, 1);
      expect(await fire(tenant, id, 2)).toEqual({ firing: 'skipped', begun: null });
      const counts = { fired: 1, skipped: 1, missed: 0 };
      expect(await state.schedules.get(tenant, id)).toMatchObject({ counts, nextAt: tick(3), lastTick: tick(2) });
      await end(tenant, first?.begun?.executionId ?? '', 'failed');
      expect(await fire(tenant, id, 3)).toMatchObject({ firing: 'begun' });
    });

    it('queues ticks behind the work under way, in their order, as many as may wait', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant, { overlap: 'queue' });
      const ids = [1, 2, 3, 4].map(() => newId());
      const results = [];
      for (const [place, executionId] of ids.entries())
        results.push(await fire(tenant, id, place + 1, { fires: { tick: tick(place + 1), executionId } }));
      expect(results.map((result) => result?.firing)).toEqual(['begun', 'waits', 'waits', 'skipped']);
      const active = (await state.schedules.active('', 1_000)).find(({ schedule }) => schedule.id === id);
      expect(active).toMatchObject({ underWay: ids[0], waiting: 2 });
      expect(await state.schedules.beginNext(tenant, id)).toBeNull();
      await end(tenant, ids[0] ?? '');
      const begun = await Promise.all([1, 2].map(() => state.schedules.beginNext(tenant, id)));
      expect(begun.filter((one) => one !== null)).toEqual([{ executionId: ids[1], priority: 0 }]);
      expect(await Promise.all(ids.map((one) => statusOf(tenant, one)))).toEqual([
        'completed',
        'queued',
        'created',
        undefined,
      ]);
      // An end that went by unseen: the next tick begins what waits, and waits itself.
      await end(tenant, ids[1] ?? '');
      expect(await fire(tenant, id, 5)).toEqual({ firing: 'waits', begun: { executionId: ids[2], priority: 0 } });
    });

    it('counts ticks that were missed or left out, without an execution', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant);
      const turn = { fires: null, missed: 3, skipped: 2, lastTick: tick(5), nextAt: null };
      expect(await fire(tenant, id, 1, turn)).toEqual({ firing: 'none', begun: null });
      expect(await state.schedules.get(tenant, id)).toMatchObject({
        counts: { fired: 0, skipped: 2, missed: 3 },
        lastTick: tick(5),
        nextAt: null,
        lastExecutionId: null,
      });
    });

    it('does nothing while it is paused, and goes on from the tick it is given', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant, { overlap: 'queue' });
      const first = await fire(tenant, id, 1);
      await fire(tenant, id, 2);
      await state.schedules.setStatus(tenant, id, { version: 1, status: 'paused', nextAt: null });
      expect(await state.schedules.get(tenant, id)).toMatchObject({ status: 'paused', version: 2, nextAt: null });
      expect(await fire(tenant, id, 3)).toBeNull();
      await end(tenant, first?.begun?.executionId ?? '');
      expect(await state.schedules.beginNext(tenant, id)).toBeNull();
      const resume = { status: 'active', nextAt: tick(9) } as const;
      await expect(state.schedules.setStatus(tenant, id, { ...resume, version: 1 })).rejects.toMatchObject({
        code: 'STALE_VERSION',
        details: { currentVersion: 2 },
      });
      await state.schedules.setStatus(tenant, id, { ...resume, version: 2 });
      expect(await fire(tenant, id, 3)).toBeNull();
      expect(await fire(tenant, id, 9)).toMatchObject({ firing: 'waits', begun: { priority: 0 } });
    });

    it('is removed with what waits of it, which is cancelled; what is under way goes on', async () => {
      const { tenant } = twoTenants();
      const id = await create(tenant, { overlap: 'queue' });
      const ids = [1, 2].map(() => newId());
      for (const [place, executionId] of ids.entries())
        await fire(tenant, id, place + 1, { fires: { tick: tick(place + 1), executionId } });
      await expect(state.schedules.remove(tenant, id, 7)).rejects.toMatchObject({ code: 'STALE_VERSION' });
      expect(await state.schedules.remove(tenant, id, 1)).toEqual([{ executionId: ids[1], priority: 0 }]);
      expect(await Promise.all(ids.map((one) => statusOf(tenant, one)))).toEqual(['queued', 'cancelled']);
      expect(await state.schedules.get(tenant, id)).toBeNull();
      expect(await fire(tenant, id, 3)).toBeNull();
      await expect(state.schedules.remove(tenant, id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('keeps its squad from being removed', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const id = await create(tenant, { squadId: squad.id });
      await expect(state.squads.remove(tenant, squad.id)).rejects.toMatchObject({
        code: 'SQUAD_SCHEDULED',
        details: { schedules: 1 },
      });
      await state.schedules.remove(tenant, id, null);
      await state.squads.remove(tenant, squad.id);
      expect(await state.squads.find(tenant, squad.id)).toBeNull();
    });
  });
}

/** A schedule that ticks every minute. */
function newSchedule(given: Partial<NewSchedule> = {}): NewSchedule {
  return {
    id: newId(),
    name: null,
    userId: null,
    status: 'active',
    version: 1,
    rhythm: { kind: 'every', everyMs: 60_000, startMs: start },
    squadId: null,
    workflow: 'feature',
    input: '{"message":"Look again"}',
    isRequest: true,
    priority: 0,
    overlap: 'skip',
    missed: 'once',
    nextAt: tick(1),
    createdAt: start,
    updatedAt: start,
    idempotency: null,
    ...given,
  };
}

/** The decision that the nth tick fires. */
function turnOf(n: number, given: Partial<ScheduleTurn>): ScheduleTurn {
  return {
    due: tick(n),
    fires: { tick: tick(n), executionId: newId() },
    missed: 0,
    skipped: 0,
    lastTick: tick(n),
    nextAt: tick(n + 1),
    ...given,
  };
}
