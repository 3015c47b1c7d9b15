import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { OwnerLock } from '../../../src/work/sqlite/owner-lock.ts';
import { openSqliteState, statePaths } from '../../../src/work/sqlite/sqlite-state.ts';
import { startChild } from './child.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

const stateOwner = new URL('./state-owner.ts', import.meta.url);

describe('a state folder', () => {
  it('is run by one process: the second one is told who it is', async () => {
    await using folder = await temporaryFolder();
    const { lock } = statePaths(folder.path);
    await using owner = startChild(stateOwner, folder.path);
    expect(await owner.line()).toBe('open');
    expect(OwnerLock.isTaken(lock)).toBe(true);
    const second = openSqliteState({ ...testSettings, stateDir: folder.path }, systemClock, 'run');
    await expect(second).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`process ${owner.pid} on ${hostname()} (squadra serve`),
      details: { pid: owner.pid, host: hostname(), command: 'serve' },
    });
    await using third = startChild(stateOwner, folder.path);
    expect(await third.line()).toContain(`STORE_LOCKED {"pid":${owner.pid}`);
  });

  it('is free again when its process was killed, and holds all that was acknowledged', async () => {
    await using folder = await temporaryFolder();
    await using owner = startChild(stateOwner, folder.path);
    await owner.line();
    owner.tell('core');
    expect(await owner.line()).toBe('stored core');
    await owner.kill();
    expect(OwnerLock.isTaken(statePaths(folder.path).lock)).toBe(false);
    await using state = await openSqliteState({ ...testSettings, stateDir: folder.path }, systemClock, 'run');
    expect((await state.squads.find('local', 'core'))?.name).toBe('core');
  });

  it('goes to exactly one of many processes that start at once', async () => {
    await using folder = await temporaryFolder();
    const children = Array.from({ length: 4 }, () => startChild(stateOwner, folder.path));
    try {
      const said = await Promise.all(children.map((child) => child.line()));
      expect(said.filter((line) => line === 'open')).toHaveLength(1);
      expect(said.filter((line) => line.startsWith('STORE_LOCKED'))).toHaveLength(3);
    } finally {
      await Promise.all(children.map((child) => child.kill()));
    }
  });

  it('is free again when opening it failed', async () => {
    await using folder = await temporaryFolder();
    const { lock } = statePaths(folder.path);
    const state = await openSqliteState({ ...testSettings, stateDir: folder.path }, systemClock, 'run');
    await state[Symbol.asyncDispose]();
    expect(OwnerLock.isTaken(lock)).toBe(false);
  });
});
