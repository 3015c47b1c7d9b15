import { expect, it } from 'vitest';
import type { ResourceSample } from '../../../src/flow/resource-monitor.ts';
import { MetricKeeping } from '../../../src/orchestrator/metrics/metric-keeping.ts';
import { TestClock } from '../../../src/testing/test-clock.ts';
import type { MetricStore } from '../../../src/work/metrics/metric-store.ts';
import type { ResourceMinute } from '../../../src/work/metrics/resource-minute.ts';

/** A store that remembers what it is told, and refuses while it `isFull`. */
function openKeeping({ gaps = 0, isKept = true } = {}) {
  const clock = new TestClock(Date.UTC(2026, 0, 1, 12));
  const told = { kept: 0, minutes: [] as ResourceMinute[], gaps, errors: 0, pruned: [] as number[] };
  const disk = { isFull: false };
  const listeners = new Set<(sample: ResourceSample) => void>();
  const nothing = () => Promise.reject(new Error('Nobody reads here.'));
  const store: MetricStore = {
    isKept,
    keep: async (minutes) => {
      if (disk.isFull) throw new Error('The disk is full.');
      told.kept += 1;
      told.minutes.push(...minutes);
    },
    catchUp: async () => told.gaps-- > 0,
    prune: async (before) => {
      told.pruned.push(before);
      return told.pruned.length % 3 === 0 ? 0 : 500;
    },
    minutes: nothing,
    open: nothing,
    convoys: nothing,
    resources: nothing,
  };
  const keeping = new MetricKeeping({
    store,
    clock,
    retentionDays: 1,
    onSample: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onError: () => (told.errors += 1),
  });
  const sample = (cpu: number): void => {
    for (const listener of listeners) listener({ at: clock.now(), cpu, memory: 0, loopDelayMs: 0 });
  };
  return { clock, keeping, told, disk, sample, listeners };
}

it('stores what was counted every ten seconds, samples when their minute is over, and all of it when it is asked or ends', async () => {
  const { clock, keeping, told, sample, listeners } = openKeeping();
  keeping.start();
  sample(10);
  await clock.advance(50_000);
  sample(30);
  expect([told.kept, told.minutes]).toEqual([5, []]);
  await clock.advance(10_000);
  const level = { average: 20, highest: 30 };
  expect(told.minutes).toMatchObject([{ samples: 2, cpu: level }]);
  sample(50);
  await keeping.keep();
  expect(told.minutes).toMatchObject([{ samples: 2 }, { samples: 1, cpu: { average: 50 } }]);
  sample(70);
  await keeping[Symbol.asyncDispose]();
  expect(told.minutes).toHaveLength(3);
  expect([clock.timers, listeners.size]).toEqual([0, 0]);
});

it('keeps samples that could not be stored, and tells of the first failure of a series', async () => {
  const { clock, keeping, told, disk, sample } = openKeeping();
  keeping.start();
  disk.isFull = true;
  sample(10);
  await clock.advance(120_000);
  expect(told.errors).toBe(1);
  await expect(keeping.keep()).rejects.toThrow('The disk is full.');
  disk.isFull = false;
  await clock.advance(10_000);
  expect(told.minutes).toMatchObject([{ samples: 1, cpu: { average: 10 } }]);
  disk.isFull = true;
  await clock.advance(10_000);
  expect(told.errors).toBe(2);
  await keeping[Symbol.asyncDispose]();
});

it('counts what was left uncounted at the start, and deletes what is old by the hour, batch by batch', async () => {
  const { clock, keeping, told } = openKeeping({ gaps: 3 });
  keeping.start();
  await clock.advance(10_000);
  expect(told.gaps).toBe(-1);
  await clock.advance(3_600_000);
  const dayBefore = Math.floor(Date.UTC(2025, 11, 31, 13) / 60_000);
  expect(told.pruned).toEqual([dayBefore, dayBefore, dayBefore]);
  await keeping[Symbol.asyncDispose]();
});

it('does nothing at all where none are kept', async () => {
  const { clock, keeping, told, listeners } = openKeeping({ isKept: false });
  keeping.start();
  expect([clock.timers, listeners.size]).toEqual([0, 0]);
  await keeping[Symbol.asyncDispose]();
  expect(told.minutes).toEqual([]);
});
