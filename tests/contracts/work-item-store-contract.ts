import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SquadraError } from '../../src/kernel/errors.ts';
import { workItemStatuses, workItemTransitions } from '../../src/work/work-item.ts';
import type { WorkItem, WorkItemStatus } from '../../src/work/work-item.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { newItem, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** The way to each status from a new item. `blocked` needs a dependency and is made apart. */
const wayTo: Readonly<Record<Exclude<WorkItemStatus, 'blocked'>, readonly WorkItemStatus[]>> = {
  pending: [],
  ready: [],
  in_progress: ['in_progress'],
  completed: ['in_progress', 'completed'],
  failed: ['in_progress', 'failed'],
  cancelled: ['cancelled'],
};

const refusalOf = (error: unknown): string => (error instanceof SquadraError ? error.code : String(error));

/** Creates an item and brings it to a status. */
export async function itemAt(
  state: ContractState,
  tenant: string,
  status: WorkItemStatus,
  given: Partial<WorkItem> = {},
): Promise<WorkItem> {
  if (status === 'blocked') {
    const open = await state.workItems.create(tenant, newItem());
    return state.workItems.create(tenant, newItem({ ...given, dependencies: [open.id] }));
  }
  let item = await state.workItems.create(
    tenant,
    newItem({ ...given, status: status === 'pending' ? status : 'ready' }),
  );
  for (const next of wayTo[status])
    item = await state.workItems.update(tenant, item.id, item.version, { status: next });
  return item;
}

