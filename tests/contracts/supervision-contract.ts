import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { completedStep, ended, newExecution, running, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

const start = Date.UTC(2026, 0, 1, 12);

/** What every `SupervisionReports` tells. */
export function supervisionContract(open: OpenState): void {
  const clock = new TestClock(start);
  let state: ContractState;
  beforeAll(async () => {
    state = await open(clock);
  });
  afterAll(() => state[Symbol.asyncDispose]());
  const at = { createdAt: start };

  describe('supervision', () => {
    it('counts what is open and what ended since a time, of the tenant alone', async () => {
      clock.set(start);
      const { tenant, foreign } = twoTenants();
      await ended(state, tenant, 'completed', at);
      await ended(state, tenant, 'failed', at);
      await ended(state, foreign, 'completed', at);
      clock.set(start + 1_000);
      await ended(state, tenant, 'completed', at);
      await state.executions.submit(tenant, newExecution({ ...at, status: 'created' }));
      await state.executions.submit(tenant, newExecution(at));
      await running(state, tenant, at);
      const { session } = await running(state, tenant, at);
      await session.commit({ records: [status('waiting', { wakeAt: null })] });
      const { id } = await running(state, tenant, at);
      await state.executions.cancel(tenant, id, null);
      const openNow = { created: 1, queued: 1, running: 1, waiting: 1, failed: 1 };
      expect(await state.supervision.activity(tenant, start)).toEqual({
        open: openNow,
        ended: { completed: 2, failed: 1, cancelled: 1 },
        since: start,
      });
      expect(await state.supervision.activity(tenant, start + 1)).toEqual({
        open: openNow,
        ended: { completed: 1, failed: 0, cancelled: 1 },
        since: start + 1,
      });
      expect((await state.supervision.activity(foreign, start)).ended).toEqual({
        completed: 1,
        failed: 0,
        cancelled: 0,
      });
    });

    it('finds what records nothing any more, the oldest first', async () => {
      clock.set(start);
      const { tenant, foreign } = twoTenants();
      const first = await running(state, tenant, { ...at, squadId: 'crew', squadVersion: 1 });
      const second = await running(state, tenant, at);
      const queued = newExecution(at);
      await state.executions.submit(tenant, queued);
      await running(state, foreign, at);
      clock.set(start + 1_000);
      const waits = await running(state, tenant, at);
      await waits.session.commit({ records: [status('waiting', { wakeAt: null })] });
      const sleeps = await running(state, tenant, at);
      await sleeps.session.commit({ records: [status('waiting', { wakeAt: start + 5_000 })] });
      const quiet = async (are: 'queued' | 'running' | 'waiting' | 'due', before: number, limit = 10) =>
        (await state.supervision.quiet(tenant, { are, before: start + before, limit })).map(({ id }) => id);
      expect(await quiet('running', 0)).toEqual([]);
      expect(await quiet('running', 1)).toEqual([first.id, second.id]);
      expect(await quiet('running', 1, 1)).toEqual([first.id]);
      expect(await quiet('queued', 1)).toEqual([queued.id]);
      expect(await quiet('waiting', 1_000)).toEqual([]);
      expect(await quiet('waiting', 9_000)).toEqual([waits.id]);
      expect(await quiet('due', 5_000)).toEqual([]);
      expect(await quiet('due', 5_001)).toEqual([sleeps.id]);
      await first.session.commit({ records: [completedStep('one')] });
      expect(await quiet('running', 1_000)).toEqual([second.id]);
      const [found] = await state.supervision.quiet(tenant, { are: 'running', before: start + 1_001, limit: 1 });
      expect(found).toEqual({
        id: first.id,
        workflow: 'feature',
        squadId: 'crew',
        createdAt: start,
        lastAt: start + 1_000,
        wakeAt: null,
      });
    });

    it('tells what failed of late and was not retried, the newest first, and why', async () => {
      clock.set(start);
      const { tenant, foreign } = twoTenants();
      const old = await ended(state, tenant, 'failed', at);
      clock.set(start + 1_000);
      const young = await ended(state, tenant, 'failed', at);
      await ended(state, foreign, 'failed', at);
      const failed = async (since: number, limit = 10) =>
        (await state.supervision.failed(tenant, start + since, limit)).map(({ id }) => id);
      expect(await failed(0)).toEqual([young, old]);
      expect(await failed(0, 1)).toEqual([young]);
      expect(await failed(1)).toEqual([young]);
      expect((await state.supervision.failed(tenant, start, 1))[0]).toEqual({
        id: young,
        workflow: 'feature',
        endedAt: start + 1_000,
        reason: 'broken',
      });
      await state.executions.retry(tenant, young);
      expect(await failed(0)).toEqual([old]);
    });
  });
}
