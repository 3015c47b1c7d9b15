import { renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/work/sqlite/migrations.ts';
import { ReaderPool } from '../../../src/work/sqlite/reader-pool.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import { temporaryFolder } from './open-state.ts';

/** A pool over a file with one squad, and a second connection that can lock the readers out. */
async function open(readers = 1) {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'squadra.db');
  const database = new DatabaseSync(path);
  migrate(database, path);
  database.exec(`INSERT INTO squads (tenant, id, name, version, body) VALUES ('local', 'id-1', 'core', 1, '{}')`);
  const clock = new TestClock();
  const pool = new ReaderPool({ path, readers, readerTimeoutMs: 5_000 }, clock);
  return {
    pool,
    clock,
    path,
    database,
    find: () => pool.run('squad', { tenant: 'local', idOrName: 'core' }),
    list: () => pool.run('squads', { tenant: 'local', limit: 10 }),
    // Readers wait for the lock as they would for a slow disk: inside a call of SQLite that nothing can break off.
    lock: () => database.exec('BEGIN EXCLUSIVE'),
    unlock: () => database.exec('ROLLBACK'),
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe('the reader pool', () => {
  it('opens readers when they are needed, and no more than its size', async () => {
    await using state = await open(2);
    expect(state.pool.statistics()).toMatchObject({ size: 2, open: 0, queries: 0 });
    await state.list();
    expect(state.pool.statistics()).toMatchObject({ open: 1, busy: 0, queries: 1 });
    await Promise.all(Array.from({ length: 10 }, () => state.list()));
    expect(state.pool.statistics()).toMatchObject({ open: 2, busy: 0, waiting: 0, queries: 11, batches: 11 });
  });

  it('lets queries for single rows travel together, and answers each for itself', async () => {
    await using state = await open();
    await state.find();
    const broken = state.pool.run('squad', { tenant: 'local', idOrName: {} as string });
    const all = await Promise.allSettled([state.find(), broken, state.find(), state.list()]);
    expect(all).toMatchObject([
      { status: 'fulfilled', value: ['{}'] },
      { status: 'rejected', reason: { code: 'STORE_FAILED' } },
      { status: 'fulfilled', value: ['{}'] },
      { status: 'fulfilled', value: [['{}']] },
    ]);
    expect(state.pool.statistics()).toMatchObject({ queries: 5, batches: 3 });
  });

  it('refuses with POOL_EXHAUSTED what no reader took in time', async () => {
    await using state = await open();
    state.lock();
    const taken = state.list();
    await state.clock.advance(2_000);
    const [early, late] = [state.list(), Promise.race([state.find(), new Promise(() => {})])];
    expect(state.pool.statistics()).toMatchObject({ busy: 1, waiting: 2 });
    await Promise.all([
      expect(early).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' }),
      expect(late).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' }),
      state.clock.advance(5_000),
    ]);
    expect(state.pool.statistics()).toMatchObject({ busy: 1, waiting: 0, timedOut: 2 });
    state.unlock();
    expect(await taken).toEqual([['{}']]);
  });

  it('replaces a reader that gives no answer, and serves what waits by the new one', async () => {
    await using state = await open();
    state.lock();
    const stuck = state.list();
    await state.clock.advance(14_000);
    const waiting = state.list();
    const [refused] = await Promise.all([stuck.catch((error: unknown) => error), state.clock.advance(1_000)]);
    expect(refused).toMatchObject({ code: 'STORE_FAILED' });
    expect(state.pool.statistics()).toMatchObject({ open: 1, reopened: 1, waiting: 0 });
    state.unlock();
    expect(await waiting).toEqual([['{}']]);
    expect(state.pool.statistics()).toMatchObject({ open: 1, busy: 0 });
  });

  it('asks idle readers for a sign of life', async () => {
    await using state = await open();
    await state.find();
    await state.clock.advance(15_000);
    expect(state.pool.statistics()).toMatchObject({ batches: 2, reopened: 0 });
    expect(await state.find()).toEqual(['{}']);
    await state.clock.advance(15_000);
    expect(await state.find()).toEqual(['{}']);
    expect(state.pool.statistics()).toMatchObject({ batches: 5, reopened: 0, open: 1 });
  });

  it('opens a reader again after one that could not open the file', async () => {
    await using state = await open();
    renameSync(state.path, `${state.path}.away`);
    const failed = await Promise.allSettled([state.list(), state.list()]);
    expect(failed).toMatchObject([{ reason: { code: 'STORE_READ_ONLY' } }, { reason: { code: 'STORE_READ_ONLY' } }]);
    renameSync(`${state.path}.away`, state.path);
    expect(await state.list()).toEqual([['{}']]);
    expect(state.pool.statistics().reopened).toBeGreaterThanOrEqual(1);
  });

  it('answers what was taken and refuses what waits when it closes', async () => {
    await using state = await open();
    const taken = state.list();
    await state.clock.advance(0);
    const waiting = state.list();
    const closing = state.pool[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await closing;
    expect(await taken).toEqual([['{}']]);
    await expect(state.find()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(state.clock.timers).toBe(0);
  });
});
