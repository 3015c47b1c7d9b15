import { describe, expect, it } from 'vitest';
import { Database } from '../../../src/work/postgres/database.ts';
import { inspectDatabase } from '../../../src/work/postgres/database-inspection.ts';
import { migrate, readSchemaVersion, schemaVersion } from '../../../src/work/postgres/migrations.ts';
import { FaultyProxy } from '../../support/faulty-proxy.ts';
import { ownDatabase, postgresUrl } from '../../support/postgres-database.ts';
import { testSettings } from './open-state.ts';

describe('the database', () => {
  it('gives back every text as it was stored', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    for (const text of ['', 'a\u0000b', '\u{F0F0F}', '\u{F0F0F}0\u0000\u{F0F0F}1', 'سلام', '\\u0000', "'; --"]) {
      const row = await database.first('SELECT $1::text, $2::text[]', text, [text, 'x']);
      expect(row?.[0]).toBe(text);
    }
  });

  it('takes back a transaction that fails, and goes on', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    await database.run('CREATE TABLE t (n INTEGER)');
    const broken = database.transaction(async (statements) => {
      await statements.run('INSERT INTO t VALUES ($1)', 1);
      throw new Error('no');
    });
    await expect(broken).rejects.toMatchObject({ message: expect.stringContaining('no') as string });
    expect(await database.all('SELECT n FROM t')).toEqual([]);
    expect(database.statistics().idle).toBe(database.statistics().connections);
  });

  it('makes a transaction again that stood in the way of another', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    await database.run('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
    await database.run('INSERT INTO t VALUES (1, 0), (2, 0)');
    const both = (first: number, second: number): Promise<void> =>
      database.transaction(async (statements) => {
        await statements.run('UPDATE t SET n = n + 1 WHERE id = $1', first);
        await statements.first('SELECT pg_sleep(0.05)');
        await statements.run('UPDATE t SET n = n + 1 WHERE id = $1', second);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    expect(await database.all('SELECT n FROM t ORDER BY id')).toEqual([[2], [2]]);
    expect(database.statistics().collisions).toBeGreaterThan(0);
  });

  it('survives that a connection breaks in the middle of a transaction', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    await using other = new Database({ ...testSettings, databaseUrl: own.url });
    for (const isIdle of [true, false]) {
      const broken = database.transaction(async (statements) => {
        const [pid] = (await statements.first('SELECT pg_backend_pid()')) ?? [];
        const waiting = isIdle ? null : statements.first('SELECT pg_sleep(60)');
        const said = waiting?.catch((error: unknown) => error);
        await other.run('SELECT pg_terminate_backend($1)', Number(pid));
        await said;
        await statements.first('SELECT 1');
      });
      await expect(broken).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await database.first('SELECT 1')).toEqual([1]);
    }
  });

  it('ends transactions of clients that vanished, as its owner set it or as we do', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    const anew = (): Promise<unknown> =>
      database
        .all('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()')
        .catch(() => {});
    const [name] = (await database.first('SELECT current_database()')) ?? [];
    await database.run(`ALTER DATABASE "${String(name)}" SET idle_in_transaction_session_timeout = '200ms'`);
    await migrate(database);
    await anew();
    const settings =
      "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('tcp_keepalives_idle')";
    expect(await database.first(settings)).toEqual(['200ms', '30']);

    const port = Number(new URL(own.url).port);
    await using network = await FaultyProxy.open(port);
    const far = new URL(own.url);
    far.port = String(network.port);
    await using distant = new Database({ ...testSettings, databaseUrl: far.href });
    await database.run('CREATE TABLE t (n INTEGER)');
    await database.run('INSERT INTO t VALUES (1)');
    const vanished = distant.transaction(async (statements) => {
      await statements.run('UPDATE t SET n = 2');
      network.set('freeze');
      await statements.run('UPDATE t SET n = 3');
    });
    const refused = vanished.catch((error: unknown) => error);
    await database.run('UPDATE t SET n = n + 10');
    expect(await database.first('SELECT n FROM t')).toEqual([11]);
    network.set('cut');
    expect(await refused).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('that belongs to somebody else is migrated all the same, and the inspection says what its owner should set', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    const [name] = (await database.first('SELECT current_database()')) ?? [];
    const guest = `guest_${String(name).slice(-12)}`;
    await database.run(`CREATE ROLE ${guest} LOGIN`);
    await database.run(`GRANT CREATE ON SCHEMA public TO ${guest}`);
    // Past a pooler, which knows everybody as the same user.
    const url = new URL(postgresUrl());
    url.pathname = `/${own.name}`;
    url.username = guest;
    const settings = { ...testSettings, databaseUrl: url.href };
    {
      await using asGuest = new Database(settings);
      expect(await migrate(asGuest)).toBe(schemaVersion);
    }
    const { keepsVanished } = await inspectDatabase(settings);
    expect(keepsVanished).toContain('SET idle_in_transaction_session_timeout');
    for (const command of keepsVanished?.split(/(?<=;) /) ?? []) await database.run(command);
    await database
      .all('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()')
      .catch(() => {});
    expect((await inspectDatabase(settings)).keepsVanished).toBeNull();
    await database.transaction(async (statements) => statements.script(`DROP OWNED BY ${guest}; DROP ROLE ${guest}`));
  });

  it('is migrated once, by however many at the same time', async () => {
    await using own = await ownDatabase();
    await using database = new Database({ ...testSettings, databaseUrl: own.url });
    const made = await Promise.all(Array.from({ length: 4 }, () => migrate(database)));
    expect(made.reduce((sum, one) => sum + one, 0)).toBe(schemaVersion);
    expect(await readSchemaVersion(database)).toBe(schemaVersion);
    expect(await migrate(database)).toBe(0);
  });

  it('says that the database is away, and works again when it is back', async () => {
    await using database = new Database({ ...testSettings, databaseUrl: 'postgres://squadra@127.0.0.1:1/none' });
    await expect(database.first('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
