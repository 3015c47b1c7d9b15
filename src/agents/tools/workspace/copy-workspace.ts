import { cp, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './disk-error.ts';
import { stagingFolder } from './workspace-tools.ts';

/**
 * Gives an execution the files that another one has now; nothing where that has none. Only files and folders are taken:
 * a link could lead outside. The copy appears whole or not at all.
 */
export async function copyWorkspace(root: string, from: string, to: string): Promise<void> {
  const source = join(root, from);
  const staged = join(stagingFolder(root), to);
  try {
    if (!(await lstat(source)).isDirectory()) return;
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  try {
    await mkdir(stagingFolder(root), { recursive: true });
    await cp(source, staged, { recursive: true, preserveTimestamps: true, filter: isPlain });
    await rename(staged, join(root, to));
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
}

/** Takes back a copy whose execution came to nothing. */
export function removeWorkspace(root: string, id: string): Promise<void> {
  return rm(join(root, id), { recursive: true, force: true });
}

async function isPlain(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory();
}
