import { closeSync, mkdirSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openSqliteReports } from '../../../src/work/sqlite/sqlite-reports.ts';
import { openSqliteState, statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { completedStep, newExecution, newId, running } from '../../contracts/contract-state.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

const pageSize = 4_096;

async function folderWith(prepare: (path: string) => void) {
  const folder = await temporaryFolder();
  const settings = { ...testSettings, stateDir: folder.path };
  const path = statePaths(folder.path).database;
  prepare(path);
  return {
    path,
    open: () => openSqliteState(settings, systemClock, 'run'),
    read: () => openSqliteReports(settings, systemClock),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A state with many executions, closed again, so that all of it lies in the one file. */
async function filledFolder() {
  const folder = await folderWith(() => {});
  const state = await folder.open();
  const ids: string[] = [];
  const output = JSON.stringify('x'.repeat(2_000));
  const fill = async (): Promise<void> => {
    const { id, session } = await running(state, 'local');
    await session.commit({ records: [completedStep('plan', { output })] });
    ids.push(id);
  };
  await Promise.all(Array.from({ length: 200 }, fill));
  await state[Symbol.asyncDispose]();
  return { ...folder, ids };
}

function sql(path: string, text: string): void {
  const database = new DatabaseSync(path);
  database.exec(text);
  database.close();
}

const brokenFiles = [
  [
    'a file of garbage',
    (path: string) => writeFileSync(path, 'garbage '.repeat(1_000)),
    'STORE_CORRUPT',
    /no SQLite file/,
  ],
  [
    'a file with a damaged header',
    (path: string) => {
      sql(path, 'CREATE TABLE a (b)');
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(16, 0xff), 0, 16, 0);
      closeSync(file);
    },
    'STORE_CORRUPT',
    /damaged/,
  ],
  ['a file that lost its content', (path: string) => writeFileSync(path, ''), 'STORE_CORRUPT', /is empty/],
  [
    "another application's database",
    (path: string) =>
      sql(path, 'PRAGMA application_id = 7; CREATE TABLE bookmarks (url); INSERT INTO bookmarks VALUES (1)'),
    'STORE_CORRUPT',
    /not a state file of Squadra/,
  ],
  [
    'a file of a newer version',
    (path: string) =>
      sql(path, `PRAGMA application_id = ${0x53514452}; PRAGMA user_version = 999; CREATE TABLE executions (id)`),
    'STORE_TOO_NEW',
    /version 999/,
  ],
  ['a folder in place of the file', (path: string) => mkdirSync(path), 'STORE_CORRUPT', /is not a file/],
] as const;

describe('a broken state', () => {
  it.each(brokenFiles)(
    '%s is refused for running and for reading, and stays as it was',
    async (_, prepare, code, said) => {
      await using folder = await folderWith(prepare);
      const content = () => {
        try {
          return readFileSync(folder.path);
        } catch {
          return null;
        }
      };
      const before = content();
      const refusal = { code, message: expect.stringMatching(said) };
      await expect(folder.open()).rejects.toMatchObject(refusal);
      await using reports = folder.read();
      await expect(reports.reports.get('local', newId())).rejects.toMatchObject(refusal);
      expect(content()).toEqual(before);
      // The refusal is not the one of a lock that was left behind.
      await expect(folder.open()).rejects.toMatchObject(refusal);
    },
  );

  it('whose file is missing beside its write-ahead log is not begun anew', async () => {
    await using folder = await folderWith((path) => writeFileSync(`${path}-wal`, 'rest'));
    await expect(folder.open()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('missing'),
    });
  });

  it('with damaged pages in its middle says so when they are read, by readers and by the writer', async () => {
    await using folder = await filledFolder();
    const size = readFileSync(folder.path).length;
    const file = openSync(folder.path, 'r+');
    const pages = Math.floor(size / pageSize);
    const from = Math.floor(pages / 4);
    const damage = Buffer.alloc(pageSize * Math.floor(pages / 2), 0xa5);
    writeSync(file, damage, 0, damage.length, from * pageSize);
    closeSync(file);
    await using state = await folder.open();
    const read = await Promise.allSettled(folder.ids.map((id) => state.reports.records('local', id, 0, 100)));
    const damaged = read.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(damaged.length).toBeGreaterThan(10);
    for (const error of damaged) expect(error).toMatchObject({ code: 'STORE_CORRUPT' });
    const claims = await Promise.allSettled(folder.ids.map((id) => state.executions.claim('local', id)));
    const refused = claims.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused.length).toBeGreaterThan(10);
    for (const error of refused) expect(error).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('whose file was cut short says so and does not pass for a smaller one', async () => {
    await using folder = await filledFolder();
    truncateSync(folder.path, pageSize * Math.floor(readFileSync(folder.path).length / pageSize / 2));
    const outcome = await folder.open().then(
      async (state) => {
        await using open = state;
        const submitted = open.executions.submit('local', newExecution());
        const listed = open.reports.list('local', { limit: 200 });
        return await Promise.all([submitted, listed]).catch((error: unknown) => error);
      },
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('whose making was cut off is made again', async () => {
    await using folder = await folderWith((path) => writeFileSync(`${path}.new`, 'half'));
    await using state = await folder.open();
    expect(await state.reports.list('local', { limit: 1 })).toEqual([]);
  });

  it('that was deleted is a new one', async () => {
    await using folder = await filledFolder();
    rmSync(folder.path);
    await using state = await folder.open();
    expect(await state.reports.list('local', { limit: 1 })).toEqual([]);
  });
});
