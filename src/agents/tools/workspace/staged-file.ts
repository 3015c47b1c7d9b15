import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Puts a file in place whole or not at all: written and synced under another name in `staging`, then renamed. A write that
 * is made again leaves the same file. `staging` is on the file system of the target and outside of every workspace.
 */
export async function placeFile(
  staging: string,
  target: string,
  content: Buffer,
  check: () => Promise<void>,
): Promise<void> {
  await mkdir(staging, { recursive: true });
  const staged = join(staging, randomUUID());
  try {
    const handle = await open(staged, 'wx', 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await check();
    // Replaces what is there, a link too, and follows nothing.
    await rename(staged, target);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

/** Removes what a crash left behind. */
export async function emptyStaging(staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true });
}

/** A name is durable when its folder is; without it a committed step could name a file that a power cut took away. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders, and syncs names by itself.
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
