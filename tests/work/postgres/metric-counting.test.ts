import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { Database } from '../../../src/work/postgres/database.ts';
import type { Transaction } from '../../../src/work/postgres/database.ts';
import { migrate } from '../../../src/work/postgres/migrations.ts';
import { countBeforeDeletion, countConvoys, countSlice } from '../../../src/work/postgres/operations/metrics.ts';
import { PostgresMetricStore } from '../../../src/work/postgres/postgres-metric-store.ts';
import { ownDatabase } from '../../support/postgres-database.ts';
import type { OwnDatabase } from '../../support/postgres-database.ts';
import { wrongPostgresMetrics } from '../../support/recounted-postgres-metrics.ts';
import { testSettings } from './open-state.ts';

const everything = { from: 0, to: 99_999_999, bucketMinutes: 60 };

/** Writes executions of three records each, as rows: one that completed with a model call, `times` of them. */
async function write(statements: Pick<Transaction, 'run' | 'all'>, tenant: string, times: number, at: number) {
  const usage =
    '{"inputTokens":10,"outputTokens":20,"reasoningTokens":0,"cachedTokens":0,"costMicroUsd":300,"modelCalls":1,"estimatedCalls":0,"unpricedCalls":0}';
  const rows = await statements.all(
    `INSERT INTO executions (tenant, id, status, priority, workflow, created_at, ended_at, is_request, metadata, input, input_tokens, output_tokens, cost_micro_usd)
      SELECT $1, gen_random_uuid()::text, 'completed', 0, 'w', $2::bigint + n * 1000, $2::bigint + n * 1000 + 700, 1, '', '', 10, 20, 300
      FROM generate_series(1, $3) AS n RETURNING no`,
    tenant,
    at,
    times,
  );
  const numbers = rows.map(([no]) => Number(no));
  await statements.run(
    `INSERT INTO journal (execution, seq, tenant, at, kind, key, type, phase, attempt, data)
      SELECT no, seq, tenant, created_at + 200 * seq, kind, key, type, phase, attempt, data FROM executions
      CROSS JOIN (VALUES (1, 'status', NULL, 'running', NULL, NULL::integer, NULL),
        (2, 'step', 'a', 'model', 'intent', 1, '{}'),
        (3, 'step', 'a', 'model', 'completed', 1, $2::text),
        (4, 'status', NULL, 'completed', NULL, NULL, NULL)) AS record (seq, kind, key, type, phase, attempt, data)
      WHERE no = ANY($1::bigint[]) ORDER BY no, seq`,
    numbers,
    `{"usage":${usage}}`,
  );
  return numbers;
}

