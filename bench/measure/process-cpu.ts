import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One line of /proc/<pid>/stat, as far as it is of interest; times in clock ticks. */
export interface ProcessTimes {
  readonly parent: number;
  /** User and system time of the process. */
  readonly own: number;
  /** Of its children that have ended and were waited for. */
  readonly ended: number;
}

/** Reads such a line. The name in it may hold anything, also parentheses and spaces. */
export function processTimes(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const at = (place: number): number => Number(fields[place - 3]);
  return { parent: at(4), own: at(14) + at(15), ended: at(16) + at(17) };
}

let ticksPerSecond = 0;

/** CPU time in milliseconds that a process and all that it started have taken so far. Linux only. */
export function processCpuMs(pid: number): number {
  if (ticksPerSecond === 0) ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const all = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc')) {
    const times = /^\d+$/.test(name) ? read(name) : null;
    if (times !== null) all.set(Number(name), times);
  }
  return (treeTicks(all, pid) * 1_000) / ticksPerSecond;
}

/** Ticks of a process and of all below it. */
export function treeTicks(all: ReadonlyMap<number, ProcessTimes>, pid: number): number {
  const times = all.get(pid);
  if (times === undefined) return 0;
  let ticks = times.own + times.ended;
  for (const [child, { parent }] of all) if (parent === pid) ticks += treeTicks(all, child);
  return ticks;
}

function read(name: string): ProcessTimes | null {
  try {
    return processTimes(readFileSync(`/proc/${name}/stat`, 'utf8'));
  } catch {
    // It has ended meanwhile.
    return null;
  }
}
