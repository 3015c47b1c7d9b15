import type { ResourceReading } from './resource-probe.ts';

/** What decides how many may work side by side. Thresholds in percent. */
export interface ParallelismSettings {
  readonly baselineParallelism: number;
  readonly maxParallelism: number;
  readonly cpuThreshold: number;
  readonly memoryThreshold: number;
}

/** As many as the machine and the providers bear, or at most so many. */
export type WantedParallelism = 'auto' | number;

/** Why it is as many: the machine is idle, busy, or full; or nothing is known of it yet. */
export type ParallelismReason = 'not_measured' | 'idle' | 'idle_auto' | 'provider' | 'busy' | 'full';

/** How many may work side by side now, and how far apart starts are. */
export interface Parallelism {
  readonly places: number;
  /** `0.6·cpu + 0.4·memory`, in percent; null while nothing was measured. */
  readonly load: number | null;
  /** 0 while no threshold is passed, else `0.5·cpu + 0.5·memory` as a share: 0 to 1. */
  readonly throttle: number;
  /** Time between two starts: the throttle times five seconds. */
  readonly startDelayMs: number;
  readonly reason: ParallelismReason;
}

/** Up to this load, in percent, the machine counts as idle; from the other on as full. */
const idleLoad = 40;
const fullLoad = 80;
/** Under `auto`, while the machine is idle: agents wait for models most of the time. */
export const autoCeiling = 200;
const longestDelayMs = 5_000;

function loadOf({ cpu, memory }: ResourceReading): number {
  return 0.6 * cpu + 0.4 * memory;
}

/** How much starts are held back: nothing until a threshold is passed. */
export function throttleOf({ cpu, memory }: ResourceReading, settings: ParallelismSettings): number {
  const isPassed = cpu > settings.cpuThreshold || memory > settings.memoryThreshold;
  return isPassed ? (0.5 * cpu + 0.5 * memory) / 100 : 0;
}

/**
 * The rule. `wanted` as a number takes the place of the maximum: it is reached while the machine is idle. `providerPlaces` is how
 * many model calls the providers bear as far as is known.
 */
export function parallelismFor(
  settings: ParallelismSettings,
  wanted: WantedParallelism,
  reading: ResourceReading | null,
  providerPlaces: number,
): Parallelism {
  const most = wanted === 'auto' ? settings.maxParallelism : wanted;
  const least = Math.min(settings.baselineParallelism, most);
  const load = reading === null ? null : loadOf(reading);
  const throttle = reading === null ? 0 : throttleOf(reading, settings);
  const rest = { load, throttle, startDelayMs: throttle * longestDelayMs };
  if (load !== null && load >= fullLoad) return { places: least, reason: 'full', ...rest };
  if (load !== null && load > idleLoad) {
    const share = (load - idleLoad) / (fullLoad - idleLoad);
    return { places: Math.round(most - share * (most - least)), reason: 'busy', ...rest };
  }
  const unknown = load === null ? 'not_measured' : null;
  if (wanted !== 'auto') return { places: most, reason: unknown ?? 'idle', ...rest };
  const bearable = Math.min(autoCeiling, Math.max(most, Math.floor(providerPlaces)));
  const reason = bearable < autoCeiling ? 'provider' : (unknown ?? 'idle_auto');
  return { places: Math.max(most, bearable), reason, ...rest };
}
