import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { moveState } from '../../src/orchestrator/move-state.ts';
import { Database } from '../../src/work/postgres/database.ts';
import { openPostgresState } from '../../src/work/postgres/postgres-state.ts';
import { openPostgresTarget } from '../../src/work/postgres/postgres-state-target.ts';
import { RowsDigest } from '../../src/work/rows-digest.ts';
import { OwnerLock, thisOwner } from '../../src/work/sqlite/owner-lock.ts';
import { openSqliteSource } from '../../src/work/sqlite/sqlite-state-source.ts';
import { openSqliteReports } from '../../src/work/sqlite/sqlite-reports.ts';
import { copiedTables } from '../../src/work/state-copy.ts';
import { newFolder, squadra } from '../cli/command-line.ts';
import type { Ended } from '../cli/command-line.ts';
import { ownDatabase } from '../support/postgres-database.ts';
import type { OwnDatabase } from '../support/postgres-database.ts';
import { testSettings as soloSettings } from '../work/sqlite/open-state.ts';
import { startChild } from '../work/sqlite/child.ts';
import { testSettings } from '../work/postgres/open-state.ts';
import { allAnswers } from './all-answers.ts';
import { soloProject, soloState } from './solo-state.ts';

let made: string | undefined;

/** A folder with the same state each time: it is made once, and copied. */
async function newState(): Promise<{ readonly folder: string; readonly stateDir: string }> {
  const folder = newFolder(soloProject);
  if (made === undefined) await soloState(folder);
  else cpSync(made, folder, { recursive: true });
  if (made === undefined) made = keep(folder);
  return { folder, stateDir: join(folder, '.squadra') };
}

