import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { wrongMetrics } from '../../support/recounted-metrics.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import type { SqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import {
  completedStep,
  ended,
  newExecution,
  newId,
  running,
  someUsage,
  status,
} from '../../contracts/contract-state.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

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

  /** Some of everything: two tenants, several minutes, calls that failed, were cancelled in flight, were made again. */
  async function work(state: SqliteState): Promise<void> {
    for (const tenant of ['acme', 'other']) {
      await ended(state, tenant, 'completed', { createdAt: clock.now() });
      await state.executions.submit(tenant, newExecution({ createdAt: clock.now() }));
      const { id, session } = await running(state, tenant, { createdAt: clock.now() });
      const call = { type: 'model', key: 'ask/model/1' } as const;
      await session.commit({ records: [completedStep('ask/model/1', { ...call, phase: 'intent', output: null })] });
      await clock.advance(1_500);
      await session.commit({
        records: [
          completedStep('ask/model/1', {
            ...call,
            phase: 'failed',
            output: null,
            usage: someUsage,
            dueAt: clock.now(),
          }),
          completedStep('plain'),
        ],
      });
      await session.commit({ records: [completedStep('x', { ...call, attempt: 2, phase: 'intent', output: null })] });
      await clock.advance(70_000);
      await session.commit({ records: [completedStep('x', { ...call, attempt: 2, usage: someUsage })] });
      const reservation = JSON.stringify({ reservation: { ...someUsage, estimatedCalls: 1 } });
      const inFlight = { type: 'model', phase: 'intent', output: null, details: reservation } as const;
      await session.commit({ records: [completedStep('ask/model/2', inFlight)] });
      await state.executions.cancel(tenant, id, 'enough');
      const failed = await ended(state, tenant, 'failed', { createdAt: clock.now() });
      await clock.advance(45_000);
      await state.executions.retry(tenant, failed);
      const claim = await state.executions.claim(tenant, failed);
      await claim?.session.commit({ records: [status('completed', { output: '1' })] });
    }
  }

  async function catchUp(state: SqliteState): Promise<void> {
    while (await state.metrics.catchUp());
  }

  it('are what the tables say when they are stored now and then, and after a stop in good order', async () => {
    {
      await using state = await open(true);
      await work(state);
      await state.metrics.keep([]);
      expect(read(wrongMetrics)).toEqual([]);
      await work(state);
      await state.metrics.keep([]);
      await state.metrics.keep([]);
      await work(state);
    }
    expect(read(wrongMetrics)).toEqual([]);
    expect(read((database) => database.prepare('SELECT sum(submitted) AS n FROM metric_minutes').get()?.['n'])).toBe(
      24,
    );
  });

  it('are counted out of the journal just as where it is written', async () => {
    {
      await using state = await open(false);
      await work(state);
    }
    const never = read((database) => database.prepare('SELECT count(*) AS n FROM metric_minutes').get()?.['n']);
    expect(never).toBe(0);
    {
      await using state = await open(true);
      await work(state);
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
      await work(state);
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
      await work(state);
    }
    await using state = await open(true);
    expect(await state.executions.prune(clock.now() + 1, 100)).toBe(0);
    await catchUp(state);
    await work(state);
    expect(await state.executions.prune(clock.now() + 1, 100)).toBeGreaterThan(4);
    await state.metrics.keep([]);
    const sums = 'SELECT sum(completed) AS done, sum(cancelled) AS gone FROM metric_minutes';
    expect(read((database) => ({ ...database.prepare(sums).get() }))).toEqual({ done: 8, gone: 4 });
  });

  it('are deleted by the minute when they are old, so many at a time, and those of resources with them', async () => {
    await using state = await open(true);
    const level = { average: 10, highest: 20 };
    for (let minute = 0; minute < 5; minute++) {
      await state.executions.submit('acme', newExecution({ createdAt: minute * 60_000 }));
      await state.executions.submit('other', newExecution({ createdAt: minute * 60_000 }));
      await state.metrics.keep([{ minute, samples: 6, cpu: level, memory: level, loopDelayMs: level }]);
    }
    expect(await state.metrics.prune(3, 4)).toBe(4 + 3);
    expect(await state.metrics.prune(3, 4)).toBe(2);
    expect(await state.metrics.prune(3, 4)).toBe(0);
    expect((await state.metrics.resources({ from: 0, to: 99 })).map(({ minute }) => minute)).toEqual([3, 4]);
    const { buckets } = await state.metrics.minutes('acme', { from: 0, to: 99, bucketMinutes: 1 });
    expect(buckets.map(([minute]) => minute)).toEqual([3, 4]);
  });

  it('put samples of resources that come in parts together', async () => {
    await using state = await open(true);
    const sample = (samples: number, average: number, highest: number) => {
      const level = { average, highest };
      return { minute: 7, samples, cpu: level, memory: level, loopDelayMs: level };
    };
    await state.metrics.keep([sample(2, 10, 15)]);
    await state.metrics.keep([sample(1, 40, 40)]);
    expect(await state.metrics.resources({ from: 7, to: 8 })).toEqual([sample(3, 20, 40)]);
  });
});
