import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { convoySignal } from '../../src/work/convoy.ts';
import type { Convoy, NewConvoyItem } from '../../src/work/convoy.ts';
import type { JournalSession } from '../../src/work/execution-store.ts';
import { newId, newSquad, running, someUsage, status, completedStep, twoTenants } from './contract-state.ts';
import type { ContractState, OpenState } from './contract-state.ts';

/** What every `ConvoyStore` does. */
export function convoyStoreContract(open: OpenState): void {
  describe('a convoy store', () => {
    let state: ContractState;
    const clock = new TestClock();
    beforeAll(async () => {
      state = await open(clock);
    });
    afterAll(() => state[Symbol.asyncDispose]());

    const create = async (
      tenant: string,
      needs: Readonly<Record<string, readonly string[]>>,
      given: Partial<Convoy> = {},
    ) => {
      const convoy = newConvoy(given);
      const items = newItems(needs);
      const created = await state.convoys.create(tenant, { convoy, items, idempotency: null, traceparent: null });
      expect(created).toEqual({ id: convoy.id, existing: false });
      const idOf = (key: string): string => items.find((item) => item.key === key)?.id ?? '';
      return { id: convoy.id, convoy, items, idOf };
    };
    const begin = async (tenant: string, convoyId: string, itemId: string): Promise<JournalSession> => {
      const started = await state.convoys.start(tenant, convoyId, itemId, {
        executionId: newId(),
        accepted: 'running',
      });
      if (started?.kind !== 'running') throw new Error('It was not started.');
      return started.claim.session;
    };
    const end = (session: JournalSession, how: 'completed' | 'failed'): Promise<unknown> =>
      session.commit({
        records: [
          how === 'completed'
            ? status('completed', { output: '{"text":"all is well"}' })
            : status('failed', { error: { name: 'Error', message: 'broken' } }),
        ],
      });
    const statuses = async (tenant: string, id: string): Promise<Record<string, string>> =>
      Object.fromEntries((await state.convoys.items(tenant, id)).map((item) => [item.key, item.status]));

    it('gives back convoy and items, in their order, to the tenant only', async () => {
      const { tenant, foreign } = twoTenants();
      const limits = { maxParallelism: 7, cpuThreshold: 12.5 };
      const parent = { executionId: newId(), stepKey: 'scope/parts' };
      const given = {
        parallelism: 3,
        limits,
        stopOnFirstFailure: true,
        timeoutMs: 5_000,
        deadlineAt: 9,
        userId: 'u',
        parent,
      };
      const { id, convoy, items } = await create(tenant, { b: ['a'], a: [] }, given);
      const found = await state.convoys.get(tenant, id);
      expect(found).toMatchObject({ ...convoy, counts: { ready: 1, blocked: 1, completed: 0 } });
      const stored = await state.convoys.items(tenant, id);
      expect(stored.map(({ id: item, key, dependencies }) => [item, key, dependencies])).toEqual(
        items.map(({ id: item, key, dependencies }) => [item, key, dependencies]),
      );
      expect(await state.convoys.get(foreign, id)).toBeNull();
      expect(await state.convoys.items(foreign, id)).toEqual([]);
      expect((await state.convoys.results(foreign, id)).size).toBe(0);
      expect((await state.convoys.usage(foreign, id)).modelCalls).toBe(0);
      expect(await state.convoys.list(foreign, { limit: 10 })).toEqual([]);
      const start = { executionId: newId(), accepted: 'running' } as const;
      expect(await state.convoys.start(foreign, id, stored[1]?.id ?? '', start)).toBeNull();
      const unknown = { code: 'NOT_FOUND' };
      await expect(state.convoys.stop(foreign, id, 'cancelled', 'no')).rejects.toMatchObject(unknown);
      await expect(state.convoys.retry(foreign, id)).rejects.toMatchObject(unknown);
      expect(await statuses(tenant, id)).toEqual({ b: 'blocked', a: 'ready' });
    });

    it('is created once', async () => {
      const { tenant } = twoTenants();
      const { id } = await create(tenant, { a: [] });
      const again = {
        convoy: newConvoy({ id }),
        items: newItems({ x: [], y: [] }),
        idempotency: null,
        traceparent: null,
      };
      expect(await state.convoys.create(tenant, again)).toEqual({ id, existing: true });
      expect(await statuses(tenant, id)).toEqual({ a: 'ready' });
    });

    it('is the same one under the same key of its tenant, and refused where something else is asked for', async () => {
      const { tenant, foreign } = twoTenants();
      const ask = (who: string, requestHash: string) =>
        state.convoys.create(who, {
          convoy: newConvoy(),
          items: newItems({ a: [] }),
          idempotency: { key: 'once', requestHash },
          traceparent: null,
        });
      const first = await ask(tenant, 'this');
      expect(first.existing).toBe(false);
      await state.convoys.stop(tenant, first.id, 'failed', 'no');
      expect(await ask(tenant, 'this')).toEqual({ id: first.id, existing: true });
      await expect(ask(tenant, 'that')).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
        details: { convoyId: first.id },
      });
      expect((await state.convoys.list(tenant, { limit: 10 })).map(({ id }) => id)).toEqual([first.id]);
      expect((await ask(foreign, 'that')).existing).toBe(false);
      expect((await create(tenant, { a: [] })).id).not.toBe(first.id);
    });

    it('starts an item with its child, once; its end readies what depends on it and hands over its result', async () => {
      const { tenant } = twoTenants();
      const { id, idOf } = await create(tenant, { a: [], b: ['a'] });
      const start = { executionId: newId(), accepted: 'queued' } as const;
      expect(await state.convoys.start(tenant, id, idOf('b'), start)).toBeNull();
      const session = await begin(tenant, id, idOf('a'));
      expect(await state.convoys.start(tenant, id, idOf('a'), start)).toBeNull();
      await session.commit({ records: [completedStep('task/model/1', { type: 'model', usage: someUsage })] });
      await end(session, 'completed');
      expect(await statuses(tenant, id)).toEqual({ a: 'completed', b: 'ready' });
      expect(await state.convoys.start(tenant, id, idOf('b'), start)).toMatchObject({ kind: 'queued' });
      const child = await state.reports.get(tenant, start.executionId);
      expect(child).toMatchObject({
        status: 'queued',
        workflow: 'task',
        input: { message: 'Do b.', before: [{ key: 'a', text: 'all is well' }] },
      });
      expect((await state.convoys.usage(tenant, id)).modelCalls).toBe(1);
      expect([...(await state.convoys.results(tenant, id))]).toEqual([['a', 'all is well']]);
    });

    it('ends with its last item: completed, partial, or failed, and says why', async () => {
      const { tenant } = twoTenants();
      const [whole, part, none] = [
        await create(tenant, { a: [] }),
        await create(tenant, { a: [], b: [], c: ['b'] }),
        await create(tenant, { a: [], b: ['a'] }),
      ];
      await end(await begin(tenant, whole.id, whole.idOf('a')), 'completed');
      await end(await begin(tenant, part.id, part.idOf('a')), 'completed');
      expect(await state.convoys.get(tenant, part.id)).toMatchObject({ status: 'running', endedAt: null });
      await end(await begin(tenant, part.id, part.idOf('b')), 'failed');
      await end(await begin(tenant, none.id, none.idOf('a')), 'failed');
      expect(await state.convoys.get(tenant, whole.id)).toMatchObject({
        status: 'completed',
        reason: null,
        version: 2,
      });
      const reason = "1 of 3 items failed: 'b' (broken); 1 was cancelled because of that";
      expect(await state.convoys.get(tenant, part.id)).toMatchObject({
        status: 'partial',
        reason,
        endedAt: clock.now(),
      });
      expect(await state.convoys.get(tenant, none.id)).toMatchObject({ status: 'failed' });
      const reasons = (await state.convoys.items(tenant, part.id)).map((item) => item.reason);
      expect(reasons).toEqual([null, 'broken', "it depends on 'b', which failed"]);
    });

    it('starts nothing more after a failure where it is to stop', async () => {
      const { tenant } = twoTenants();
      const { id, idOf } = await create(tenant, { a: [], b: [], c: [] }, { stopOnFirstFailure: true });
      const [a, b] = [await begin(tenant, id, idOf('a')), await begin(tenant, id, idOf('b'))];
      await end(a, 'failed');
      expect(await statuses(tenant, id)).toEqual({ a: 'failed', b: 'in_progress', c: 'cancelled' });
      await end(b, 'completed');
      expect(await state.convoys.get(tenant, id)).toMatchObject({ status: 'failed' });
    });

    it('stops with all its children, and names them; again it changes nothing', async () => {
      const { tenant } = twoTenants();
      const { id, idOf } = await create(tenant, { a: [], b: ['a'] });
      const session = await begin(tenant, id, idOf('a'));
      const [{ executionId } = { executionId: null }] = await state.convoys.items(tenant, id);
      const stopped = await state.convoys.stop(tenant, id, 'cancelled', 'not needed');
      expect(stopped).toEqual({ changed: true, children: [{ id: executionId, priority: 0 }] });
      expect(await state.convoys.get(tenant, id)).toMatchObject({ status: 'cancelled', reason: 'not needed' });
      expect(await statuses(tenant, id)).toEqual({ a: 'cancelled', b: 'cancelled' });
      await expect(end(session, 'completed')).rejects.toMatchObject({ code: 'STALE_OWNER' });
      expect(await state.convoys.stop(tenant, id, 'cancelled', 'again')).toEqual({ changed: false, children: [] });
      const refusal = { code: 'ALREADY_ENDED', details: { convoyStatus: 'cancelled' } };
      await expect(state.convoys.stop(tenant, id, 'failed', 'late')).rejects.toMatchObject(refusal);
    });

    it('is retried with what failed and what was cancelled for it, in the same child; not with what somebody cancelled', async () => {
      const { tenant } = twoTenants();
      const { id, idOf } = await create(tenant, { a: [], b: [], c: ['b'], d: [], e: ['d'] }, { timeoutMs: 1_000 });
      await end(await begin(tenant, id, idOf('a')), 'completed');
      await end(await begin(tenant, id, idOf('b')), 'failed');
      await begin(tenant, id, idOf('d'));
      const before = await state.convoys.items(tenant, id);
      const childOf = (key: string): string => before.find((item) => item.key === key)?.executionId ?? '';
      await expect(state.convoys.retry(tenant, id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      await state.executions.cancel(tenant, childOf('d'), 'by hand');
      await expect(state.executions.retry(tenant, childOf('b'))).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      await state.convoys.retry(tenant, id, 'command');
      // Applied again, after a crash in between.
      await state.convoys.retry(tenant, id, 'command');
      await expect(state.convoys.retry(tenant, id, 'another')).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
      expect(await statuses(tenant, id)).toEqual({
        a: 'completed',
        b: 'ready',
        c: 'blocked',
        d: 'cancelled',
        e: 'cancelled',
      });
      expect(await state.convoys.get(tenant, id)).toMatchObject({
        status: 'running',
        reason: null,
        endedAt: null,
        version: 3,
        deadlineAt: clock.now() + 1_000,
      });
      const started = await state.convoys.start(tenant, id, idOf('b'), { executionId: newId(), accepted: 'running' });
      expect(started).toEqual({ kind: 'queued', executionId: childOf('b'), priority: 0 });
    });

    it('tells the execution that made it of its end, in the same commit', async () => {
      const { tenant } = twoTenants();
      const parent = await running(state, tenant);
      const { id, idOf } = await create(tenant, { a: [] }, { parent: { executionId: parent.id, stepKey: 'parts' } });
      await end(await begin(tenant, id, idOf('a')), 'completed');
      expect(await parent.session.signals()).toMatchObject([{ id, name: convoySignal(id) }]);
    });

    it('lists the newest first, and those that are open with the state of who made them', async () => {
      const { tenant } = twoTenants();
      const parent = await running(state, tenant);
      const [first, second] = [
        await create(tenant, { a: [] }),
        await create(tenant, { a: [] }, { parent: { executionId: parent.id, stepKey: 'parts' } }),
      ];
      await state.convoys.stop(tenant, first.id, 'failed', 'out of time');
      const ids = async (filter: object): Promise<string[]> =>
        (await state.convoys.list(tenant, { limit: 10, ...filter })).map(({ id }) => id);
      expect(await ids({})).toEqual([second.id, first.id]);
      expect(await ids({ before: second.id })).toEqual([first.id]);
      expect(await ids({ status: 'failed' })).toEqual([first.id]);
      expect(await ids({ squadId: newId() })).toEqual([]);
      const open = (await state.convoys.open()).filter((each) => each.tenant === tenant);
      expect(open.map(({ convoy, parentStatus }) => [convoy.id, parentStatus])).toEqual([[second.id, 'running']]);
    });

    it('is pruned with its items when it ended completed or cancelled; others stay', async () => {
      const { tenant } = twoTenants();
      const [old, failed, open] = [
        await create(tenant, { a: [], b: ['a'] }),
        await create(tenant, { a: [] }),
        await create(tenant, { a: [] }),
      ];
      await state.convoys.stop(tenant, old.id, 'cancelled', 'no');
      await state.convoys.stop(tenant, failed.id, 'failed', 'no');
      await state.convoys.prune(clock.now() + 1, 100);
      expect(await state.convoys.get(tenant, old.id)).toBeNull();
      expect(await state.convoys.items(tenant, old.id)).toEqual([]);
      expect((await state.convoys.list(tenant, { limit: 10 })).map(({ id }) => id)).toEqual([open.id, failed.id]);
    });

    it('keeps a squad from being removed while it runs', async () => {
      const { tenant } = twoTenants();
      const squad = newSquad();
      await state.squads.create(tenant, squad);
      const { id } = await create(tenant, { a: [] }, { squadId: squad.id });
      await expect(state.squads.remove(tenant, squad.id)).rejects.toMatchObject({ code: 'OPEN_EXECUTIONS' });
      await state.convoys.stop(tenant, id, 'cancelled', 'no');
      await state.squads.remove(tenant, squad.id);
    });
  });
}

function newConvoy(given: Partial<Convoy> = {}): Convoy {
  return {
    id: newId(),
    userId: null,
    squadId: newId(),
    squadVersion: 1,
    status: 'running',
    version: 1,
    parallelism: 'auto',
    limits: {},
    stopOnFirstFailure: false,
    timeoutMs: null,
    deadlineAt: null,
    reason: null,
    parent: null,
    createdAt: Date.UTC(2026, 0, 1),
    endedAt: null,
    ...given,
  };
}

/** Items by key, with the keys of those they need. */
function newItems(needs: Readonly<Record<string, readonly string[]>>): NewConvoyItem[] {
  const ids = new Map(Object.keys(needs).map((key) => [key, newId()]));
  return [...ids].map(([key, id]) => ({
    id,
    key,
    memberId: 'member',
    priority: 0,
    title: `${key}: Do ${key}.`,
    message: `Do ${key}.`,
    dependencies: (needs[key] ?? []).map((needed) => ids.get(needed) ?? ''),
  }));
}
