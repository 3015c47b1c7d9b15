/**
 * The folder of an execution, in which its members read and write.
 *
 * K1  No path leads outside: names are checked first, then every folder on the way and the file itself must not be a link.
 *     Nobody but the user's own tools can make links here, and those run with the user's rights anyway; so what has to be
 *     kept out are links that lie there, not somebody who swaps them while we look.
 * K2  A file with a second name (a hard link) is not read: its other name may be outside.
 * K3  A write is there whole or not at all, and one that is made again changes nothing more.
 * K4  Size and number of files are bounded, and so is what is read of a folder that somebody else filled.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { NonRetryableError } from '../../../kernel/errors.ts';
import { diskError, isMissing } from './disk-error.ts';
import { placeFile } from './staged-file.ts';
import { type WorkspacePath, showPath } from './workspace-path.ts';

/** Ceilings of one workspace. */
export interface WorkspaceLimits {
  readonly maxFileBytes: number;
  readonly maxBytes: number;
  /** Files and folders together. */
  readonly maxEntries: number;
}

/** A file or folder in a workspace. */
export interface WorkspaceEntry {
  readonly path: WorkspacePath;
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
}

/** Not on Windows, which has no links that a plain user could make. */
const noFollow = constants.O_NOFOLLOW ?? 0;
/** Opening a pipe would wait for its writer. */
const noWait = constants.O_NONBLOCK ?? 0;

/** What may be done in one workspace folder. */
export class Workspace {
  readonly #root: string;
  readonly #staging: string;
  readonly #limits: WorkspaceLimits;

  constructor(root: string, staging: string, limits: WorkspaceLimits) {
    this.#root = root;
    this.#staging = staging;
    this.#limits = limits;
  }

