import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { wrongMetrics } from '../../support/recounted-metrics.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import type { SqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { newExecution, newId } from '../../contracts/contract-state.ts';
import { metricStoreContract, someWork } from '../../contracts/metric-store-contract.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

metricStoreContract(async (clock) => {
  const folder = await temporaryFolder();
  const state = await openSqliteState({ ...testSettings, metrics: true, stateDir: folder.path }, clock, 'test');
  return {
    ...state,
    wrong: async () => {
      using database = new DatabaseSync(join(folder.path, 'squadra.db'), { readOnly: true });
      return wrongMetrics(database);
    },
    counted: () => state.metrics.keep([]),
    [Symbol.asyncDispose]: async () => {
      await state[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describe('the metrics of a file', () => {
  let folder: AsyncDisposable & { readonly path: string };
  let clock: TestClock;
  beforeEach(async () => {
    folder = await temporaryFolder();
    clock = new TestClock();
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  const open = (metrics: boolean): Promise<SqliteState> =>
    openSqliteState({ ...testSettings, metrics, stateDir: folder.path }, clock, 'test');
  const read = <T>(ask: (database: DatabaseSync) => T): T => {
    using database = new DatabaseSync(join(folder.path, 'squadra.db'), { readOnly: true });
    return ask(database);
  };

  async function catchUp(state: SqliteState): Promise<void> {
    while (await state.metrics.catchUp());
  }

  it('are what the tables say when they are stored now and then, and after a stop in good order', async () => {
    {
      await using state = await open(true);
      await someWork(state, clock);
      await state.metrics.keep([]);
      expect(read(wrongMetrics)).toEqual([]);
      await someWork(state, clock);
      await state.metrics.keep([]);
      await state.metrics.keep([]);
      await someWork(state, clock);
    }
    expect(read(wrongMetrics)).toEqual([]);
    expect(read((database) => database.prepare('SELECT sum(submitted) AS n FROM metric_minutes').get()?.['n'])).toBe(
      24,
    );
  });

  it('are counted out of the journal just as where it is written', async () => {
    {
      await using state = await open(false);
      await someWork(state, clock);
    }
    const never = read((database) => database.prepare('SELECT count(*) AS n FROM metric_minutes').get()?.['n']);
    expect(never).toBe(0);
    {
      await using state = await open(true);
      await someWork(state, clock);
      const behind = await state.metrics.minutes('acme', { from: 0, to: 99_999_999, bucketMinutes: 60 });
      expect(behind.isComplete).toBe(false);
      await catchUp(state);
      await state.metrics.keep([]);
      const report = await state.metrics.minutes('acme', { from: 0, to: 99_999_999, bucketMinutes: 60 });
      expect(report.isComplete).toBe(true);
      expect(report.total.counts).toMatchObject({ submitted: 8, completed: 4, failed: 2, cancelled: 2, modelCalls: 6 });
    }
    expect(read(wrongMetrics)).toEqual([]);
  });

  it('count nothing twice when a gap is counted by two at once', async () => {
    {
      await using state = await open(false);
      await someWork(state, clock);
    }
    {
      await using state = await open(true);
      await Promise.all([1, 2, 3].map(() => catchUp(state)));
    }
    expect(read(wrongMetrics)).toEqual([]);
  });

  it('count what was committed, also where an operation of its group broke', async () => {
    {
      await using state = await open(true);
      const squad = newId();
      const versions = (tenant: string) => state.writer.run('createSquad', [tenant, squad, 'pair', 1, '{}', null]);
      const parts = [
        state.executions.submit('acme', newExecution({ createdAt: clock.now() })),
        versions('acme'),
        state.metrics.keep([]),
        state.executions.submit('acme', newExecution({ createdAt: clock.now() })),
        // The same version of it is there already: its second write breaks, and the group runs again one by one.
        state.writer.run('createSquad', ['acme', squad, 'other', 1, '{}', null]),
        state.metrics.keep([]),
        state.executions.submit('acme', newExecution({ createdAt: clock.now() })),
      ];
      expect((await Promise.allSettled(parts)).map((part) => part.status).filter((s) => s === 'rejected')).toHaveLength(
        1,
      );
      await state.metrics.keep([]);
      expect(read(wrongMetrics)).toEqual([]);
      expect(read((database) => database.prepare('SELECT sum(submitted) AS n FROM metric_minutes').get()?.['n'])).toBe(
        3,
      );
    }
  });

  it('stay when what they were counted from is deleted, which waits until all is counted', async () => {
    {
      await using state = await open(false);
      await someWork(state, clock);
    }
    await using state = await open(true);
    expect(await state.executions.prune(clock.now() + 1, 100)).toBe(0);
    await catchUp(state);
    await someWork(state, clock);
    expect(await state.executions.prune(clock.now() + 1, 100)).toBeGreaterThan(4);
    await state.metrics.keep([]);
    const sums = 'SELECT sum(completed) AS done, sum(cancelled) AS gone FROM metric_minutes';
    expect(read((database) => ({ ...database.prepare(sums).get() }))).toEqual({ done: 8, gone: 4 });
  });
});
