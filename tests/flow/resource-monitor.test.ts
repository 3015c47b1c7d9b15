import { describe, expect, it } from 'vitest';
import { keptSamples, ResourceMonitor, sampleEveryMs } from '../../src/flow/resource-monitor.ts';
import type { ResourceProbe, ResourceReading } from '../../src/flow/resource-probe.ts';
import { Starts } from '../../src/flow/starts.ts';
import { settle, TestClock } from '../../src/testing/test-clock.ts';

const busy = (cpu: number, memory = 0): ResourceReading => ({ cpu, memory, loopDelayMs: 1 });

function open(read: () => Promise<ResourceReading>) {
  const clock = new TestClock();
  const errors: unknown[] = [];
  let reads = 0;
  const probe: ResourceProbe = {
    read: () => {
      reads += 1;
      return read();
    },
    [Symbol.dispose]: () => {},
  };
  const monitor = new ResourceMonitor(probe, clock, (error) => errors.push(error));
  monitor.start();
  return { clock, errors, monitor, reads: () => reads };
}

describe('the resource monitor', () => {
  it('takes a sample every ten seconds and keeps sixty', async () => {
    let cpu = 0;
    const { clock, monitor } = open(async () => busy(cpu));
    expect(monitor.current).toBeNull();
    expect(monitor.average(60_000)).toBeNull();
    for (cpu = 1; cpu <= 70; cpu += 1) await clock.advance(sampleEveryMs);
    expect(monitor.history(600_000)).toHaveLength(keptSamples);
    expect(monitor.history(600_000)[0]?.cpu).toBe(11);
    expect(monitor.current).toEqual({ at: clock.now(), cpu: 70, memory: 0, loopDelayMs: 1 });
    expect(monitor.average(20_000)?.cpu).toBe(69.5);
    expect(monitor.average(600_000)?.cpu).toBe(40.5);
    monitor[Symbol.dispose]();
    expect(clock.timers).toBe(0);
  });

  it('leaves samples out while a reading takes too long, and goes on after it', async () => {
    const pending: ((reading: ResourceReading) => void)[] = [];
    const { clock, monitor, reads } = open(() => new Promise((resolve) => pending.push(resolve)));
    await clock.advance(5 * sampleEveryMs);
    expect(reads()).toBe(2);
    pending[1]?.(busy(50));
    await settle();
    expect(monitor.history(600_000)).toHaveLength(1);
    await clock.advance(sampleEveryMs);
    expect(reads()).toBe(3);
  });

  it('tells once of a series of failures, and keeps what it has', async () => {
    let isBroken = false;
    const { clock, errors, monitor } = open(async () => {
      if (isBroken) throw new Error('unreadable');
      return busy(10);
    });
    await clock.advance(sampleEveryMs);
    isBroken = true;
    await clock.advance(3 * sampleEveryMs);
    expect(errors).toHaveLength(1);
    expect(monitor.history(600_000)).toHaveLength(1);
    isBroken = false;
    await clock.advance(sampleEveryMs);
    isBroken = true;
    await clock.advance(sampleEveryMs);
    expect(errors).toHaveLength(2);
  });
});

describe('the advice about starts', () => {
  const settings = { baselineParallelism: 5, maxParallelism: 20, cpuThreshold: 80, memoryThreshold: 80 };

  it('follows each sample, and tells that there is one', async () => {
    let cpu = 0;
    const { clock, monitor } = open(async () => busy(cpu, cpu));
    const starts = new Starts(settings, monitor, { places: 2000 }, clock);
    const heard: number[] = [];
    const stop = starts.onChange((sample) => heard.push(sample.cpu, starts.advise('auto').places));
    expect(starts.advise('auto')).toMatchObject({ places: 200, reason: 'not_measured', nextStartAt: clock.now() });
    for (cpu of [20, 60, 90]) await clock.advance(sampleEveryMs);
    expect(heard).toEqual([20, 200, 60, 13, 90, 5]);
    stop();
    await clock.advance(sampleEveryMs);
    expect(heard).toHaveLength(6);
    expect(starts.advise(8, { baselineParallelism: 2 })).toMatchObject({ places: 2, reason: 'full' });
  });

  it('keeps starts apart while a threshold is passed, whoever starts', async () => {
    const { clock, monitor } = open(async () => busy(100, 60));
    const starts = new Starts(settings, monitor, { places: 2000 }, clock);
    starts.started();
    expect(starts.advise('auto').nextStartAt).toBe(clock.now());
    await clock.advance(sampleEveryMs);
    starts.started();
    expect(starts.advise('auto')).toMatchObject({ startDelayMs: 4_000, nextStartAt: clock.now() + 4_000 });
    clock.set(clock.now() - 3_600_000);
    expect(starts.advise('auto').nextStartAt).toBe(clock.now() + 4_000);
    expect(starts.statistics()).toMatchObject({ started: 2, sample: { cpu: 100 }, advice: { places: 5 } });
  });
});