  /** Everything below a folder in order of its path; `more` when there is more than the limit. */
  list(path: WorkspacePath): Promise<{ readonly entries: readonly WorkspaceEntry[]; readonly more: boolean }> {
    return this.#guarded(path, async () => {
      const folder = await this.#folder(path);
      if (folder === null && path.length > 0) throw missing(path);
      return folder === null ? { entries: [], more: false } : this.#walk(folder, path);
    });
  }

  /** The text of a file. */
  async read(path: WorkspacePath): Promise<string> {
    return decode(await this.readBytes(path), path);
  }

  /** What a file holds, text or not. */
  readBytes(path: WorkspacePath): Promise<Buffer> {
    return this.#guarded(path, async () => {
      const [folder, name] = await this.#placeOf(path);
      if (folder === null) throw missing(path);
      const handle = await openPlainFile(join(folder, name), path);
      try {
        const content = await this.#content(handle, path);
        await this.#requireInside(folder, path);
        return content;
      } finally {
        await handle.close();
      }
    });
  }

  /** Makes or replaces a file, with the folders it needs. */
  write(
    path: WorkspacePath,
    text: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: number; readonly isNew: boolean }> {
    return this.#guarded(path, async () => {
      const content = Buffer.from(text);
      const { maxFileBytes } = this.#limits;
      if (content.length > maxFileBytes)
        throw new NonRetryableError(`${content.length} bytes are more than the ${maxFileBytes} a file may have.`);
      const before = await this.#existing(path);
      await this.#requireRoom(path, content.length - (before?.size ?? 0), before === null);
      signal.throwIfAborted();
      const [folder, name] = await this.#placeOf(path, true);
      await placeFile(this.#staging, join(folder ?? this.#root, name), content, async () => {
        signal.throwIfAborted();
        await this.#requireInside(folder ?? this.#root, path);
      });
      return { bytes: content.length, isNew: before === null };
    });
  }

  async #existing(path: WorkspacePath): Promise<Stats | null> {
    const [folder, name] = await this.#placeOf(path);
    const stats = folder === null ? null : await statsOf(join(folder, name));
    if (stats === null || stats.isFile()) return stats;
    throw new NonRetryableError(
      `${showPath(path)} is ${stats.isDirectory() ? 'a folder' : 'a link or device'}, not a file.`,
    );
  }

  async #requireRoom(path: WorkspacePath, moreBytes: number, isNew: boolean): Promise<void> {
    const { maxBytes, maxEntries } = this.#limits;
    const root = await this.#folder([]);
    const { entries } = root === null ? { entries: [] } : await this.#walk(root, []);
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (bytes + moreBytes > maxBytes)
      throw new NonRetryableError(`The workspace would hold more than ${maxBytes} bytes; it holds ${bytes} now.`);
    if (isNew && entries.length + path.length > maxEntries)
      throw new NonRetryableError(`The workspace would hold more than ${maxEntries} files and folders.`);
  }

  async #content(handle: FileHandle, path: WorkspacePath): Promise<Buffer> {
    const { maxFileBytes } = this.#limits;
    const stats = await handle.stat();
    if (!stats.isFile())
      throw new NonRetryableError(`${showPath(path)} is ${stats.isDirectory() ? 'a folder' : 'a device'}, not a file.`);
    if (stats.nlink > 1)
      throw new NonRetryableError(`${showPath(path)} has another name elsewhere (a hard link) and is not read.`);
    // One byte more than allowed: it may grow while it is read.
    const buffer = Buffer.alloc(Math.min(stats.size, maxFileBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > maxFileBytes)
      throw new NonRetryableError(`${showPath(path)} has more than ${maxFileBytes} bytes and is not read.`);
    return buffer.subarray(0, length);
  }

  async #placeOf(path: WorkspacePath, create = false): Promise<readonly [folder: string | null, name: string]> {
    const name = path.at(-1);
    if (name === undefined) throw new NonRetryableError('Name a file; this is the workspace itself.');
    return [await this.#folder(path.slice(0, -1), create), name];
  }

  /** The real folder at the path; null when it is not there. */
  async #folder(path: WorkspacePath, create = false): Promise<string | null> {
    if (create) await mkdir(this.#root, { recursive: true });
    let folder = this.#root;
    for (const name of [null, ...path]) {
      if (name !== null) folder = join(folder, name);
      if (create && name !== null) await makeFolder(folder);
      const stats = await statsOf(folder);
      if (stats === null) return null;
      if (stats.isSymbolicLink())
        throw new NonRetryableError(`${JSON.stringify(name ?? '.')} is a link; links are not followed.`);
      if (!stats.isDirectory()) throw new NonRetryableError(`${JSON.stringify(name ?? '.')} is not a folder.`);
    }
    await this.#requireInside(folder, path);
    return folder;
  }

  async #requireInside(folder: string, path: WorkspacePath): Promise<void> {
    const [root, real] = await Promise.all([realpath(this.#root), realpath(folder)]);
    if (real !== root && !real.startsWith(root + sep))
      throw new NonRetryableError(`${showPath(path)} leads outside of the workspace.`);
  }

  async #walk(
    folder: string,
    path: WorkspacePath,
  ): Promise<{ readonly entries: WorkspaceEntry[]; readonly more: boolean }> {
    const entries: WorkspaceEntry[] = [];
    const open: { readonly folder: string; readonly path: WorkspacePath }[] = [{ folder, path }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const names = await readdir(next.folder);
      for (const name of names) {
        if (entries.length >= this.#limits.maxEntries) return { entries: sorted(entries), more: true };
        const at = join(next.folder, name);
        const stats = await statsOf(at);
        if (stats === null) continue;
        const entry = { path: [...next.path, name], kind: kindOf(stats), bytes: stats.isFile() ? stats.size : 0 };
        entries.push(entry);
        if (entry.kind === 'folder') open.push({ folder: at, path: entry.path });
      }
    }
    return { entries: sorted(entries), more: false };
  }

  /** Errors of the disk name absolute paths, which are no business of a model or its provider. */
  async #guarded<T>(path: WorkspacePath, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw diskError(error, showPath(path));
    }
  }
}

async function openPlainFile(file: string, path: WorkspacePath): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | noFollow | noWait);
  } catch (error) {
    throw isMissing(error) ? missing(path) : error;
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

async function statsOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function missing(path: WorkspacePath): NonRetryableError {
  return new NonRetryableError(`There is no ${showPath(path)} in the workspace; \`list\` shows what there is.`);
}

function decode(content: Buffer, path: WorkspacePath): string {
  try {
    if (content.includes(0)) throw new TypeError('It contains a NUL.');
    // With its byte order mark, so that an edit leaves it where it is.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (cause) {
    throw new NonRetryableError(`${showPath(path)} is not text in UTF-8 and is not read.`, { cause });
  }
}

function kindOf(stats: Stats): WorkspaceEntry['kind'] {
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() ? 'file' : 'other';
}

function sorted(entries: WorkspaceEntry[]): WorkspaceEntry[] {
  return entries.toSorted((a, b) => (showPath(a.path) < showPath(b.path) ? -1 : 1));
}
