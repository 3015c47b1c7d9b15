import { join } from 'node:path';
import { NonRetryableError } from '../../../kernel/errors.ts';
import { Workspace } from './workspace.ts';
import { parseWorkspacePath, showPath } from './workspace-path.ts';
import { maxEntries, maxFileBytes, stagingFolder } from './workspace-tools.ts';

/** The files of an execution: sizes in bytes, `/` between folders. `hasMore` when there are more than are listed. */
export interface WorkspaceListing {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly hasMore: boolean;
}

/** The files that the members of an execution have written so far; none where they wrote none. Links and devices are left out. */
export async function listWorkspace(root: string, id: string): Promise<WorkspaceListing> {
  const { entries, more } = await open(root, id).list([]);
  const files = entries.filter(({ kind }) => kind === 'file');
  return { files: files.map(({ path, bytes }) => ({ path: showPath(path), bytes })), hasMore: more };
}

/** What one of them holds; null for what is no file of it that may be read. */
export async function readWorkspaceFile(root: string, id: string, path: string): Promise<Buffer | null> {
  try {
    return await open(root, id).readBytes(parseWorkspacePath(path));
  } catch (error) {
    if (error instanceof NonRetryableError) return null;
    throw error;
  }
}

/** For reading, which is bounded by file and by entries: nothing is written through it. */
function open(root: string, id: string): Workspace {
  return new Workspace(join(root, id), stagingFolder(root), { maxFileBytes, maxEntries, maxBytes: 0 });
}
