import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/work/sqlite/migrations.ts';
import { writeGroups } from '../../../src/work/sqlite/write-group.ts';
import type { Batch, BatchOutcome } from '../../../src/work/sqlite/write-group.ts';
import { newId } from '../../contracts/contract-state.ts';
import { temporaryFolder } from './open-state.ts';

const squad = (name: string, id: string = newId(), body = '{}'): readonly unknown[] => [
  'createSquad',
  ['local', id, name, 1, body, null],
];

describe('a write group', () => {
  let folder: AsyncDisposable & { readonly path: string };
  let database: DatabaseSync;
  let write: (batch: Batch) => BatchOutcome;
  let beforeCommit = (): void => {};
  const path = () => join(folder.path, 'group.db');

  beforeEach(async () => {
    folder = await temporaryFolder();
    database = new DatabaseSync(path());
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database, path());
    beforeCommit = () => {};
    write = writeGroups(database, path(), () => beforeCommit());
  });
  afterEach(async () => {
    database.close();
    await folder[Symbol.asyncDispose]();
  });

  const names = (): unknown[] =>
    database
      .prepare('SELECT name FROM squads ORDER BY name')
      .all()
      .map((row) => row.name);

  it('gives each operation its own outcome, in order: one that is refused harms no other', () => {
    const outcome = write([...squad('a'), ...squad('a'), ...squad('b'), 'pendingSignals', 1]);
    expect(outcome.values).toEqual([undefined, null, undefined, []]);
    expect(outcome.failures).toMatchObject([[1, { code: 'NAME_TAKEN' }]]);
    expect(names()).toEqual(['a', 'b']);
  });

  it('undoes one that breaks in the middle of its writes, and lets the others stand', () => {
    // The version is there, the squad is not: the second write of the operation breaks.
    const broken = newId();
    database.exec(
      `INSERT INTO squad_versions (tenant, squad_id, version, body) VALUES ('local', '${broken}', 1, '{}')`,
    );
    const outcome = write([...squad('a'), ...squad('broken', broken), ...squad('c')]);
    expect(outcome.values).toEqual([undefined, null, undefined]);
    expect(outcome.failures).toMatchObject([[1, { code: 'STORE_FAILED' }]]);
    expect(names()).toEqual(['a', 'c']);
  });

  it('says so when it is asked for an operation it does not have', () => {
    const outcome = write(['nonsense', 1, ...squad('a')]);
    expect(outcome.failures).toMatchObject([[0, { code: 'INTERNAL' }]]);
    expect(names()).toEqual(['a']);
  });

  it('fails as a whole when its COMMIT fails, and acknowledges nothing', () => {
    // A deferred constraint is checked by COMMIT and by nothing before it.
    database.exec('CREATE TABLE parent (id INTEGER PRIMARY KEY)');
    database.exec('CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)');
    beforeCommit = () => database.exec('INSERT INTO child VALUES (1)');
    const outcome = write([...squad('a'), ...squad('a'), ...squad('b')]);
    expect(outcome.values).toEqual([]);
    expect(outcome.failures.map(([place, { code }]) => [place, code])).toEqual(
      [0, 1, 2].map((place) => [place, 'STORE_FAILED']),
    );
    expect(database.isTransaction).toBe(false);
    expect(names()).toEqual([]);
    beforeCommit = () => {};
    expect(write([...squad('a')]).failures).toEqual([]);
    expect(names()).toEqual(['a']);
  });

  it('fails with STORE_FULL when the file cannot grow, stores none of what failed, and works when it can again', () => {
    const pages = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0]);
    database.exec(`PRAGMA max_page_count = ${pages + 3}`);
    const large = 'x'.repeat(100_000);
    const batch = [...squad('a'), ...squad('large', newId(), large), ...squad('b')];
    const { failures } = write(batch);
    const failed = new Map(failures.map(([place, failure]) => [place, failure.code]));
    expect(failed.get(1)).toBe('STORE_FULL');
    expect(new Set(failed.values())).toEqual(new Set(['STORE_FULL']));
    // Whatever SQLite gave up with it: what is stored is exactly what was acknowledged.
    expect(names()).toEqual([0, 2].filter((place) => !failed.has(place)).map((place) => (place === 0 ? 'a' : 'b')));
    database.exec('PRAGMA max_page_count = 1000000');
    const rest = [...failed.keys()].flatMap((place) => batch.slice(place * 2, place * 2 + 2));
    expect(write(rest).failures).toEqual([]);
    expect(names()).toEqual(['a', 'b', 'large']);
  });
});
