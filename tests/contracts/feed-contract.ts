import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedRecord } from '../../src/work/execution-store.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { completedStep, ended, newExecution, newId, newSquad, running, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** `id seq` of each record. */
function places(events: readonly FeedRecord[]): string[] {
  return events.map(({ executionId, record }) => `${executionId} ${record.seq}`);
}

/** What every adapter gives to who follows all executions of a tenant. */
export function feedContract(open: OpenState): void {
  describe('the feed of a tenant', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    /** All pages from a cursor on. */
    const readAll = async (tenant: string, after: string | null, limit = 100): Promise<FeedRecord[]> => {
      const all: FeedRecord[] = [];
      for (;;) {
        const page = await state.reports.feed(tenant, { after, limit });
        expect(page.events.length).toBeLessThanOrEqual(limit);
        all.push(...page.events);
        after = page.cursor;
        if (page.isEnd) return all;
      }
    };

    it('has every record once, in the order of the commits, as the executions themselves tell them', async () => {
      const { tenant } = twoTenants();
      const runs = [await running(state, tenant), await running(state, tenant), await running(state, tenant)];
      for (const round of ['a', 'b']) {
        for (const { session } of runs)
          await session.commit({ records: [completedStep(round), completedStep(`${round}2`)] });
      }
      const all = await readAll(tenant, null);
      expect(all.length).toBe(3 * 7);
      for (const { id } of runs) {
        const own = all.filter(({ executionId }) => executionId === id).map(({ record }) => record);
        expect(own).toEqual(await state.reports.records(tenant, id, 0, 100));
      }
      expect(places(all).slice(9, 15)).toEqual(runs.flatMap(({ id }) => [`${id} 4`, `${id} 5`]));
      for (const limit of [1, 2, 7]) expect(await readAll(tenant, null, limit)).toEqual(all);
      for (const [place, { cursor }] of all.entries())
        expect(await readAll(tenant, cursor)).toEqual(all.slice(place + 1));
    });

    it('tells where it ends, and goes on from there with what is committed later', async () => {
      const { tenant } = twoTenants();
      const end = await state.reports.feedEnd(tenant);
      expect(await state.reports.feed(tenant, { after: end, limit: 10 })).toEqual({
        events: [],
        cursor: end,
        isEnd: true,
      });
      const { id, session } = await running(state, tenant);
      const first = await state.reports.feed(tenant, { after: end, limit: 10 });
      expect(places(first.events)).toEqual([`${id} 1`, `${id} 2`, `${id} 3`]);
      await session.commit({ records: [completedStep('a')] });
      const second = await state.reports.feed(tenant, { after: first.cursor, limit: 10 });
      expect(places(second.events)).toEqual([`${id} 4`]);
      for (const after of [second.cursor, second.events.at(-1)?.cursor ?? ''])
        expect((await state.reports.feed(tenant, { after, limit: 10 })).events).toEqual([]);
    });

    it('has nothing of other tenants, and takes no longer way round them than its end', async () => {
      const { tenant, foreign } = twoTenants();
      const before = await state.reports.feedEnd(tenant);
      await running(state, foreign);
      const page = await state.reports.feed(tenant, { after: before, limit: 10 });
      expect(page).toEqual({ events: [], cursor: await state.reports.feedEnd(tenant), isEnd: true });
    });

    it('can be narrowed to one squad', async () => {
      const { tenant } = twoTenants();
      const [squad, other] = [newSquad(), newSquad()];
      for (const made of [squad, other]) await state.squads.create(tenant, made);
      const mine = await running(state, tenant, { squadId: squad.id, squadVersion: 1 });
      await running(state, tenant, { squadId: other.id, squadVersion: 1 });
      await running(state, tenant);
      const { events } = await state.reports.feed(tenant, { after: null, squadId: squad.id, limit: 100 });
      expect(new Set(events.map(({ executionId }) => executionId))).toEqual(new Set([mine.id]));
      expect((await state.reports.feed(tenant, { after: null, squadId: newId(), limit: 100 })).events).toEqual([]);
    });

    it('includes what commands from outside record', async () => {
      const { tenant } = twoTenants();
      const { id } = await state.executions.submit(tenant, newExecution({ status: 'created' }));
      await state.executions.start(tenant, id);
      await state.executions.claim(tenant, id);
      await state.executions.cancel(tenant, id, 'enough');
      const told = (await readAll(tenant, null)).map(({ record }) =>
        record.kind === 'status' ? record.status : record.kind,
      );
      expect(told).toEqual(['message', 'created', 'queued', 'running', 'cancelled']);
    });

    it('keeps its place when what lay at the end is deleted: later records come after it', async () => {
      const { tenant } = twoTenants();
      await ended(state, tenant, 'completed');
      const before = await state.reports.feedEnd(tenant);
      await clock.advance(1_000);
      expect(await state.executions.prune(clock.now(), 1_000)).toBeGreaterThan(0);
      expect(await readAll(tenant, null)).toEqual([]);
      const { id } = await running(state, tenant);
      expect(places(await readAll(tenant, before))).toEqual([`${id} 1`, `${id} 2`, `${id} 3`]);
      const [first] = await readAll(tenant, null);
      await ended(state, tenant, 'completed');
      await clock.advance(1_000);
      await state.executions.prune(clock.now(), 1_000);
      await ended(state, tenant, 'failed');
      const after = await readAll(tenant, first?.cursor ?? null);
      expect(after.map(({ executionId, record: { seq } }) => (executionId === id ? seq : 'later'))).toEqual([
        2,
        3,
        'later',
        'later',
        'later',
        'later',
      ]);
    });

    it('refuses a cursor that it did not give', async () => {
      const { tenant } = twoTenants();
      await running(state, tenant);
      const cursor = await state.reports.feedEnd(tenant);
      const wrong = [
        '',
        'x',
        '0',
        '12',
        cursor.slice(1),
        `${cursor}A`,
        `B${cursor.slice(1)}`,
        cursor.toUpperCase(),
        'AAAAAAAAAAAAAA',
        '🚀',
      ];
      for (const after of wrong) {
        const refusal = state.reports.feed(tenant, { after, limit: 1 }).then(() => 'taken', String);
        expect([after, await refusal]).toEqual([after, expect.stringContaining('not one that this state gave')]);
      }
    });

    it('never passes over a record, whoever commits meanwhile', async () => {
      const { tenant } = twoTenants();
      const sessions = await Promise.all(Array.from({ length: 20 }, () => running(state, tenant)));
      const start = await state.reports.feedEnd(tenant);
      const writing = Promise.all(
        sessions.map(async ({ session }) => {
          for (let n = 0; n < 10; n++) await session.commit({ records: [completedStep(`s${n}`)] });
          await session.commit({ records: [status('completed', { output: '1' })] });
        }),
      );
      const seen: FeedRecord[] = [];
      let cursor = start;
      let last = false;
      void writing.then(() => (last = true));
      for (;;) {
        const wasLast = last;
        const page = await state.reports.feed(tenant, { after: cursor, limit: 7 });
        seen.push(...page.events);
        ({ cursor } = page);
        if (wasLast && page.isEnd) break;
      }
      expect(seen.length).toBe(20 * 11);
      expect(seen).toEqual(await readAll(tenant, start));
    });
  });
}
