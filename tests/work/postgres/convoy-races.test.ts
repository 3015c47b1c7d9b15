import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { noRetry, twoProcesses } from './two-processes.ts';
import type { TwoProcesses } from './two-processes.ts';
import { PostgresConvoyStore } from '../../../src/work/postgres/postgres-convoy-store.ts';
import { childEnded } from '../../../src/work/postgres/operations/convoy-effects.ts';
import type { ChildEnd } from '../../../src/work/postgres/operations/convoy-effects.ts';
import type { Convoy } from '../../../src/work/convoy.ts';
import { newId, twoTenants } from '../../contracts/contract-state.ts';

const at = Date.UTC(2026, 10, 29, 22);

describe('convoys, with two processes', () => {
  let both: TwoProcesses;
  let stores: readonly [PostgresConvoyStore, PostgresConvoyStore];
  beforeAll(async () => {
    both = await twoProcesses();
    const clock = new TestClock(at);
    const storeOn = (place: 0 | 1) =>
      new PostgresConvoyStore(both.databases[place], clock, { metrics: true }, () => {
        throw new Error('Nothing is claimed here.');
      });
    stores = [storeOn(0), storeOn(1)];
  });
  afterAll(() => both[Symbol.asyncDispose]());

  const storeAt = (place: number): PostgresConvoyStore => stores[place % 2 === 0 ? 0 : 1];
  const create = async (
    tenant: string,
    items: readonly { readonly key: string; readonly needs?: readonly string[]; readonly priority?: number }[],
    given: Partial<Convoy> = {},
  ) => {
    const ids = new Map(items.map(({ key }) => [key, newId()]));
    const convoy: Convoy = {
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
      createdAt: at,
      endedAt: null,
      ...given,
    };
    const idOf = (key: string): string => ids.get(key) ?? '';
    await stores[0].create(tenant, {
      convoy,
      items: items.map(({ key, needs = [], priority = 0 }) => ({
        id: idOf(key),
        key,
        memberId: newId(),
        title: key,
        message: `Do ${key}`,
        priority,
        dependencies: needs.map(idOf),
      })),
      idempotency: null,
      traceparent: null,
    });
    return { id: convoy.id, idOf };
  };
  const startReady = (place: number, tenant: string, id: string, allowed: number) =>
    storeAt(place).startReady(tenant, id, { allowed, at, ids: newId });
  /** What the commit does in which a child ends. */
  const end = (place: number, tenant: string, executionId: string, how: ChildEnd) =>
    both.databases[place % 2 === 0 ? 0 : 1].transaction(async (statements) => {
      const [item] = (await statements.first(
        'UPDATE executions SET status = $1, ended_at = $2, output = $3 WHERE tenant = $4 AND id = $5 RETURNING convoy_item',
        how,
        at,
        '{"text":"done"}',
        tenant,
        executionId,
      )) ?? [null];
      await childEnded(statements, tenant, String(item), how, null, at);
    });
  const keysOf = async (tenant: string, id: string, status: string) =>
    (await stores[0].items(tenant, id)).filter((item) => item.status === status).map(({ key }) => key);
  const outboxOf = async (tenant: string) =>
    (await both.databases[0].all('SELECT execution_id FROM outbox WHERE tenant = $1', tenant)).map(([id]) =>
      String(id),
    );

  it('start an item once, with one child that the engine is told of', async () => {
    const { tenant } = twoTenants();
    const { id, idOf } = await create(tenant, [{ key: 'a' }]);
    const started = await Promise.all(
      [0, 1].map((place) => storeAt(place).start(tenant, id, idOf('a'), { executionId: newId(), accepted: 'queued' })),
    );
    const children = started.filter((one) => one !== null);
    expect(children).toHaveLength(1);
    const [item] = await stores[1].items(tenant, id);
    expect(item).toMatchObject({ status: 'in_progress' });
    const executions = await both.databases[0].all(
      'SELECT id, status, convoy_item, input FROM executions WHERE tenant = $1',
      tenant,
    );
    expect(executions).toEqual([
      [item?.executionId, 'queued', idOf('a'), JSON.stringify({ message: 'Do a', member: item?.memberId })],
    ]);
    expect(new Set(await outboxOf(tenant))).toEqual(new Set([item?.executionId]));
  });

  it('start together what may run, the most urgent first, and no more', async () => {
    const { tenant } = twoTenants();
    const names = Array.from({ length: 12 }, (_, place) => `i${place}`);
    const { id } = await create(tenant, [...names.map((key) => ({ key })), { key: 'urgent', priority: 5 }]);
    expect(await startReady(0, tenant, id, 0)).toEqual([]);
    const started = await Promise.all(names.map((_, place) => startReady(place, tenant, id, 4)));
    expect(started.flat()).toHaveLength(4);
    expect(new Set(await keysOf(tenant, id, 'in_progress'))).toEqual(new Set(['i0', 'i1', 'i2', 'urgent']));
    expect(new Set(await outboxOf(tenant)).size).toBe(4);
    const [child] = started.flat();
    await end(0, tenant, child?.executionId ?? '', 'completed');
    expect(await startReady(1, tenant, id, 4)).toHaveLength(1);
  });

  it('end items at once: the dependent becomes ready, and is told of both results', async () => {
    const { tenant } = twoTenants();
    for (let turn = 0; turn < 10; turn++) {
      const { id, idOf } = await create(tenant, [{ key: 'a' }, { key: 'b' }, { key: 'c', needs: ['a', 'b'] }]);
      const children = await startReady(0, tenant, id, 9);
      await Promise.all(children.map(({ executionId }, place) => end(place, tenant, executionId, 'completed')));
      expect(await keysOf(tenant, id, 'ready')).toEqual(['c']);
      const next = (await Promise.all([0, 1].map((place) => startReady(place, tenant, id, 9)))).flat();
      expect(next.map(({ itemId }) => itemId)).toEqual([idOf('c')]);
      const [input] = (await both.databases[0].first(
        'SELECT input FROM executions WHERE id = $1',
        next[0]?.executionId ?? '',
      )) ?? ['null'];
      expect(JSON.parse(String(input))).toMatchObject({
        before: [
          { key: 'a', text: 'done' },
          { key: 'b', text: 'done' },
        ],
      });
    }
  });

  it('end the last items at once, and the convoy with them, once', async () => {
    const { tenant } = twoTenants();
    for (let turn = 0; turn < 10; turn++) {
      const { id } = await create(tenant, [{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
      const children = await startReady(0, tenant, id, 9);
      const hows: ChildEnd[] = ['completed', 'failed', 'completed'];
      await Promise.all(
        children.map(({ executionId }, place) => end(place, tenant, executionId, hows[place] ?? 'failed')),
      );
      expect(await stores[0].get(tenant, id)).toMatchObject({
        status: 'partial',
        version: 2,
        counts: { completed: 2, failed: 1 },
      });
    }
    expect(noRetry(both)).toBe(true);
  });

  it('stop a convoy, or end its last item: one of both comes first', async () => {
    const { tenant } = twoTenants();
    for (let turn = 0; turn < 10; turn++) {
      const { id } = await create(tenant, [{ key: 'a' }, { key: 'b', needs: ['a'] }]);
      const [child] = await startReady(0, tenant, id, 9);
      await end(0, tenant, child?.executionId ?? '', 'completed');
      const [last] = await startReady(0, tenant, id, 9);
      const stopped = storeAt(turn)
        .stop(tenant, id, 'cancelled', 'enough')
        .then(
          () => 'stopped',
          (error: { readonly code: string }) => error.code,
        );
      await end(turn + 1, tenant, last?.executionId ?? '', 'completed').catch(() => {});
      const outcome = await stopped;
      const { status, version } = (await stores[0].get(tenant, id)) ?? {};
      expect([outcome, status, version]).toEqual(
        outcome === 'stopped' ? ['stopped', 'cancelled', 2] : ['ALREADY_ENDED', 'completed', 2],
      );
    }
    expect(noRetry(both)).toBe(true);
  });

  it('start nothing of a convoy that stops at the first failure, once one failed', async () => {
    const { tenant } = twoTenants();
    const { id } = await create(tenant, [{ key: 'a' }, { key: 'b' }, { key: 'c' }], { stopOnFirstFailure: true });
    const [child] = await startReady(0, tenant, id, 1);
    await Promise.all([end(0, tenant, child?.executionId ?? '', 'failed'), startReady(1, tenant, id, 1)]);
    expect(await startReady(1, tenant, id, 9)).toEqual([]);
    expect(await stores[1].get(tenant, id)).toMatchObject({
      status: 'failed',
      counts: { failed: 1, cancelled: 2 },
    });
  });

  it('find what somebody has to do something for, a few at a time', async () => {
    const { tenant } = twoTenants();
    const mine = async (now = at, limit = 1_000) =>
      (await stores[0].due(now, { after: 0, limit })).filter((one) => one.tenant === tenant);
    const ready = await create(tenant, [{ key: 'a' }, { key: 'b' }], { parallelism: 1 });
    const late = await create(tenant, [{ key: 'a' }], { deadlineAt: at + 10 });
    await startReady(0, tenant, late.id, 9);
    expect((await mine()).map(({ convoy, ready: waiting }) => [convoy.id, waiting])).toEqual([[ready.id, 2]]);
    await startReady(0, tenant, ready.id, 1);
    expect(await mine()).toEqual([]);
    const [due] = await mine(at + 10);
    expect(due).toMatchObject({ convoy: { id: late.id, deadlineAt: at + 10 }, inProgress: 1, ready: 0 });
    expect(await stores[0].due(at + 10, { after: due?.no ?? 0, limit: 5 })).toEqual([]);
  });
});
