import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkItem, WorkItemStatus } from '../../src/work/work-item.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { newItem, running, status, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';
import { itemAt } from './work-item-store-contract.ts';

/** What every `WorkItemStore` does with items that depend on each other, and with those an execution owns. */
export function workItemDependenciesContract(open: OpenState): void {
  let state: ContractState;
  beforeAll(async () => {
    state = await open(new TestClock());
  });
  afterAll(() => state[Symbol.asyncDispose]());

  const create = (tenant: string, given: Partial<WorkItem> = {}) => state.workItems.create(tenant, newItem(given));
  const move = async (tenant: string, id: string, ...way: readonly WorkItemStatus[]): Promise<void> => {
    for (const next of way) {
      const item = await state.workItems.get(tenant, id);
      await state.workItems.update(tenant, id, item?.version ?? 0, { status: next });
    }
  };
  const statusOf = async (tenant: string, item: WorkItem) => (await state.workItems.get(tenant, item.id))?.status;
  const reasonOf = async (tenant: string, item: WorkItem) => (await state.workItems.get(tenant, item.id))?.reason;

  describe('work items that depend on each other', () => {
    it('are blocked until the last dependency has completed', async () => {
      const { tenant } = twoTenants();
      const [one, two] = [await create(tenant), await create(tenant)];
      const waiting = await create(tenant, { dependencies: [one.id, two.id] });
      expect(waiting.status).toBe('blocked');
      await move(tenant, one.id, 'in_progress', 'completed');
      expect(await statusOf(tenant, waiting)).toBe('blocked');
      await move(tenant, two.id, 'in_progress', 'completed');
      const readied = await state.workItems.get(tenant, waiting.id);
      expect(readied).toMatchObject({ status: 'ready', version: waiting.version + 1 });
      expect((await create(tenant, { dependencies: [one.id, two.id] })).status).toBe('ready');
    });

    it('that nobody has released stay pending when their dependencies complete', async () => {
      const { tenant } = twoTenants();
      const one = await create(tenant);
      const held = await create(tenant, { status: 'pending', dependencies: [one.id] });
      await move(tenant, one.id, 'in_progress', 'completed');
      expect(await statusOf(tenant, held)).toBe('pending');
      await move(tenant, held.id, 'ready');
    });

    it('become ready or blocked only as their dependencies say', async () => {
      const { tenant } = twoTenants();
      const one = await create(tenant);
      const held = await create(tenant, { status: 'pending', dependencies: [one.id] });
      await expect(move(tenant, held.id, 'ready')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      await move(tenant, held.id, 'blocked');
      await expect(move(tenant, held.id, 'ready')).rejects.toMatchObject({
        code: 'ILLEGAL_TRANSITION',
        details: { currentStatus: 'blocked' },
      });
      const free = await create(tenant, { status: 'pending' });
      await expect(move(tenant, free.id, 'blocked')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
    });

    it.each([
      ['failed', ['in_progress', 'failed'], 'failed'],
      ['cancelled', ['cancelled'], 'was cancelled'],
    ] as const)('are cancelled at once, all the way down, when one is %s', async (_, way, said) => {
      const { tenant } = twoTenants();
      const first = await create(tenant, { title: 'The plan' });
      const next = await create(tenant, { title: 'The form', dependencies: [first.id] });
      const last = await create(tenant, { dependencies: [next.id] });
      const held = await create(tenant, { status: 'pending', dependencies: [first.id] });
      await move(tenant, first.id, ...way);
      for (const item of [next, last, held]) expect(await statusOf(tenant, item)).toBe('cancelled');
      expect(await reasonOf(tenant, next)).toBe(`it depends on 'The plan' (${first.id}), which ${said}`);
      const cause = `was cancelled because 'The plan' (${first.id}) ${said}`;
      expect(await reasonOf(tenant, last)).toBe(`it depends on 'The form' (${next.id}), which ${cause}`);
      const late = await create(tenant, { dependencies: [first.id] });
      expect(late).toMatchObject({ status: 'cancelled', reason: expect.stringContaining(first.id) });
      expect(await state.workItems.get(tenant, late.id)).toEqual(late);
    });

    it('are cancelled when one is deleted before it completed, and not after', async () => {
      const { tenant } = twoTenants();
      const [done, open] = [await itemAt(state, tenant, 'completed'), await create(tenant)];
      const [free, waiting] = [
        await create(tenant, { dependencies: [done.id] }),
        await create(tenant, { dependencies: [open.id] }),
      ];
      await state.workItems.remove(tenant, done.id, null);
      await state.workItems.remove(tenant, open.id, null);
      expect(await statusOf(tenant, free)).toBe('ready');
      expect(await statusOf(tenant, waiting)).toBe('cancelled');
      expect(await reasonOf(tenant, waiting)).toContain('was deleted');
    });

    it('are readied by what is left when a completed one is deleted', async () => {
      const { tenant } = twoTenants();
      const [done, open] = [await itemAt(state, tenant, 'completed'), await create(tenant)];
      const waiting = await create(tenant, { dependencies: [done.id, open.id] });
      await state.workItems.remove(tenant, done.id, null);
      await move(tenant, open.id, 'in_progress', 'completed');
      expect(await statusOf(tenant, waiting)).toBe('ready');
    });

    it('are refused when a dependency is unknown or belongs to another tenant', async () => {
      const { tenant, foreign } = twoTenants();
      const theirs = await create(foreign);
      const [own, nobody] = [await create(tenant), newItem().id];
      const refusal = { code: 'UNKNOWN_DEPENDENCY', details: { unknown: [theirs.id, nobody] } };
      const dependencies = [own.id, theirs.id, nobody];
      await expect(create(tenant, { dependencies })).rejects.toMatchObject(refusal);
      await expect(state.workItems.update(tenant, own.id, 1, { dependencies: [nobody] })).rejects.toMatchObject({
        code: 'UNKNOWN_DEPENDENCY',
      });
      expect(await state.workItems.list(tenant, { limit: 10 })).toEqual([own]);
    });

    it('are refused when they would wait for each other, and the circle is named', async () => {
      const { tenant } = twoTenants();
      const itself = newItem();
      const alone = state.workItems.create(tenant, { ...itself, dependencies: [itself.id] });
      await expect(alone).rejects.toMatchObject({
        code: 'DEPENDENCY_CYCLE',
        details: { circle: [itself.id, itself.id] },
      });
      const root = await create(tenant);
      const one = await create(tenant, { dependencies: [root.id] });
      const two = await create(tenant, { dependencies: [root.id, one.id] });
      const three = await create(tenant, { dependencies: [two.id] });
      const closing = state.workItems.update(tenant, one.id, 1, { dependencies: [root.id, three.id] });
      const circle = [one.id, three.id, two.id, one.id];
      await expect(closing).rejects.toMatchObject({ code: 'DEPENDENCY_CYCLE', details: { circle } });
      await expect(closing).rejects.toThrow(circle.join(' → '));
      expect(await state.workItems.get(tenant, one.id)).toEqual(one);
    });

    it('follow a change of their dependencies', async () => {
      const { tenant } = twoTenants();
      const [open, done] = [await create(tenant), await itemAt(state, tenant, 'completed')];
      const failed = await itemAt(state, tenant, 'failed');
      const item = await create(tenant, { dependencies: [open.id] });
      const ready = await state.workItems.update(tenant, item.id, 1, { dependencies: [done.id] });
      expect(ready).toMatchObject({ status: 'ready', dependencies: [done.id], version: 2 });
      await move(tenant, open.id, 'in_progress', 'failed');
      expect(await statusOf(tenant, item)).toBe('ready');
      const other = await create(tenant);
      const back = state.workItems.update(tenant, item.id, 2, { dependencies: [other.id] });
      await expect(back).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', details: { currentStatus: 'ready' } });
      const lost = await state.workItems.update(tenant, item.id, 2, { dependencies: [failed.id] });
      expect(lost).toMatchObject({ status: 'cancelled', reason: expect.stringContaining(failed.id) });
      const late = state.workItems.update(tenant, done.id, done.version, { dependencies: [] });
      await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', details: { currentStatus: 'completed' } });
    });

    it('are all cancelled in a long chain and a wide fan', async () => {
      const { tenant } = twoTenants();
      const root = await create(tenant);
      let last = root;
      for (let depth = 0; depth < 50; depth++) last = await create(tenant, { dependencies: [last.id] });
      await Promise.all(Array.from({ length: 100 }, () => create(tenant, { dependencies: [root.id, last.id] })));
      await move(tenant, root.id, 'cancelled');
      expect((await state.workItems.statistics(tenant)).byStatus.cancelled).toBe(151);
    });
  });

  describe('work items of an execution', () => {
    const begin = { change: 'begin', title: 'Ask the tester', memberId: 'm', stepKey: 'tester', model: null } as const;

    it('can be changed from outside in metadata and priority only, and not removed', async () => {
      const { tenant, foreign } = twoTenants();
      const { id, session } = await running(state, tenant);
      const item = newItem().id;
      await session.commit({ records: [], items: [{ ...begin, id: item }] });
      const stored = await state.workItems.get(tenant, item);
      expect(stored).toMatchObject({ status: 'in_progress', executionId: id, stepKey: 'tester', memberId: 'm' });
      expect(await state.workItems.get(foreign, item)).toBeNull();
      const changed = await state.workItems.update(tenant, item, 1, { metadata: { seen: true }, priority: 9 });
      expect(changed).toMatchObject({ metadata: { seen: true }, priority: 9, version: 2 });
      for (const patch of [{ status: 'completed' }, { title: 'x' }, { metadata: 1, labels: [] }] as const) {
        await expect(state.workItems.update(tenant, item, 2, patch)).rejects.toMatchObject({ code: 'ITEM_OWNED' });
      }
      await expect(state.workItems.remove(tenant, item, 2)).rejects.toMatchObject({ code: 'ITEM_OWNED' });
    });

    it('ready, or cancel, what depends on them', async () => {
      const { tenant } = twoTenants();
      const { session } = await running(state, tenant);
      const [done, lost] = [newItem().id, newItem().id];
      await session.commit({
        records: [],
        items: [
          { ...begin, id: done },
          { ...begin, id: lost, stepKey: 'second' },
        ],
      });
      const [first, second] = [
        await create(tenant, { dependencies: [done] }),
        await create(tenant, { dependencies: [lost] }),
      ];
      await session.commit({
        records: [],
        items: [
          { change: 'complete', id: done },
          { change: 'fail', id: lost, reason: 'gave up' },
        ],
      });
      expect(await statusOf(tenant, first)).toBe('ready');
      expect(await statusOf(tenant, second)).toBe('cancelled');
    });

    it('fail with their execution, are ready again when it is retried, and begin again', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      const [item, finished] = [newItem().id, newItem().id];
      await session.commit({
        records: [],
        items: [
          { ...begin, id: item },
          { ...begin, id: finished, stepKey: 'first' },
        ],
      });
      const dependent = await create(tenant, { dependencies: [item] });
      await session.commit({ records: [], items: [{ change: 'complete', id: finished }] });
      const error = { name: 'Error', message: 'broken' };
      await session.commit({ records: [status('failed', { error })], closesItems: true });
      expect(await state.workItems.get(tenant, item)).toMatchObject({
        status: 'failed',
        reason: 'its execution failed',
      });
      expect(await statusOf(tenant, dependent)).toBe('cancelled');
      await state.executions.retry(tenant, id);
      expect(await state.workItems.get(tenant, item)).toMatchObject({ status: 'ready', reason: null });
      const claim = await state.executions.claim(tenant, id);
      await claim?.session.commit({ records: [], items: [{ ...begin, id: item }] });
      expect((await state.workItems.get(tenant, item))?.status).toBe('in_progress');
      expect((await state.workItems.get(tenant, finished))?.status).toBe('completed');
    });

    it('are cancelled with their execution, and what depends on them too', async () => {
      const { tenant } = twoTenants();
      const { id, session } = await running(state, tenant);
      const item = newItem().id;
      await session.commit({ records: [], items: [{ ...begin, id: item }] });
      const dependent = await create(tenant, { dependencies: [item] });
      await state.executions.cancel(tenant, id, null);
      expect(await state.workItems.get(tenant, item)).toMatchObject({
        status: 'cancelled',
        reason: expect.any(String),
      });
      expect(await reasonOf(tenant, dependent)).toContain(item);
    });

    it('that were not finished are cancelled when it completes without them', async () => {
      const { tenant } = twoTenants();
      const { session } = await running(state, tenant);
      const item = newItem().id;
      await session.commit({ records: [], items: [{ ...begin, id: item }] });
      await session.commit({ records: [status('completed', { output: '1' })], closesItems: true });
      expect((await state.workItems.get(tenant, item))?.status).toBe('cancelled');
    });
  });
}