describe('counting from the journal', () => {
  let own: OwnDatabase;
  let one: Database;
  let other: Database;
  const clock = new TestClock();
  beforeEach(async () => {
    own = await ownDatabase();
    one = new Database({ ...testSettings, databaseUrl: own.url });
    other = new Database({ ...testSettings, databaseUrl: own.url });
    await migrate(one);
  });
  afterEach(async () => {
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  const store = (database: Database, sliceSize?: number): PostgresMetricStore =>
    new PostgresMetricStore(database, clock, { metrics: true, process: 'p' }, sliceSize);
  /** Transactions of other tests on the same server hold back what is counted, for as long as they last. */
  const countAll = async (metrics: PostgresMetricStore): Promise<void> => {
    const left = 'SELECT count(*) FROM journal, metric_counted AS at WHERE (journal.xid, journal.no) > (at.xid, at.no)';
    do await metrics.keep([]);
    while (Number((await one.first(left))?.[0]) > 0);
  };
  const wrong = (): Promise<string[]> => wrongPostgresMetrics((sql) => one.all(sql));
  const submitted = async (tenant: string): Promise<number> =>
    (await store(one).minutes(tenant, everything)).total.counts.submitted;

  it('counts every record once, whatever its slice', async () => {
    for (const size of [1, 3, 1_000]) {
      await write(one, 'acme', 5, clock.now());
      await write(one, 'other', 2, clock.now());
      await countAll(store(one, size));
      expect(await wrong()).toEqual([]);
    }
    expect(await submitted('acme')).toBe(15);
    const { total } = await store(one).minutes('acme', everything);
    expect(total.counts).toMatchObject({ completed: 15, steps: 15, modelCalls: 15, costMicroUsd: 4_500 });
    expect(total.latencyMs?.p50).toBeGreaterThan(190);
  });

  it('counts nothing twice where several processes count while others write', async () => {
    const writing = async (database: Database, tenant: string): Promise<void> => {
      for (let round = 0; round < 10; round++)
        await database.transaction((statements) => write(statements, tenant, 7, clock.now()));
    };
    let isWriting = true;
    const counting = async (database: Database): Promise<void> => {
      while (isWriting) await store(database, 5).keep([]);
    };
    const counters = [counting(one), counting(other), counting(other)];
    await Promise.all([writing(one, 'acme'), writing(other, 'acme'), writing(other, 'other')]);
    isWriting = false;
    await Promise.all(counters);
    await countAll(store(other));
    expect(await wrong()).toEqual([]);
    expect(await submitted('acme')).toBe(140);
  });

  it('passes over nothing that is committed later than what was written after it', async () => {
    const gate = Promise.withResolvers<void>();
    const isWritten = Promise.withResolvers<void>();
    const late = one.transaction(async (statements) => {
      await write(statements, 'late', 3, clock.now());
      isWritten.resolve();
      await gate.promise;
    });
    await isWritten.promise;
    await write(other, 'early', 3, clock.now());
    await store(other).keep([]);
    expect(await submitted('early')).toBe(0);
    gate.resolve();
    await late;
    await countAll(store(other));
    expect(await wrong()).toEqual([]);
    expect(await submitted('late')).toBe(3);
  });

  it('lets one count at a time, and the others go on', async () => {
    await write(one, 'acme', 3, clock.now());
    await one.transaction(async (statements) => {
      await statements.first('SELECT 1 FROM metric_counted FOR UPDATE');
      expect(await other.transaction((theirs) => countSlice(theirs, 10))).toBe('busy');
      expect(await store(other).catchUp()).toBe(false);
    });
    await countAll(store(other));
    expect(await submitted('acme')).toBe(3);
  });

  it('counts a slice again whose process was killed in it, and only that', async () => {
    await write(one, 'acme', 9, clock.now());
    await countAll(store(one, 1_000));
    await write(one, 'acme', 9, clock.now());
    for (let kill = 0; kill < 3; kill++) {
      await store(one, 4).catchUp();
      const dying = new Database({ ...testSettings, databaseUrl: own.url });
      const died = dying.transaction(async (statements) => {
        const pid = await statements.first('SELECT pg_backend_pid()');
        await countSlice(statements, 5);
        await one.run('SELECT pg_terminate_backend($1)', Number(pid?.[0]));
        await statements.first('SELECT 1');
      });
      await expect(died).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await dying[Symbol.asyncDispose]();
    }
    await countAll(store(other));
    expect(await wrong()).toEqual([]);
  });

  it('says that it is behind while old records wait', async () => {
    await write(one, 'acme', 1, clock.now() - 120_000);
    expect((await store(one).minutes('acme', everything)).isComplete).toBe(false);
    await countAll(store(one));
    expect((await store(one).minutes('acme', everything)).isComplete).toBe(true);
    await write(one, 'acme', 1, clock.now());
    expect((await store(one).minutes('acme', everything)).isComplete).toBe(true);
  });

  it('counts before it is deleted what was not counted, once', async () => {
    const numbers = await write(one, 'acme', 4, clock.now());
    await countAll(store(one));
    numbers.push(...(await write(one, 'acme', 4, clock.now())));
    const remove = async (statements: Transaction, executions: readonly number[]): Promise<void> => {
      await statements.run('SELECT 1 FROM executions WHERE no = ANY($1::bigint[]) FOR UPDATE', executions);
      await countBeforeDeletion(statements, executions);
      for (const [table, column] of [
        ['journal', 'execution'],
        ['executions', 'no'],
      ])
        await statements.run(`DELETE FROM ${table} WHERE ${column} = ANY($1::bigint[])`, executions);
    };
    await Promise.all([
      one.transaction((statements) => remove(statements, numbers.slice(0, 6))),
      other.transaction((statements) => remove(statements, numbers.slice(6))),
      store(other, 2).keep([]),
    ]);
    await countAll(store(one));
    expect(await submitted('acme')).toBe(8);
    const { total } = await store(one).minutes('acme', everything);
    expect(total.counts).toMatchObject({ completed: 8, steps: 8, costMicroUsd: 2_400 });
  });

  it('adds what was deleted of convoys beside what is counted', async () => {
    const at = clock.now();
    await write(one, 'acme', 5, at);
    const deleted = { kind: 'convoy ended', tenant: 'acme', at, status: 'partial' } as const;
    await Promise.all([countAll(store(one, 2)), countConvoys(other, [deleted, deleted]), countConvoys(one, [deleted])]);
    await countConvoys(other, []);
    const { total } = await store(one).minutes('acme', everything);
    expect(total.counts).toMatchObject({ submitted: 5, convoysPartial: 3 });
    expect(total.durationMs).not.toBeNull();
  });

  it('is not delayed by more minutes than are read at once', async () => {
    await one.run(
      `INSERT INTO metric_minutes SELECT 'acme', n, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '[]', '[]' FROM generate_series(0, 1234) AS n`,
    );
    const report = await store(one).minutes('acme', { from: 0, to: 1_200, bucketMinutes: 100 });
    expect(report.total.counts.submitted).toBe(1_200);
    expect(report.buckets.map(([minute]) => minute)).toEqual(Array.from({ length: 12 }, (_, n) => n * 100));
  });

  it('averages the resources of a minute over processes, and adds what comes in parts', async () => {
    const sample = (minute: number, samples: number, average: number, highest: number) => {
      const level = { average, highest };
      return { minute, samples, cpu: level, memory: level, loopDelayMs: level };
    };
    const theirs = new PostgresMetricStore(other, clock, { metrics: true, process: 'q' });
    await store(one).keep([sample(7, 2, 10, 15), sample(8, 1, 1.5, 2)]);
    await store(one).keep([sample(7, 1, 40, 40)]);
    await theirs.keep([sample(7, 3, 30, 90)]);
    expect(await theirs.resources({ from: 7, to: 9 })).toEqual([sample(7, 6, 25, 90), sample(8, 1, 1.5, 2)]);
    expect(await theirs.prune(8, 1)).toBe(1);
    expect(await theirs.prune(8, 5)).toBe(1);
    expect(await theirs.prune(8, 5)).toBe(0);
  });

  it('does nothing where no metrics are kept', async () => {
    const off = new PostgresMetricStore(one, clock, { metrics: false, process: 'p' });
    await write(one, 'acme', 1, clock.now());
    await off.keep([]);
    expect(await off.catchUp()).toBe(false);
    expect(await off.prune(99_999_999, 5)).toBe(0);
    expect(await one.all('SELECT * FROM metric_minutes')).toEqual([]);
  });
});
