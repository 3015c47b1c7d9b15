import { describe, expect, it } from 'vitest';
import { filesBelow } from './repo-files.ts';
import { sqlBreaches } from './sql-rules.ts';

describe('our SQL', () => {
  it('leaves nothing in a connection, so that a pooler may give each transaction another one', () => {
    const files = [...filesBelow('src/work/postgres', '.ts'), ...filesBelow('src/bus/postgres', '.ts')];
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(([path, text]) => sqlBreaches(path, text))).toEqual([]);
  });

  const planted: readonly [offence: string, code: string, breach: RegExp][] = [
    ['SET', "await s.run('SET statement_timeout = 5')", /says SET/],
    ['SET in small letters', "await s.run('set local x = 5')", /says SET/],
    ['SET after another statement', 'await s.script(`SELECT 1;\n  SET x = 5`)', /says SET/],
    ['RESET', "await s.run('RESET ALL')", /says SET/],
    ['set_config', `await s.run("SELECT set_config('x', $1, false)", 5)`, /set_config/],
    ['LISTEN', "await s.run('LISTEN news')", /LISTEN/],
    ['UNLISTEN', 'await s.run("UNLISTEN *")', /LISTEN/],
    ['NOTIFY', 'await s.run(`NOTIFY news`)', /LISTEN/],
    ['pg_notify', "await s.first('SELECT pg_notify($1, $2)', a, b)", /LISTEN/],
    ['a session lock', "await s.first('SELECT pg_advisory_lock($1)', 1)", /session lock/],
    ['a session lock that is tried', "await s.first('SELECT pg_try_advisory_lock($1)', 1)", /session lock/],
    ['a shared session lock', "await s.first('SELECT pg_advisory_lock_shared($1)', 1)", /session lock/],
    ['a session lock that is left', "await s.first('SELECT pg_advisory_unlock_all()')", /session lock/],
    ['PREPARE', "await s.run('PREPARE one AS SELECT 1')", /prepared/],
    ['EXECUTE', "await s.run('EXECUTE one')", /prepared/],
    ['EXECUTE into a table', "await s.run('CREATE TABLE t AS EXECUTE one(1)')", /prepared/],
    ['DEALLOCATE', "await s.run('DEALLOCATE ALL')", /prepared/],
    ['a cursor', "await s.run('DECLARE c CURSOR WITH HOLD FOR SELECT 1')", /cursor/],
    ['a temporary table', "await s.run('CREATE TEMP TABLE t (n INTEGER)')", /temporary/],
    ['a temporary table of a query', "await s.run('SELECT 1 INTO TEMPORARY t')", /temporary/],
    ['DISCARD', "await s.run('DISCARD ALL')", /DISCARD/],
    ['a query with a name', "await client.query({ text: 'SELECT 1', name: 'one' })", /a name/],
    ['a typed query with a name', "await client.query<unknown[]>({\n  name,\n  text: 'SELECT 1' })", /a name/],
  ];

  it.each(planted)('%s would be found', (_offence, code, breach) => {
    expect(sqlBreaches('src/work/postgres/a.ts', code)).toEqual([expect.stringMatching(breach)]);
  });

  it('may say what looks like it', () => {
    const code = `
      // SET x = 5
      await s.run('UPDATE t SET n = 1 WHERE name = $1', name);
      await s.run(\`INSERT INTO t VALUES (1) ON CONFLICT (id)
        DO UPDATE SET n = 2\`);
      await s.run('SELECT pg_advisory_xact_lock($1)', 1);
      await s.first("SELECT 1 FROM t WHERE kind = 'x; SET y'");
      await s.script('CREATE TRIGGER t BEFORE INSERT ON t EXECUTE FUNCTION f()');
      await s.first("SELECT set_config('x', '5', true)");
      await s.first('SELECT template, listening FROM temporary_things');
      const named = { name: 'one' };
      await client.query({ text: 'SELECT name', values });`;
    expect(sqlBreaches('src/work/postgres/a.ts', code)).toEqual([]);
  });
});