/** What every `WorkItemStore` does with single items. */
export function workItemStoreContract(open: OpenState): void {
  describe('a work item store', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    it('gives back context, metadata, artifacts, labels and dependencies deep-equal, to the tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const first = await itemAt(state, tenant, 'completed');
      const rich = newItem({
        description: 'Zeile 1\nZeile „2“ \u0000 \ud83d\ude80',
        priority: -3,
        memberId: 'member-1',
        convoyId: 'convoy-1',
        context: { deep: [{ er: [null, true, 1.5, -0.001, 'null', '[]'] }], '': {} },
        metadata: [],
        artifacts: 'null',
        labels: ['a', 'b"c', 'a'],
        dependencies: [first.id],
      });
      const created = await state.workItems.create(tenant, rich);
      expect(created).toEqual(rich);
      expect(await state.workItems.get(tenant, rich.id)).toEqual(rich);
      expect(await state.workItems.get(foreign, rich.id)).toBeNull();
      expect(await state.workItems.list(foreign, { limit: 10 })).toEqual([]);
    });

    it('changes what a patch names and nothing else, one version on', async () => {
      const { tenant, foreign } = twoTenants();
      const item = await state.workItems.create(tenant, newItem({ context: { keep: true }, labels: ['x'] }));
      const patch = {
        title: 'Other',
        description: 'now',
        priority: 5,
        memberId: 'm',
        context: null,
        metadata: { a: [1] },
        artifacts: ['file.txt'],
        labels: [],
      };
      await clock.advance(1_000);
      const foreignChange = state.workItems.update(foreign, item.id, 1, patch);
      await expect(foreignChange).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const changed = await state.workItems.update(tenant, item.id, 1, patch);
      expect(changed).toEqual({ ...item, ...patch, version: 2, updatedAt: clock.now() });
      expect(await state.workItems.get(tenant, item.id)).toEqual(changed);
      const once = await state.workItems.update(tenant, item.id, 2, { metadata: { a: [2] } });
      expect(once).toEqual({ ...changed, metadata: { a: [2] }, version: 3 });
    });

    it('refuses a change of a version that is not the stored one, naming both', async () => {
      const { tenant } = twoTenants();
      const item = await state.workItems.create(tenant, newItem());
      await state.workItems.update(tenant, item.id, 1, { metadata: 1 });
      const late = state.workItems.update(tenant, item.id, 1, { metadata: 2 });
      await expect(late).rejects.toMatchObject({
        code: 'STALE_VERSION',
        details: { expectedVersion: 1, currentVersion: 2 },
      });
      expect((await state.workItems.get(tenant, item.id))?.metadata).toBe(1);
    });

    it('lets exactly one of many simultaneous changes win', async () => {
      const { tenant } = twoTenants();
      const item = await state.workItems.create(tenant, newItem());
      const outcomes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, number) => state.workItems.update(tenant, item.id, 1, { metadata: number })),
      );
      const winners = outcomes.flatMap(({ status }, number) => (status === 'fulfilled' ? [number] : []));
      expect(winners).toHaveLength(1);
      expect(await state.workItems.get(tenant, item.id)).toMatchObject({ metadata: winners[0], version: 2 });
    });

    it('loses nothing when ten writers merge keys into one item and try again when they are late', async () => {
      const { tenant } = twoTenants();
      const item = await state.workItems.create(tenant, newItem({ metadata: {} }));
      const merge = async (key: string): Promise<void> => {
        for (;;) {
          const read = await state.workItems.get(tenant, item.id);
          const metadata = { ...(read?.metadata as Record<string, number>), [key]: 1 };
          const change = state.workItems.update(tenant, item.id, read?.version ?? 0, { metadata });
          const refusal = await change.then(() => null, refusalOf);
          if (refusal === null) return;
          refusals.add(refusal);
        }
      };
      const refusals = new Set<string>();
      const keys = Array.from({ length: 10 }, (_, number) => `writer-${number}`);
      await Promise.all(keys.map(merge));
      const merged = await state.workItems.get(tenant, item.id);
      expect(merged?.metadata).toEqual(Object.fromEntries(keys.map((key) => [key, 1])));
      expect(merged?.version).toBe(11);
      expect([...refusals]).toEqual(['STALE_VERSION']);
    });

    const pairs = workItemStatuses.flatMap((from) => workItemStatuses.map((to) => [from, to] as const));
    // Whether an item is ready or blocked is a matter of its dependencies, and tested with them.
    const free = pairs.filter(([from, to]) => to !== 'blocked' && !(from === 'blocked' && to === 'ready'));

    const isLegal = ([from, to]: (typeof pairs)[number]) => workItemTransitions[from].includes(to);

    it.each(free.filter(isLegal))('goes from %s to %s', async (from, to) => {
      const { tenant } = twoTenants();
      const item = await itemAt(state, tenant, from);
      expect(item.status).toBe(from);
      const changed = await state.workItems.update(tenant, item.id, item.version, { status: to });
      expect(changed).toMatchObject({ status: to, version: item.version + 1 });
    });

    it.each(free.filter((pair) => !isLegal(pair)))('does not go from %s to %s', async (from, to) => {
      const { tenant } = twoTenants();
      const item = await itemAt(state, tenant, from);
      const change = state.workItems.update(tenant, item.id, item.version, { status: to });
      await expect(change).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', details: { currentStatus: from } });
      expect(await state.workItems.get(tenant, item.id)).toEqual(item);
    });

    it('keeps the reason with the status it belongs to', async () => {
      const { tenant } = twoTenants();
      const item = await itemAt(state, tenant, 'in_progress');
      const failed = await state.workItems.update(tenant, item.id, item.version, {
        status: 'failed',
        reason: 'no disk',
      });
      expect(failed.reason).toBe('no disk');
      const again = await state.workItems.update(tenant, item.id, failed.version, { status: 'ready' });
      expect(again.reason).toBeNull();
    });

    it('removes an item at its version, or at any', async () => {
      const { tenant, foreign } = twoTenants();
      const [first, second] = [newItem(), newItem()];
      await state.workItems.create(tenant, first);
      await state.workItems.create(tenant, second);
      await expect(state.workItems.remove(foreign, first.id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const stale = state.workItems.remove(tenant, first.id, 7);
      await expect(stale).rejects.toMatchObject({
        code: 'STALE_VERSION',
        details: { expectedVersion: 7, currentVersion: 1 },
      });
      await state.workItems.remove(tenant, first.id, 1);
      await state.workItems.remove(tenant, second.id, null);
      expect(await state.workItems.list(tenant, { limit: 10 })).toEqual([]);
      await expect(state.workItems.remove(tenant, first.id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('lists by priority, high first, then age, page by page', async () => {
      const { tenant } = twoTenants();
      const priorities = [0, 5, -1, 5, 0];
      const items = priorities.map((priority) => newItem({ priority }));
      for (const item of items) await state.workItems.create(tenant, item);
      const order = [1, 3, 0, 4, 2].map((place) => items[place]?.id ?? '');
      const seen: WorkItem[] = [];
      for (let after: WorkItem | undefined; ;) {
        const page = await state.workItems.list(tenant, { limit: 2, ...(after === undefined ? {} : { after }) });
        seen.push(...page);
        after = page.at(-1);
        if (page.length < 2) break;
      }
      expect(seen.map(({ id }) => id)).toEqual(order);
    });

    it('goes on where a page ended, whatever became of the item it ended with', async () => {
      const { tenant, foreign } = twoTenants();
      const items = [5, 0, 0, 0, -1].map((priority, age) =>
        newItem({ priority, createdAt: Date.UTC(2026, 0, 1) + age }),
      );
      for (const item of items) await state.workItems.create(tenant, item);
      const [, , last] = items;
      if (last === undefined) throw new Error('There are five.');
      const rest = async (of: string) =>
        (await state.workItems.list(of, { limit: 10, after: last })).map(({ createdAt }) => createdAt % 10);
      await state.workItems.update(tenant, last.id, 1, { priority: 100 });
      expect(await rest(tenant)).toEqual([3, 4]);
      await state.workItems.remove(tenant, last.id, null);
      expect(await rest(tenant)).toEqual([3, 4]);
      expect(await rest(foreign)).toEqual([]);
    });

    it('lists by status, member, convoy and execution', async () => {
      const { tenant, foreign } = twoTenants();
      const wanted = { memberId: 'm', convoyId: 'c', executionId: newItem().id };
      const match = await itemAt(state, tenant, 'in_progress', wanted);
      await itemAt(state, tenant, 'completed', wanted);
      await itemAt(state, tenant, 'in_progress');
      const ids = async (filter: object) =>
        (await state.workItems.list(tenant, { limit: 10, ...filter })).map(({ id }) => id);
      expect(await ids({ ...wanted, status: 'in_progress' })).toEqual([match.id]);
      for (const [key, value] of Object.entries(wanted)) {
        expect(await ids({ [key]: value })).toHaveLength(2);
        expect(await ids({ [key]: 'other' })).toEqual([]);
        expect(await state.workItems.list(foreign, { limit: 10, [key]: value })).toEqual([]);
      }
      expect(await ids({ status: 'completed' })).toHaveLength(1);
      expect(await ids({ status: 'in_progress' })).toHaveLength(2);
    });

    it('counts by status and member', async () => {
      const { tenant, foreign } = twoTenants();
      await itemAt(state, tenant, 'ready', { memberId: 'ann' });
      await itemAt(state, tenant, 'completed', { memberId: 'ann' });
      await itemAt(state, tenant, 'cancelled', { memberId: 'ben' });
      await itemAt(state, tenant, 'ready');
      const none = Object.fromEntries(workItemStatuses.map((status) => [status, 0]));
      expect(await state.workItems.statistics(tenant)).toEqual({
        total: 4,
        byStatus: { ...none, ready: 2, completed: 1, cancelled: 1 },
        byMember: { ann: 2, ben: 1 },
      });
      expect(await state.workItems.statistics(foreign)).toEqual({ total: 0, byStatus: none, byMember: {} });
    });
  });
}
