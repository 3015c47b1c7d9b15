import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a container may use, and has used. A limit is null where the machine's own is the limit. */
export interface GroupReading {
  readonly cpu: { readonly limitCores: number; readonly usedMs: number } | null;
  readonly memory: { readonly limitBytes: number; readonly usedBytes: number } | null;
}

/** Reads a file of the system; null where there is none. */
export type ReadText = (path: string) => Promise<string | null>;

/** Without blocking: the files are read on a thread of their own. */
export const readSystemFile: ReadText = (path) => readFile(path, 'utf8').catch(() => null);

const root = '/sys/fs/cgroup';

/**
 * What the control group (version 2) of this process may use and has used; the closest group above it with a limit counts.
 * Pages of files that nobody has used lately (`inactive_file`) are not in use: the kernel takes them back when it needs them.
 */
export async function readControlGroup(read: ReadText): Promise<GroupReading> {
  const own = /^0::(?<path>\/.*)$/m.exec((await read('/proc/self/cgroup')) ?? '')?.groups?.path;
  let cpu: GroupReading['cpu'] = null;
  let memory: GroupReading['memory'] = null;
  if (own === undefined) return { cpu, memory };
  for (const folder of groupsFrom(own)) {
    cpu ??= await readCpu(read, folder);
    memory ??= await readMemory(read, folder);
    if (cpu !== null && memory !== null) break;
  }
  return { cpu, memory };
}

/** From the group itself up to the root. */
function groupsFrom(path: string): readonly string[] {
  const parent = dirname(path);
  const folder = join(root, path);
  return parent === path ? [folder] : [folder, ...groupsFrom(parent)];
}

async function readCpu(read: ReadText, folder: string): Promise<GroupReading['cpu']> {
  const [quota, period] = ((await read(join(folder, 'cpu.max'))) ?? '').trim().split(' ').map(Number);
  if (!(quota !== undefined && quota > 0 && period !== undefined && period > 0)) return null;
  const used = numberOf(await read(join(folder, 'cpu.stat')), 'usage_usec');
  return used === null ? null : { limitCores: quota / period, usedMs: used / 1e3 };
}

async function readMemory(read: ReadText, folder: string): Promise<GroupReading['memory']> {
  const limitBytes = Number.parseInt((await read(join(folder, 'memory.max'))) ?? '', 10);
  const current = Number.parseInt((await read(join(folder, 'memory.current'))) ?? '', 10);
  if (!(limitBytes > 0 && current >= 0)) return null;
  const unused = numberOf(await read(join(folder, 'memory.stat')), 'inactive_file') ?? 0;
  return { limitBytes, usedBytes: Math.max(0, current - unused) };
}

function numberOf(text: string | null, name: string): number | null {
  const value = new RegExp(String.raw`^${name} (?<value>\d+)$`, 'm').exec(text ?? '')?.groups?.value;
  return value === undefined ? null : Number(value);
}
