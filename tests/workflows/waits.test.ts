import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PendingSignal } from '../../src/work/execution-store.ts';
import { stepRecord } from '../../src/workflows/effect.ts';
import { Waits } from '../../src/workflows/waits.ts';
import type { OpenWait } from '../../src/workflows/waits.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const signal = (id: string, name = 'go'): PendingSignal => ({ id, name, payload: `"${id}"` });

function setUp(pending: readonly PendingSignal[] = []) {
  const clock = new TestClock();
  const waits = new Waits(clock, pending);
  const ended: string[] = [];
  const wait = (key: string, given: Partial<OpenWait> = {}): OpenWait => ({
    key,
    dueAt: null,
    signal: null,
    record: stepRecord(key, 'wait', 'waiting', {}),
    end: (taken) => ended.push(taken === null ? `${key} due` : `${key} ${taken.id}`),
    ...given,
  });
  return { clock, waits, ended, wait };
}

describe('signals', () => {
  it('that are there already end a wait at once, oldest first, and it is never recorded as open', () => {
    const { waits, ended, wait } = setUp([signal('1'), signal('x', 'other'), signal('2')]);
    for (const key of ['a', 'b', 'c']) waits.add(wait(key, { signal: 'go' }));
    expect(ended).toEqual(['a 1', 'b 2']);
    expect(waits.takeUnrecorded().map(({ key }) => key)).toEqual(['c']);
  });

  it('that come later go to the waits in the order in which they were opened', () => {
    const { waits, ended, wait } = setUp();
    waits.add(wait('a', { signal: 'go' }));
    waits.add(wait('b', { signal: 'other' }));
    waits.add(wait('c', { signal: 'go' }));
    waits.offer([signal('1'), signal('2'), signal('3'), signal('x', 'other')]);
    expect(ended).toEqual(['a 1', 'b x', 'c 2']);
    expect(waits.count).toBe(0);
    waits.add(wait('d', { signal: 'go' }));
    expect(ended.at(-1)).toBe('d 3');
  });

  it('that are offered again count once', () => {
    const { waits, ended, wait } = setUp([signal('1')]);
    waits.add(wait('a', { signal: 'go' }));
    waits.offer([signal('1')]);
    waits.add(wait('b', { signal: 'go' }));
    waits.offer([signal('1'), signal('2')]);
    expect(ended).toEqual(['a 1', 'b 2']);
  });

  it('win over a time that has come as well', () => {
    const { clock, waits, ended, wait } = setUp([signal('1')]);
    waits.add(wait('a', { signal: 'go', dueAt: clock.now() - 1 }));
    waits.endDue();
    expect(ended).toEqual(['a 1']);
  });
});

describe('times', () => {
  it('end waits earliest first, however they were opened and however late somebody looks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 10 }), (delays) => {
        const { clock, waits, ended, wait } = setUp();
        for (const [n, delay] of delays.entries()) waits.add(wait(`${n}`, { dueAt: clock.now() + delay }));
        clock.set(clock.now() + 20);
        waits.endDue();
        const expected = [...delays.entries()].sort(([, a], [, b]) => a - b).map(([n]) => `${n} due`);
        expect(ended).toEqual(expected);
      }),
    );
  });

  it('end waits as they come while the run stays in memory, and tell the next one', async () => {
    const { clock, waits, ended, wait } = setUp();
    const start = clock.now();
    waits.add(wait('late', { dueAt: start + 50 }));
    waits.add(wait('never'));
    waits.add(wait('soon', { dueAt: start + 10 }));
    expect(waits.nextDue()).toBe(start + 10);
    waits.watch();
    await clock.advance(10);
    expect(ended).toEqual(['soon due']);
    expect(waits.nextDue()).toBe(start + 50);
    await clock.advance(40);
    expect(ended).toEqual(['soon due', 'late due']);
    expect(waits.nextDue()).toBeNull();
    expect(clock.timers).toBe(0);
  });

  it('end nothing any more once nobody watches', async () => {
    const { clock, waits, ended, wait } = setUp();
    waits.add(wait('a', { dueAt: clock.now() + 10 }));
    waits.watch();
    waits.unwatch();
    await clock.advance(10);
    expect(ended).toEqual([]);
    waits.watch();
    waits.stop();
    expect(clock.timers).toBe(0);
    expect(waits.count).toBe(0);
  });
});

it('a wait that ended before it was recorded as open is not recorded as open after its end', () => {
  const { clock, waits, wait } = setUp();
  waits.add(wait('signalled', { signal: 'go' }));
  waits.add(wait('timed', { dueAt: clock.now() }));
  waits.add(wait('open', { signal: 'other' }));
  waits.offer([signal('1')]);
  waits.endDue();
  expect(waits.takeUnrecorded().map(({ key }) => key)).toEqual(['open']);
  expect(waits.takeUnrecorded()).toEqual([]);
  expect(waits.awaitedSignals()).toEqual(['other']);
});
