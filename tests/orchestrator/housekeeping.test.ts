import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Housekeeping, Pruning } from '../../src/orchestrator/housekeeping.ts';
import type { Remains } from '../../src/orchestrator/housekeeping.ts';
import type { ExecutionStore } from '../../src/work/execution-store.ts';
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

/** Pruning of executions that have no files, and hears of none that stay, where nothing else is said. */
function pruning(executions: ExecutionStore, remains: Remains = noFiles, leftOver: string[] = []): Pruning {
  return new Pruning({
    executions,
    convoys: state.convoys,
    workspaces: remains,
    metrics: { catchUp: async () => {} },
    onLeftOver: (id) => leftOver.push(id),
  });
}

const noFiles: Remains = { remove: () => Promise.resolve() };

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
      prune: async (...prune) => {
        const count = await state.executions.prune(...prune);
        batches.push(count);
        return count;
      },
    });
    expect(await pruning(counting).run(clock.now() - 1)).toBe(450);
    expect(batches).toEqual([200, 200, 50]);
    for (const id of [failed, open.id, young]) expect(await state.reports.get(tenant, id)).not.toBeNull();
  });
});

describe('the files of what is old', () => {
  it('go before the execution does, so that whoever dies in between leaves nothing that nobody knows of', async () => {
    const { tenant } = twoTenants();
    const ids = [await ended(state, tenant, 'completed'), await ended(state, tenant, 'completed')];
    const failed = await ended(state, tenant, 'failed');
    clock.set(clock.now() + dayMs);
    const removed: string[] = [];
    const dying: Remains = { remove: () => new Promise(() => {}) };
    void pruning(state.executions, dying).run(clock.now());
    await settle();
    for (const id of ids) expect(await state.reports.get(tenant, id)).not.toBeNull();
    const witness: Remains = {
      remove: async (id) => {
        expect(await state.reports.get(tenant, id)).not.toBeNull();
        removed.push(id);
      },
    };
    expect(await pruning(state.executions, witness).run(clock.now())).toBe(2);
    expect(removed.toSorted()).toEqual(ids.toSorted());
    expect(await state.reports.get(tenant, failed)).not.toBeNull();
  });

  it('that cannot be deleted are told of, and keep no execution', async () => {
    const { tenant } = twoTenants();
    const [first, second] = [await ended(state, tenant, 'completed'), await ended(state, tenant, 'completed')];
    clock.set(clock.now() + dayMs);
    const leftOver: string[] = [];
    const stubborn: Remains = {
      remove: (id) => (id === first ? Promise.reject(new Error('EBUSY')) : Promise.resolve()),
    };
    expect(await pruning(state.executions, stubborn, leftOver).run(clock.now())).toBe(2);
    expect(leftOver).toEqual([first]);
    for (const id of [first, second]) expect(await state.reports.get(tenant, id)).toBeNull();
  });
});

describe('housekeeping', () => {
  it('deletes what ended longer ago than is kept, again and again, until it is disposed', async () => {
    const { tenant } = twoTenants();
    const errors: unknown[] = [];
    const pruned: Promise<number>[] = [];
    const watched = replaced(state.executions, {
      prune: (...prune) => {
        const count = state.executions.prune(...prune);
        pruned.push(count);
        return count;
      },
    });
    const housekeeping = new Housekeeping(pruning(watched), clock, 2, (error) => errors.push(error));
    housekeeping.start();
    const first = await ended(state, tenant, 'completed');
    const isThere = async (id: string): Promise<boolean> => (await state.reports.get(tenant, id)) !== null;
    // It looks ten times in what is kept; 4.8 hours here.
    const look = async (): Promise<void> => {
      clock.set(clock.now() + 0.2 * dayMs);
      await clock.advance(0);
      await Promise.all(pruned);
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
    const housekeeping = new Housekeeping(pruning(slow), clock, 1, (error) => errors.push(error));
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
    using housekeeping = new Housekeeping(pruning(failing), clock, 1, (error) => errors.push(error));
    housekeeping.start();
    await clock.advance(0.1 * dayMs);
    await clock.advance(0.1 * dayMs);
    expect(errors).toMatchObject([{ message: 'The disk is full' }]);
    expect(calls).toBe(2);
  });

  it('keeps everything for ever when nothing is to be deleted', () => {
    const timers = clock.timers;
    using housekeeping = new Housekeeping(pruning(state.executions), clock, 0, () => {});
    housekeeping.start();
    expect(clock.timers).toBe(timers);
  });
});
