import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { PostgresScheduleStore } from '../../../src/work/postgres/postgres-schedule-store.ts';
import { newId, twoTenants } from '../../contracts/contract-state.ts';
import { noRetry, twoProcesses } from './two-processes.ts';
import type { TwoProcesses } from './two-processes.ts';

const minute = 60_000;
const at = Date.UTC(2026, 10, 29, 22);

describe('schedules, with two processes', () => {
  let both: TwoProcesses;
  let stores: readonly PostgresScheduleStore[];
  beforeAll(async () => {
    both = await twoProcesses();
    stores = both.databases.map((database) => new PostgresScheduleStore(database, new TestClock(at)));
  });
  afterAll(() => both[Symbol.asyncDispose]());

  const create = (store: PostgresScheduleStore | undefined, tenant: string, name: string | null, most = 10) =>
    store?.create(
      tenant,
      {
        id: newId(),
        name,
        userId: null,
        status: 'active',
        version: 1,
        rhythm: { kind: 'every', everyMs: minute, startMs: at },
        squadId: null,
        workflow: 'pipeline',
        input: '{"message":"go"}',
        isRequest: true,
        priority: 3,
        overlap: 'queue',
        missed: 'once',
        nextAt: at,
        createdAt: at,
        updatedAt: at,
        idempotency: null,
      },
      most,
    ) ?? Promise.reject(new Error('There is a store.'));
  const fire = (store: PostgresScheduleStore, tenant: string, id: string, tick: number) =>
    store.turn(
      tenant,
      id,
      {
        due: tick,
        fires: { tick, executionId: newId() },
        missed: 0,
        skipped: 0,
        lastTick: tick,
        nextAt: tick + minute,
      },
      5,
    );
  const executionsOf = (id: string) =>
    both.databases[0].all('SELECT tick, status FROM executions WHERE schedule_id = $1 ORDER BY tick', id);

  it('make one execution of a tick, and tell the engine of what begins alone', async () => {
    const { tenant } = twoTenants();
    const id = await create(stores[0], tenant, null);
    for (const tick of [at, at + minute, at + 2 * minute]) {
      const turns = await Promise.all([...stores, ...stores].map((store) => fire(store, tenant, id, tick)));
      expect(turns.filter((turn) => turn !== null)).toHaveLength(1);
    }
    expect(await executionsOf(id)).toEqual([
      [at, 'queued'],
      [at + minute, 'created'],
      [at + 2 * minute, 'created'],
    ]);
    const told = await both.databases[0].all('SELECT DISTINCT execution_id FROM outbox WHERE tenant = $1', tenant);
    expect(told).toHaveLength(1);
    expect(await stores[1]?.get(tenant, id)).toMatchObject({ counts: { fired: 3 }, nextAt: at + 3 * minute });
  });

  it('begin what waits once, the oldest first', async () => {
    const { tenant } = twoTenants();
    const id = await create(stores[0], tenant, null);
    for (const tick of [at, at + minute, at + 2 * minute])
      await fire(stores[0] as PostgresScheduleStore, tenant, id, tick);
    await both.databases[0].run(
      "UPDATE executions SET status = 'completed' WHERE schedule_id = $1 AND tick = $2",
      id,
      at,
    );
    const begun = await Promise.all([...stores, ...stores].map((store) => store.beginNext(tenant, id)));
    expect(begun.filter((one) => one !== null)).toHaveLength(1);
    expect(await executionsOf(id)).toEqual([
      [at, 'completed'],
      [at + minute, 'queued'],
      [at + 2 * minute, 'created'],
    ]);
  });

  it('never make more schedules than a tenant may have, nor two of one name', async () => {
    const { tenant, foreign } = twoTenants();
    const outcomes = async (of: string, name: string | null) =>
      (
        await Promise.all(
          Array.from({ length: 8 }, (_, place) =>
            create(stores[place % 2], of, name, 3).then(
              () => 'made',
              (error: { readonly code: string }) => error.code,
            ),
          ),
        )
      ).toSorted();
    expect(await outcomes(tenant, null)).toEqual([
      ...Array<string>(5).fill('TOO_MANY_SCHEDULES'),
      ...Array<string>(3).fill('made'),
    ]);
    expect(await outcomes(foreign, 'nightly')).toEqual([...Array<string>(7).fill('NAME_TAKEN'), 'made']);
    expect(noRetry(both)).toBe(true);
  });
});
