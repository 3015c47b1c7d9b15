import { describe, expect, it } from 'vitest';
import type { LiveEvent } from '../../src/bus/bus.ts';
import { LiveText } from '../../src/bus/live-text.ts';
import { MemoryBus } from '../../src/bus/memory/memory-bus.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const call = { executionId: 'e', stepKey: 'a/model/1', attempt: 1 };

function ground(clock: Clock, maxLiveTextBytes = 1_000) {
  const bus = new MemoryBus();
  const told: string[] = [];
  bus.subscribe('e', (event: LiveEvent) => {
    if (event.kind === 'delta') told.push(`${event.delta.attempt}:${event.delta.offset}:${event.delta.text}`);
  });
  return { told, live: new LiveText(bus, clock, { maxLiveTextBytes }) };
}

describe('live text', () => {
  it('passes on the first piece at once, and gathers what comes after it', async () => {
    const clock = new TestClock();
    const { told, live } = ground(clock);
    live.add({ ...call, offset: 0, text: 'One' });
    expect(told).toEqual(['1:0:One']);
    live.add({ ...call, offset: 3, text: ' two' });
    live.add({ ...call, offset: 7, text: ' three' });
    await clock.advance(19);
    expect(told).toEqual(['1:0:One']);
    await clock.advance(31);
    expect(told).toEqual(['1:0:One', '1:3: two three']);
  });

  it('passes on the last piece before the call has ended, and then knows nothing of it', () => {
    const clock = new TestClock();
    const { told, live } = ground(clock);
    live.add({ ...call, offset: 0, text: 'One' });
    live.add({ ...call, offset: 3, text: ' two' });
    live.end(call);
    expect(told).toEqual(['1:0:One', '1:3: two']);
    expect(live.soFar('e')).toEqual([]);
    expect(live.size).toBe(0);
    expect(clock.untilNextMs).toBeNull();
  });

  it('drops what an attempt said when a higher one speaks', async () => {
    const clock = new TestClock();
    const { told, live } = ground(clock);
    live.add({ ...call, offset: 0, text: 'One' });
    live.add({ ...call, offset: 3, text: ' lost' });
    live.add({ ...call, attempt: 2, offset: 0, text: 'Two' });
    live.end(call);
    expect(live.soFar('e')).toMatchObject([{ event: 'text-so-far', attempt: 2, offset: 0, text: 'Two' }]);
    await clock.advance(1_000);
    expect(told).toEqual(['1:0:One', '2:0:Two']);
  });

  it('tells everything before it says what was said so far, so that nothing comes twice', async () => {
    const clock = new TestClock();
    const { told, live } = ground(clock);
    live.add({ ...call, offset: 0, text: 'One' });
    live.add({ ...call, offset: 3, text: ' two' });
    expect(live.soFar('e')).toMatchObject([{ offset: 0, text: 'One two' }]);
    live.add({ ...call, offset: 7, text: ' three' });
    await clock.advance(1_000);
    expect(told).toEqual(['1:0:One', '1:3: two', '1:7: three']);
  });

  it('keeps the end of a long text, and says where it begins', () => {
    const { live } = ground(new TestClock(), 10);
    for (let offset = 0; offset < 1_000; offset += 10) {
      live.add({ ...call, offset, text: '0123456789' });
      const [kept] = live.soFar('e');
      expect(kept?.text.length).toBeLessThanOrEqual(20);
      expect((kept?.offset ?? 0) + (kept?.text.length ?? 0)).toBe(offset + 10);
    }
  });

  it('gathers longer while the event loop lags, up to a second, and recovers', () => {
    let now = 0;
    let fire = (): void => {};
    const delays: number[] = [];
    const late = { ms: 0 };
    const clock: Clock = {
      now: () => now,
      setTimer: (delayMs, action) => {
        delays.push(delayMs);
        fire = () => ((now += delayMs + late.ms), action());
        return { cancel: () => {} };
      },
    };
    const { live } = ground(clock);
    const speak = (): void => live.add({ ...call, offset: 0, text: '.' });
    speak();
    for (const ms of [0, 20, 200, ...Array<number>(30).fill(0)]) {
      late.ms = ms;
      speak();
      fire();
    }
    speak();
    expect(delays[0]).toBe(25);
    expect(delays[2]).toBeGreaterThan(50);
    expect(delays[3]).toBe(1_000);
    expect(delays.at(-1)).toBe(25);
  });
});
