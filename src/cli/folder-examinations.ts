import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { inspectState } from '../compose/outside.ts';
import type { Settings } from '../config/settings.ts';
import { messageOf } from './examination.ts';
import type { Examination } from './examination.ts';

const gibibyte = 1024 ** 3;
/** Below this a busy day fills the disk. */
const littleDisk = gibibyte;
/** Below this nothing should be begun. */
const noDisk = 64 * 1024 ** 2;
const syncs = 20;
/** Slower than this, every step of every execution is felt. */
const slowSyncMs = 20;

/** The state file, and who runs it. */
export function examineState(settings: Settings): Examination[] {
  const { exists, stateDir, sizeBytes, version, currentVersion, problems, owner } = inspectState(settings);
  const where = resolve(stateDir);
  if (!exists) return [{ name: 'state', result: 'ok', text: `none in ${where} yet; the first run makes it` }];
  const run =
    owner === null
      ? 'nobody runs it now'
      : `run by process ${owner.pid} on ${owner.host} (squadra ${owner.command}, since ${owner.since})`;
  const size = `${(sizeBytes / 1024 ** 2).toFixed(1)} MiB`;
  if (problems.length > 0)
    return [
      { name: 'state', result: 'bad', text: `${where}:\n${problems.join('\n')}` },
      { name: 'owner', result: 'ok', text: run },
    ];
  const isOld = version !== null && version < currentVersion;
  const state = isOld ? `version ${version}, the next run brings it to ${currentVersion}` : `version ${version}, whole`;
  return [
    { name: 'state', result: isOld ? 'note' : 'ok', text: `${where}: ${size}, ${state}` },
    { name: 'owner', result: 'ok', text: run },
  ];
}

/** Whether the folder can be written, how much room there is, and how long the disk takes to say that something is safe. */
export function examineDisk(stateDir: string): Examination[] {
  const folder = nearestFolder(resolve(stateDir));
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const room: Examination = {
    name: 'disk',
    result: free < noDisk ? 'bad' : free < littleDisk ? 'note' : 'ok',
    text: `${(free / gibibyte).toFixed(1)} GiB free at ${folder}`,
  };
  try {
    const ms = medianSyncMs(folder);
    const isSlow = ms > slowSyncMs;
    const text = `${ms.toFixed(2)} ms for a synced write (median of ${syncs})${isSlow ? '; every step waits for one, so work will be slow here' : ''}`;
    return [room, { name: 'sync', result: isSlow ? 'note' : 'ok', text }];
  } catch (error) {
    return [room, { name: 'write', result: 'bad', text: `${folder} cannot be written: ${messageOf(error)}` }];
  }
}

/** The folder itself, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  if (existsSync(path) && statSync(path).isDirectory()) return path;
  const above = dirname(path);
  return above === path ? path : nearestFolder(above);
}

function medianSyncMs(folder: string): number {
  const path = join(folder, `.squadra-doctor-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const times: number[] = [];
    const block = Buffer.alloc(4096, 1);
    for (let turn = 0; turn < syncs; turn++) {
      const begun = performance.now();
      writeSync(file, block);
      fsyncSync(file);
      times.push(performance.now() - begun);
    }
    return times.toSorted((a, b) => a - b)[Math.floor(syncs / 2)] ?? 0;
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}
