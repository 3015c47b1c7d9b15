import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { autoCeiling, parallelismFor, throttleOf } from '../../src/flow/parallelism.ts';
import type { ParallelismReason, WantedParallelism } from '../../src/flow/parallelism.ts';

const settings = { baselineParallelism: 5, maxParallelism: 20, cpuThreshold: 80, memoryThreshold: 80 };
const reading = (cpu: number, memory: number) => ({ cpu, memory, loopDelayMs: 0 });

/** cpu, memory, wanted, what the providers bear → places, reason */
const rows: readonly (readonly [number, number, WantedParallelism, number, number, ParallelismReason])[] = [
  [0, 0, 20, 2000, 20, 'idle'],
  [40, 40, 20, 2000, 20, 'idle'],
  [60, 60, 20, 2000, 13, 'busy'],
  [50, 50, 20, 2000, 16, 'busy'],
  [80, 80, 20, 2000, 5, 'full'],
  [100, 100, 20, 2000, 5, 'full'],
  [100, 50, 20, 2000, 5, 'full'],
  [100, 0, 20, 2000, 13, 'busy'],
  [0, 100, 20, 2000, 20, 'idle'],
  [0, 0, 3, 2000, 3, 'idle'],
  [100, 100, 3, 2000, 3, 'full'],
  [0, 0, 500, 10, 500, 'idle'],
  [0, 0, 'auto', 2000, 200, 'idle_auto'],
  [40, 40, 'auto', 2000, 200, 'idle_auto'],
  [41, 41, 'auto', 2000, 20, 'busy'],
  [0, 0, 'auto', 64.7, 64, 'provider'],
  [0, 0, 'auto', 3, 20, 'provider'],
  [80, 80, 'auto', 2000, 5, 'full'],
];

describe('how many may work side by side', () => {
  it.each(rows)('at %d %% CPU and %d %% memory, wanting %s where %d calls are borne: %d, for it is %s', (...row) => {
    const [cpu, memory, wanted, borne, places, reason] = row;
    expect(parallelismFor(settings, wanted, reading(cpu, memory), borne)).toMatchObject({ places, reason });
  });

  it('is the most while nothing was measured', () => {
    expect(parallelismFor(settings, 7, null, 1)).toEqual({
      places: 7,
      load: null,
      throttle: 0,
      startDelayMs: 0,
      reason: 'not_measured',
    });
  });

  it('never grows with the load, and stays between the least and the most', () => {
    const share = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(share, share, share, fc.integer({ min: 1, max: 300 }), (cpu, memory, more, wanted) => {
        const low = parallelismFor(settings, wanted, reading(Math.min(cpu, more), memory), 2000).places;
        const high = parallelismFor(settings, wanted, reading(Math.max(cpu, more), memory), 2000).places;
        expect(high).toBeLessThanOrEqual(low);
        expect(low).toBeLessThanOrEqual(wanted);
        expect(high).toBeGreaterThanOrEqual(Math.min(5, wanted));
      }),
    );
  });

  it('is never above the ceiling of `auto`, unless the settings are', () => {
    expect(parallelismFor({ ...settings, maxParallelism: 300 }, 'auto', reading(0, 0), 2000).places).toBe(300);
    expect(parallelismFor(settings, 'auto', reading(0, 0), 1e6).places).toBe(autoCeiling);
  });
});

describe('how much starts are held back', () => {
  it.each([
    [80, 80, 0, 0],
    [80.1, 20, 0.5005, 2502.5],
    [100, 100, 1, 5000],
    [10, 90, 0.5, 2500],
    [0, 0, 0, 0],
  ])('at %d %% CPU and %d %% memory: %d, %d ms', (cpu, memory, throttle, startDelayMs) => {
    expect(throttleOf(reading(cpu, memory), settings)).toBeCloseTo(throttle, 6);
    expect(parallelismFor(settings, 'auto', reading(cpu, memory), 2000).startDelayMs).toBeCloseTo(startDelayMs, 6);
  });
});
