import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Housekeeping, pruneOld } from '../../src/orchestrator/housekeeping.ts';
import { ended, newExecution, twoTenants } from '../contracts/contract-state.ts';
import type { ContractState } from '../contracts/contract-state.ts';
import { replaced } from '../support/metered-store.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';
import { openTemporaryState } from '../work/sqlite/open-state.ts';

const dayMs = 86_400_000;
let clock: TestClock;
let state: ContractState;
beforeEach(async () => {
  clock = new TestClock();
  state = await openTemporaryState(clock);
});
afterEach(() => state[Symbol.asyncDispose]());

describe('deleting what is old', () => {
  it('goes batch by batch until nothing old is left, and leaves failed and open executions', async () => {
    const { tenant } = twoTenants();
    await Promise.all(Array.from({ length: 450 }, () => ended(state, tenant, 'completed')));
    const failed = await ended(state, tenant, 'failed');
    const open = newExecution();
    await state.executions.submit(tenant, open);
    clock.set(clock.now() + dayMs);
    const young = await ended(state, tenant, 'completed');
    const batches: number[] = [];
    const counting = replaced(state.executions, {
      prune: async (before, atMost) => {
        const count = await state.executions.prune(before, atMost);
        batches.push(count);
        return count;
      },
    });
    expect(await pruneOld(counting, clock.now() - 1)).toBe(450);
    expect(batches).toEqual([200, 200, 50]);
    for (const id of [failed, open.id, young]) expect(await state.reports.get(tenant, id)).not.toBeNull();
  });
});

describe('housekeeping', () => {
  it('deletes what ended longer ago than is kept, again and again, until it is disposed', async () => {
    const { tenant } = twoTenants();
    const errors: unknown[] = [];
    const housekeeping = new Housekeeping(state.executions, clock, 2, (error) => errors.push(error));
    housekeeping.start();
    const first = await ended(state, tenant, 'completed');
    const isThere = async (id: string): Promise<boolean> => (await state.reports.get(tenant, id)) !== null;
    // It looks ten times in what is kept; 4.8 hours here.
    const look = async (): Promise<void> => {
      clock.set(clock.now() + 0.2 * dayMs);
      await clock.advance(0);
      await state.executions.prune(0, 1);
      await settle();
    };
    for (let looks = 0; looks < 10; looks++) await look();
    expect(await isThere(first)).toBe(true);
    await look();
    expect(await isThere(first)).toBe(false);
    const second = await ended(state, tenant, 'completed');
    housekeeping[Symbol.dispose]();
    for (let looks = 0; looks < 20; looks++) await look();
    expect(await isThere(second)).toBe(true);
    expect(errors).toEqual([]);
  });

  it('ends with the batch in hand when it is disposed, and tells of no failure that closing makes', async () => {
    const errors: unknown[] = [];
    const batches: ((count: number) => void)[] = [];
    const slow = replaced(state.executions, { prune: () => new Promise<number>((resolve) => batches.push(resolve)) });
    const housekeeping = new Housekeeping(slow, clock, 1, (error) => errors.push(error));
    housekeeping.start();
    await clock.advance(0.1 * dayMs);
    batches[0]?.(200);
    await settle();
    expect(batches).toHaveLength(2);
    housekeeping[Symbol.dispose]();
    batches[1]?.(200);
    await settle();
    expect(batches).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it('tells of a failure and goes on', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const failing = replaced(state.executions, {
      prune: () => (++calls === 1 ? Promise.reject(new Error('The disk is full')) : Promise.resolve(0)),
    });
    using housekeeping = new Housekeeping(failing, clock, 1, (error) => errors.push(error));
    housekeeping.start();
    await clock.advance(0.1 * dayMs);
    await clock.advance(0.1 * dayMs);
    expect(errors).toMatchObject([{ message: 'The disk is full' }]);
    expect(calls).toBe(2);
  });

  it('keeps everything for ever when nothing is to be deleted', () => {
    const timers = clock.timers;
    using housekeeping = new Housekeeping(state.executions, clock, 0, () => {});
    housekeeping.start();
    expect(clock.timers).toBe(timers);
  });
});
