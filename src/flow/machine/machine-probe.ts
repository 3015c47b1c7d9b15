import { cpus, freemem, totalmem } from 'node:os';
import { LoopDelay } from '../../telemetry/loop-delay.ts';
import type { ResourceProbe, ResourceReading } from '../resource-probe.ts';
import { readControlGroup, readSystemFile } from './control-group.ts';
import type { GroupReading, ReadText } from './control-group.ts';

/** CPU time so far: what was used, and what could have been. */
interface CpuTime {
  /** Whose time it is: a difference means something only within the same. */
  readonly of: 'group' | 'machine';
  readonly usedMs: number;
  readonly possibleMs: number;
}

/** What the probe asks the machine for where the control group sets no limit. */
export interface Machine {
  readonly read: ReadText;
  /** Milliseconds that only go on. */
  readonly elapsedMs: () => number;
  readonly memory: () => { readonly totalBytes: number; readonly freeBytes: number };
  /** Where there is no `/proc/stat`: CPU time of each core. */
  readonly cores: () => readonly { readonly times: Readonly<Record<string, number>> }[];
}

const thisMachine: Machine = {
  read: readSystemFile,
  elapsedMs: () => performance.now(),
  // On Linux what is available, with the pages that can be taken back.
  memory: () => ({ totalBytes: totalmem(), freeBytes: freemem() }),
  cores: cpus,
};

/**
 * Reads the container's limits where it has any, else the machine, with everything that runs on it.
 *
 * The first reading has nothing to compare with and tells no CPU.
 */
export class MachineProbe implements ResourceProbe {
  readonly #machine: Machine;
  readonly #loop = new LoopDelay();
  #last: CpuTime | null = null;

  constructor(machine: Machine = thisMachine) {
    this.#machine = machine;
  }

  async read(): Promise<ResourceReading> {
    const group = await readControlGroup(this.#machine.read);
    const time = await this.#cpuTime(group);
    const cpu = shareSince(this.#last, time);
    this.#last = time;
    return { cpu, memory: this.#memory(group), loopDelayMs: this.#loop.read().p99 * 1e3 };
  }

  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
  }

  async #cpuTime({ cpu }: GroupReading): Promise<CpuTime> {
    if (cpu !== null)
      return { of: 'group', usedMs: cpu.usedMs, possibleMs: cpu.limitCores * this.#machine.elapsedMs() };
    const line = /^cpu +(?<times>[\d ]+)$/m.exec((await this.#machine.read('/proc/stat')) ?? '')?.groups?.times;
    if (line === undefined) return coresTime(this.#machine.cores());
    // user nice system idle iowait irq softirq steal; guests' time is in the first two already.
    const times = line.split(' ').map(Number).slice(0, 8);
    const total = times.reduce((sum, ticks) => sum + ticks, 0);
    const idle = (times[3] ?? 0) + (times[4] ?? 0);
    return { of: 'machine', usedMs: total - idle, possibleMs: total };
  }

  #memory({ memory }: GroupReading): number {
    const { totalBytes, freeBytes } = this.#machine.memory();
    // A limit above what the machine has is none.
    if (memory !== null && memory.limitBytes < totalBytes) return percent(memory.usedBytes, memory.limitBytes);
    return percent(totalBytes - freeBytes, totalBytes);
  }
}

function coresTime(cores: ReturnType<Machine['cores']>): CpuTime {
  let [usedMs, possibleMs] = [0, 0];
  for (const { times } of cores) {
    const total = Object.values(times).reduce((sum, ms) => sum + ms, 0);
    possibleMs += total;
    usedMs += total - (times['idle'] ?? 0);
  }
  return { of: 'machine', usedMs, possibleMs };
}

function shareSince(last: CpuTime | null, now: CpuTime): number {
  if (last === null || last.of !== now.of) return 0;
  return percent(now.usedMs - last.usedMs, now.possibleMs - last.possibleMs);
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0;
}
