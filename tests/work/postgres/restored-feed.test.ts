import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { Database } from '../../../src/work/postgres/database.ts';
import { openPostgresState } from '../../../src/work/postgres/postgres-state.ts';
import type { PostgresState } from '../../../src/work/postgres/postgres-state.ts';
import { placeRestoredRecords } from '../../../src/work/postgres/restored-feed.ts';
import { newExecution } from '../../contracts/contract-state.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import { wrongPostgresMetrics } from '../../support/recounted-postgres-metrics.ts';
import { testSettings } from './open-state.ts';

const tenant = 'acme';

async function submit({ executions }: PostgresState, count: number): Promise<void> {
  for (let each = 0; each < count; each++) await executions.submit(tenant, newExecution());
}

async function feed({ reports }: PostgresState): Promise<string[]> {
  const { events } = await reports.feed(tenant, { after: null, limit: 1_000 });
  return events.map(({ executionId, record }) => `${executionId} ${record.seq}`);
}

/** Other transactions on the server hold back what may be counted. */
async function countAll({ database, metrics }: PostgresState): Promise<void> {
  const left = 'SELECT count(*) FROM journal, metric_counted AS at WHERE (journal.xid, journal.no) > (at.xid, at.no)';
  do await metrics.keep([]);
  while (Number((await database.first(left))?.[0]) > 0);
}

/** What a dump from a server that has counted a million transactions more looks like here. */
async function restoredFromAfar(database: Database): Promise<void> {
  const later = 'SET xid = (xid::text::bigint + 1000000)::text::xid8';
  await database.run(`UPDATE journal ${later}`);
  await database.run(`UPDATE metric_counted ${later}`);
}

describe('a dump restored into another server', () => {
  it('tells its feed, counts its figures, and goes on behind them', async () => {
    for (const atOnce of [1, 3, 1_000]) {
      const clock = new TestClock();
      await using own = await ownDatabase();
      const settings = { ...testSettings, databaseUrl: own.url };
      await using state = await openPostgresState(settings, clock);
      const { database } = state;
      await submit(state, 2);
      await countAll(state);
      await submit(state, 3);
      const before = await feed(state);
      const { cursor } = await state.reports.feed(tenant, { after: null, limit: 4 });

      await restoredFromAfar(database);
      expect(await feed(state)).toEqual([]);
      expect(await placeRestoredRecords(database, atOnce)).toBe(before.length);
      expect(await placeRestoredRecords(database, atOnce)).toBe(0);
      expect(await feed(state)).toEqual(before);

      await submit(state, 1);
      const after = await feed(state);
      expect(after.slice(0, before.length)).toEqual(before);
      expect(after.length).toBeGreaterThan(before.length);
      await countAll(state);
      expect(await wrongPostgresMetrics((sql) => database.all(sql))).toEqual([]);
      // Who followed on the server that is gone is told again rather than told less.
      const followed = await state.reports.feed(tenant, { after: cursor, limit: 1_000 });
      expect(followed.events.length).toBeGreaterThanOrEqual(after.length - 4);
    }
  });

  it('is in order before a process of the fleet begins its work', async () => {
    const clock = new TestClock();
    await using own = await ownDatabase();
    const settings = { ...testSettings, databaseUrl: own.url };
    let before: string[];
    {
      await using state = await openPostgresState(settings, clock);
      await submit(state, 3);
      before = await feed(state);
      await restoredFromAfar(state.database);
    }
    const opened = await Promise.all([1, 2, 3].map(() => openPostgresState(settings, clock)));
    for (const state of opened) expect(await feed(state)).toEqual(before);
    for (const state of opened) await state[Symbol.asyncDispose]();
  });
});
