import { processCpuMs } from '../../measure/process-cpu.ts';

/** CPU that the parts of something have taken, in milliseconds by their names. */
export type PartsCpu = Readonly<Record<string, number>>;

/** The processes of each part. */
export type Parts = Readonly<Record<string, readonly number[]>>;

export function readParts(parts: Parts): PartsCpu {
  return Object.fromEntries(
    Object.entries(parts).map(([name, pids]) => [name, pids.reduce((sum, pid) => sum + processCpuMs(pid), 0)]),
  );
}

/** What each part took between two readings. */
export function partsBetween(before: PartsCpu, after: PartsCpu): PartsCpu {
  return Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]));
}

export function sumOf(cpu: PartsCpu): number {
  return Object.values(cpu).reduce((sum, ms) => sum + ms, 0);
}
