import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../../src/work/postgres/database.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { itemCompleted, itemEnded } from '../../../src/work/postgres/operations/work-item-effects.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { newId, twoTenants } from '../../contracts/contract-state.ts';
import { testSettings } from './open-state.ts';

const at = 1_000;

describe('the effects of work items, with two processes', () => {
  let own: Awaited<ReturnType<typeof ownDatabase>>;
  let processes: readonly [Database, Database];
  beforeAll(async () => {
    own = await ownDatabase();
    processes = [
      new Database({ ...testSettings, databaseUrl: own.url }),
      new Database({ ...testSettings, databaseUrl: own.url }),
    ];
    await migrate(processes[0]);
  });
  afterAll(async () => {
    for (const process of processes) await process[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  const itemOf = async (tenant: string, title: string, status: string, needs: readonly string[] = []) => {
    const id = newId();
    await processes[0].run(
      `INSERT INTO work_items (id, tenant, status, version, priority, created_at, updated_at, title, context, metadata, artifacts, labels, dependencies)
        VALUES ($1, $2, $3, 1, 0, 0, 0, $4, 'null', 'null', 'null', '[]', $5)`,
      id,
      tenant,
      status,
      title,
      JSON.stringify(needs),
    );
    await processes[0].run(
      'INSERT INTO work_item_dependencies (tenant, dependency, item) SELECT $1, unnest($2::text[]), $3',
      tenant,
      needs,
      id,
    );
    return id;
  };
  const stateOf = (tenant: string, id: string) =>
    processes[0].first('SELECT status, version, reason FROM work_items WHERE tenant = $1 AND id = $2', tenant, id);
  const end = (tenant: string, id: string, status: string) =>
    [`UPDATE work_items SET status = $1 WHERE tenant = $2 AND id = $3`, status, tenant, id] as const;

  it('make an item ready exactly once when two dependencies of it complete at once', async () => {
    const { tenant } = twoTenants();
    const needs = [await itemOf(tenant, 'a', 'in_progress'), await itemOf(tenant, 'b', 'in_progress')];
    const item = await itemOf(tenant, 'c', 'blocked', needs);
    // Both have completed theirs before either looks at what depends on it.
    let arrived = 0;
    let go = (): void => {};
    const bothArrived = new Promise<void>((resolve) => (go = resolve));
    await Promise.all(
      needs.map((id, place) =>
        processes[place === 0 ? 0 : 1].transaction(async (statements) => {
          await statements.run(...end(tenant, id, 'completed'));
          if (++arrived === 2) go();
          await bothArrived;
          await itemCompleted(statements, tenant, id, at);
        }),
      ),
    );
    expect(await stateOf(tenant, item)).toEqual(['ready', 2, null]);
  });

  it('leave an item blocked that waits for more, and other tenants alone', async () => {
    const { tenant, foreign } = twoTenants();
    const first = await itemOf(tenant, 'a', 'completed');
    const item = await itemOf(tenant, 'c', 'blocked', [first, await itemOf(tenant, 'b', 'in_progress')]);
    await itemCompleted(processes[0], foreign, first, at);
    await itemCompleted(processes[0], tenant, first, at);
    expect(await stateOf(tenant, item)).toEqual(['blocked', 1, null]);
  });

  it('cancel what depends on an item that ended, each once and with its cause', async () => {
    const { tenant } = twoTenants();
    const first = await itemOf(tenant, 'The plan', 'failed');
    const next = await itemOf(tenant, 'The form', 'blocked', [first]);
    const last = await itemOf(tenant, 'The bill', 'blocked', [first, next]);
    const far = await itemOf(tenant, 'The end', 'blocked', [next, last]);
    const done = await itemOf(tenant, 'Done', 'completed', [first]);
    await Promise.all(
      processes.map((process) =>
        process.transaction((statements) => itemEnded(statements, tenant, first, 'failed', at)),
      ),
    );
    const because = `it depends on 'The plan' (${first}), which failed`;
    expect(await stateOf(tenant, next)).toEqual(['cancelled', 2, because]);
    expect(await stateOf(tenant, last)).toEqual(['cancelled', 2, because]);
    const [status, version, reason] = (await stateOf(tenant, far)) ?? [];
    expect([status, version]).toEqual(['cancelled', 2]);
    expect(String(reason)).toMatch(
      /^it depends on 'The (form|bill)' \(.*\), which was cancelled because 'The plan' \(.*\) failed$/,
    );
    expect(await stateOf(tenant, done)).toEqual(['completed', 1, null]);
  });
});