function keep(folder: string): string {
  const copy = `${folder}-kept`;
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** All rows of the file by table, as they are to arrive. */
function rowsOf(stateDir: string): Map<string, number> {
  using database = new DatabaseSync(join(stateDir, 'squadra.db'), { readOnly: true });
  return new Map(
    copiedTables.map((table) => {
      const marks = table === 'journal' ? "WHERE kind <> 'mark'" : '';
      return [table, Number(database.prepare(`SELECT count(*) AS n FROM ${table} ${marks}`).get()?.['n'])];
    }),
  );
}

afterAll(() => {
  if (made !== undefined) rmSync(made, { recursive: true, force: true });
});

describe('moving up from one file', () => {
  let own: OwnDatabase;
  let database: Database;
  beforeEach(async () => {
    own = await ownDatabase();
    database = new Database({ ...testSettings, databaseUrl: own.url });
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  const migrate = (folder: string, ...args: readonly string[]): Promise<Ended> =>
    squadra(folder, ['migrate', ...args], { env: { DATABASE_URL: own.url } });
  const counts = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>();
    for (const table of copiedTables)
      found.set(table, Number((await database.first(`SELECT count(*) FROM ${table}`))?.[0]));
    return found;
  };
  const openFleet = (): Promise<AsyncDisposable> =>
    openPostgresState({ ...testSettings, databaseUrl: own.url }, new TestClock());

  it('takes everything along, says so, and seals the folder', async () => {
    const { folder, stateDir } = await newState();
    const expected = rowsOf(stateDir);
    expect([...expected].filter(([, rows]) => rows === 0)).toEqual([]);
    const moved = await migrate(folder, 'solo-to-fleet', '--json');
    expect(moved).toMatchObject({ code: 0, stderr: '' });
    const told = JSON.parse(moved.stdout) as {
      wasDone: boolean;
      tables: { table: string; rows: number; hash: string }[];
    };
    expect(told.wasDone).toBe(false);
    // Metrics that were not counted yet are counted before.
    expected.set('metric_minutes', told.tables.find(({ table }) => table === 'metric_minutes')?.rows ?? 0);
    expect(new Map(told.tables.map(({ table, rows }) => [table, rows]))).toEqual(expected);
    expect(await counts()).toEqual(expected);
    expect(moved.stdout).not.toContain(new URL(own.url).password || 'no password');

    const refused = await squadra(folder, ['serve', '--port', '0']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/was moved to postgres.*STORE_MOVED[\s\S]*squadra migrate unseal/);
    expect((await squadra(folder, ['list'])).stderr).toContain('STORE_MOVED');
    expect((await squadra(folder, ['doctor'])).stdout).toContain('was moved to');
    const again = await migrate(folder, 'solo-to-fleet');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('before; nothing was left to do') });
    expect(await counts()).toEqual(expected);
    await using _fleet = await openFleet();
  });

  it('has what is open advanced, with the times, the claims and the numbers that it had', async () => {
    const { folder, stateDir } = await newState();
    using file = new DatabaseSync(join(stateDir, 'squadra.db'), { readOnly: true });
    const sql = `SELECT id, status, epoch, wake_at, no FROM executions WHERE status IN ('queued', 'running', 'waiting') ORDER BY no`;
    const open = file
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
    const last = Number(file.prepare('SELECT max(no) AS no FROM executions').get()?.['no']);
    file.close();
    expect(new Set(open.map(([, status]) => status))).toEqual(new Set(['queued', 'running', 'waiting']));
    await migrate(folder, 'solo-to-fleet');
    expect(await database.all(sql)).toEqual(open);
    const outbox = await database.all(
      'SELECT execution_id, e.status, is_start, handed_at IS NOT NULL, e.no FROM outbox JOIN executions e ON e.no = execution ORDER BY e.no',
    );
    expect(outbox).toEqual(
      open.map(([id, status, , , no]) => [id, status, status === 'queued' ? 1 : 0, status === 'running', no]),
    );
    const lasts =
      'SELECT count(*) FROM executions WHERE last_seq <> (SELECT coalesce(max(seq), 0) FROM journal WHERE execution = executions.no)';
    expect(await database.first(lasts)).toEqual([0]);
    const next = await database.first(
      `INSERT INTO executions (tenant, id, status, priority, workflow, created_at, is_request, metadata, input)
        VALUES ('t', 'x', 'created', 0, 'w', 0, 1, '', '') RETURNING no`,
    );
    expect(next).toEqual([last + 1]);
  });

  it('answers whatever is asked as the file did', async () => {
    const { folder, stateDir } = await newState();
    const clock = new TestClock();
    let before: Record<string, unknown>;
    {
      await using solo = openSqliteReports({ ...soloSettings, stateDir }, clock);
      before = await allAnswers(solo, 'local');
    }
    await migrate(folder, 'solo-to-fleet');
    await using fleet = await openPostgresState({ ...testSettings, databaseUrl: own.url }, clock);
    const after = await allAnswers(fleet, 'local');
    for (const [asked, answer] of Object.entries(before))
      expect({ [asked]: after[asked] }).toEqual({ [asked]: answer });
    expect(Object.keys(after)).toEqual(Object.keys(before));
    const empty = Object.entries(before).filter(([, answer]) => Array.isArray(answer) && answer.length === 0);
    // Nothing of it failed, and its convoy has ended; all other lists have something in them.
    expect(empty.map(([asked]) => asked).filter((asked) => !asked.startsWith('messages '))).toEqual([
      'failed',
      'openConvoys',
    ]);
  });

  it('counts nothing of the past again in the metrics', async () => {
    const { folder, stateDir } = await newState();
    const range = { from: 0, to: 99_999_999, bucketMinutes: 60 };
    await migrate(folder, 'solo-to-fleet');
    await squadraUnsealedCopy(stateDir);
    await using fleet = await openPostgresState({ ...testSettings, databaseUrl: own.url }, new TestClock());
    while (await fleet.metrics.catchUp());
    await using solo = openSqliteReports({ ...soloSettings, stateDir }, new TestClock());
    const { total } = await fleet.metrics.minutes('local', range);
    expect(total).toEqual((await solo.metrics.minutes('local', range)).total);
    expect(total.counts.submitted).toBeGreaterThan(3);
  });

  it('refuses a folder that somebody runs, and names them', async () => {
    const { folder, stateDir } = await newState();
    using _lock = OwnerLock.take(join(stateDir, 'owner.lock'), thisOwner('serve', Date.now()));
    const refused = await migrate(folder, 'solo-to-fleet');
    expect(refused).toMatchObject({
      code: expect.toSatisfy((code) => code !== 0),
      stderr: expect.stringContaining(`process ${process.pid}`),
    });
    expect(refused.stderr).toContain('STORE_LOCKED');
  });

  it('refuses a database with another state in it, and leaves both as they are', async () => {
    const { folder } = await newState();
    const other = newFolder();
    await squadra(other, ['keys', 'create', '--name', 'other']);
    expect((await migrate(other, 'solo-to-fleet')).code).toBe(0);
    const before = await counts();
    const refused = await migrate(folder, 'solo-to-fleet');
    expect(refused).toMatchObject({
      code: expect.toSatisfy((code) => code !== 0),
      stderr: expect.stringContaining('STORE_NOT_EMPTY'),
    });
    expect(await counts()).toEqual(before);
    await database.run('DELETE FROM state_move');
    expect((await migrate(folder, 'solo-to-fleet')).stderr).toContain('STORE_NOT_EMPTY');
    expect((await squadra(folder, ['list'])).code).toBe(0);
  });

  it('is taken back until the fleet has worked, and made again', async () => {
    const { folder } = await newState();
    expect((await migrate(folder, 'unseal')).stdout).toContain('is not sealed');
    await migrate(folder, 'solo-to-fleet');
    expect((await migrate(folder, 'unseal')).stdout).toContain('can be run again');
    await expect(openFleet()).rejects.toMatchObject({ code: 'STORE_INCOMPLETE' });
    await squadra(folder, ['budgets', 'set', 'user', 'ada', '--budget', '3']);
    expect((await migrate(folder, 'solo-to-fleet')).code).toBe(0);
    expect(await database.first("SELECT count(*) FROM budgets WHERE scope_id = 'ada'")).toEqual([1]);

    for (const work of [
      'UPDATE api_keys SET revoked_at = 1 WHERE id = (SELECT max(id) FROM api_keys)',
      "UPDATE executions SET epoch = epoch + 1 WHERE status = 'running'",
    ]) {
      await database.run(work);
      const refused = await migrate(folder, 'unseal');
      expect(refused).toMatchObject({
        code: expect.toSatisfy((code) => code !== 0),
        stderr: expect.stringContaining('has worked since'),
      });
    }
    expect((await squadra(folder, ['list'])).stderr).toContain('STORE_MOVED');
    expect((await migrate(folder, 'unseal', '--force')).code).toBe(0);
    expect((await squadra(folder, ['list'])).code).toBe(0);
    expect((await migrate(folder, 'solo-to-fleet')).stderr).toContain('STORE_NOT_EMPTY');
  });

  it('lets an attempt write nothing more once another one has begun', async () => {
    const { stateDir } = await newState();
    await using source = await openSqliteSource({ ...soloSettings, stateDir }, new TestClock());
    const open = () => openPostgresTarget({ ...testSettings, databaseUrl: own.url }, new TestClock());
    await using one = await open();
    await using other = await open();
    const first = await one.begin(source.id, source.name);
    await other.begin(source.id, source.name);
    const columns = await one.columns('users');
    const row = columns.map(({ kind }) => (kind === 'text' ? 'x' : 1));
    await expect(one.write(first, 'users', columns, [row])).rejects.toMatchObject({ code: 'STORE_INCOMPLETE' });
    await expect(one.complete(first)).rejects.toMatchObject({ code: 'STORE_INCOMPLETE' });
    await expect(other.begin('another', 'elsewhere')).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
  });

  it('does not seal the file where something arrived otherwise', async () => {
    const { stateDir } = await newState();
    await using source = await openSqliteSource({ ...soloSettings, stateDir }, new TestClock());
    await using target = await openPostgresTarget({ ...testSettings, databaseUrl: own.url }, new TestClock());
    const parts = { source, now: () => 5, onProgress: () => {} };
    const lossy = new Proxy(target, {
      get: (on, name: keyof typeof target) => {
        if (name === 'name') return on.name;
        if (name !== 'write') return (on[name] as (...args: unknown[]) => unknown).bind(on);
        return (move: never, table: string, columns: never, rows: readonly unknown[][]) =>
          on.write(
            move,
            table as 'users',
            columns,
            table === 'approvals' ? rows.map((row) => row.with(5, 'other')) : rows,
          );
      },
    });
    await expect(moveState({ ...parts, target: lossy })).rejects.toMatchObject({
      code: 'STORE_INCOMPLETE',
      message: expect.stringContaining('other content in approvals'),
    });
    expect(source.seal).toBeNull();
    expect((await moveState({ ...parts, target })).wasDone).toBe(false);
    expect(source.seal).toMatchObject({ sealedAt: 5 });
    expect(await database.first('SELECT comment FROM approvals')).toEqual(['a\u0000b\u{F0F0F}0']);
  });

  it('leaves out no table and no column of the file', async () => {
    const { stateDir } = await newState();
    using file = new DatabaseSync(join(stateDir, 'squadra.db'), { readOnly: true });
    const tables = file
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => String(name));
    // What counts up to where metrics are kept, which is everything when the file is moved; and what signs for minutes.
    const own = ['metric_gaps', 'metric_kept', 'signing_secret'];
    expect(tables.filter((name) => !own.includes(name)).toSorted()).toEqual([...copiedTables].toSorted());
  });

  const killAt = async (point: string, stateDir: string): Promise<void> => {
    await using child = startChild(new URL('./moving-child.ts', import.meta.url), stateDir, own.url, point);
    expect(await child.line()).toBe('killed');
  };
  const isWhole = async (stateDir: string): Promise<void> => {
    expect(await counts()).toEqual(rowsOf(stateDir));
    const open = "SELECT count(*) FROM executions WHERE status IN ('queued', 'running', 'waiting')";
    expect(await database.first('SELECT count(*) FROM outbox')).toEqual(await database.first(open));
    await using _fleet = await openFleet();
  };

  it.each(['copying executions', 'copying journal', 'copying schedules', 'verifying journal', 'verified'])(
    'begins anew after kill -9 at %s, and doubles nothing',
    async (point) => {
      const { folder, stateDir } = await newState();
      await killAt(point, stateDir);
      expect((await squadra(folder, ['list'])).code).toBe(0);
      await expect(openFleet()).rejects.toMatchObject({ code: 'STORE_INCOMPLETE' });
      expect((await migrate(folder, 'solo-to-fleet')).code).toBe(0);
      await isWhole(stateDir);
    },
  );

  it.each(['sealed', 'done'])('has only to be finished after kill -9 at %s, and can be taken back', async (point) => {
    const { folder, stateDir } = await newState();
    await killAt(point, stateDir);
    expect((await squadra(folder, ['list'])).code).toBe(3);
    expect((await migrate(folder, 'solo-to-fleet')).code).toBe(0);
    await isWhole(stateDir);
    expect((await migrate(folder, 'unseal')).code).toBe(0);
    expect((await squadra(folder, ['list'])).code).toBe(0);
  });

  const squadraUnsealedCopy = async (stateDir: string): Promise<void> => {
    await using source = await openSqliteSource({ ...soloSettings, stateDir }, new TestClock());
    source.removeSeal();
  };
});

describe('the sum of rows', () => {
  const sum = (...rows: unknown[][]) => {
    const digest = new RowsDigest();
    digest.add(rows);
    return digest.sum();
  };

  it('is the same in any order, and another one for another text, number, null or row', () => {
    const rows = [
      ['a', 1, null],
      ['b', 2, 'x'],
    ];
    expect(sum(...rows)).toEqual(sum(...rows.toReversed()));
    for (const other of [
      [
        ['a', 1, ''],
        ['b', 2, 'x'],
      ],
      [
        ['a', '1', null],
        ['b', 2, 'x'],
      ],
      [['a', 1, null]],
      [
        ['b', 1, null],
        ['a', 2, 'x'],
      ],
    ])
      expect(sum(...other).hash).not.toBe(sum(...rows).hash);
  });
});
