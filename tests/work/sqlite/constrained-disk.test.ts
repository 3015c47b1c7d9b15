import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/kernel/clock.ts';
import { openSqliteState } from '../../../src/work/sqlite/sqlite-state.ts';
import { newSquad } from '../../contracts/contract-state.ts';
import { temporaryFolder, testSettings } from './open-state.ts';

/** How to get a view of the disk of one's own here: as root, as a user who may make namespaces, or not at all. */
const unshare = [['--mount'], ['--mount', '--map-root-user']].find(
  (options) => spawnSync('unshare', [...options, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0,
);

/** Runs the script on a disk that a shell command makes of the folder; gone with the script. */
function runOn(disk: string, task: 'fill' | 'open', folder: string): unknown {
  const script = fileURLToPath(new URL('constrained-disk.ts', import.meta.url));
  const command = `${disk} && exec "$NODE" "$SCRIPT" ${task} "$FOLDER"`;
  const { stdout, stderr, status } = spawnSync('unshare', [...(unshare ?? []), 'sh', '-c', command], {
    env: { ...process.env, NODE: process.execPath, SCRIPT: script, FOLDER: folder },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The script ended with ${String(status)}: ${stderr}`);
  return JSON.parse(stdout);
}

async function filledFolder() {
  const folder = await temporaryFolder();
  const state = await openSqliteState({ ...testSettings, stateDir: folder.path }, systemClock, 'run');
  await state.squads.create('local', newSquad());
  await state[Symbol.asyncDispose]();
  return folder;
}

// Only Linux lets a test make a disk, and not everywhere: what SQLite reports is also tested on a write group alone.
describe.runIf(unshare !== undefined)('on a constrained disk', () => {
  it('a state that fills it refuses with STORE_FULL, loses nothing, and works again when there is space', async () => {
    await using folder = await temporaryFolder();
    const found = runOn('mount -t tmpfs -o size=8m tmpfs "$FOLDER"', 'fill', folder.path);
    expect(found).toMatchObject({ codes: ['STORE_FULL'], afterwards: 10, kept: true });
    const { wasStored, whileFull } = found as { wasStored: number; whileFull: object };
    expect(wasStored).toBeGreaterThan(10);
    expect(whileFull).toEqual({ stored: wasStored, refused: 0 });
  });

  it.each([
    ['the folder', 'mount --bind "$FOLDER" "$FOLDER" && mount -o remount,bind,ro "$FOLDER"'],
    [
      'the file',
      'mount --bind "$FOLDER/squadra.db" "$FOLDER/squadra.db" && mount -o remount,bind,ro "$FOLDER/squadra.db"',
    ],
  ])('a state does not start when %s must not be written', async (_, disk) => {
    await using folder = await filledFolder();
    const refusal = { opened: false, code: 'STORE_READ_ONLY', message: expect.stringContaining(folder.path) };
    expect(runOn(disk, 'open', folder.path)).toMatchObject(refusal);
    // The same folder on its ordinary disk: it was the disk.
    expect(runOn('true', 'open', folder.path)).toEqual({ opened: true });
  });

  it('a state does not start in a folder that cannot be made', async () => {
    await using folder = await temporaryFolder();
    const disk = 'mount --bind "$FOLDER" "$FOLDER" && mount -o remount,bind,ro "$FOLDER" && FOLDER="$FOLDER/new"';
    expect(runOn(disk, 'open', folder.path)).toMatchObject({ opened: false, code: 'STORE_READ_ONLY' });
  });
});
