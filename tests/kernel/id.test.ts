import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/clock.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createIds, idTime, isId } from '../../src/kernel/id.ts';

const version7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function clockOf(now: () => number): Clock {
  return { ...systemClock, now };
}

describe('ids', () => {
  it('are UUIDs of version 7 in lower case, with the time of their making', () => {
    const next = createIds(clockOf(() => 1_700_000_000_123));
    const id = next();
    expect(id).toMatch(version7);
    expect(isId(id)).toBe(true);
    expect(idTime(id)).toBe(1_700_000_000_123);
  });

  it('follow the layout of RFC 9562 to the bit', () => {
    const next = createIds(
      clockOf(() => 0x017f22e279b0),
      (bytes) => bytes.fill(0xff),
    );
    expect(next()).toBe('017f22e2-79b0-7000-bfff-ffffffffffff');
    expect(next()).toBe('017f22e2-79b0-7001-bfff-ffffffffffff');
  });

  it('increase strictly whatever the clock does', () => {
    const instants = fc.array(fc.integer({ min: 0, max: 2 ** 48 - 10_000 }), { minLength: 2, maxLength: 300 });
    fc.assert(
      fc.property(instants, (times) => {
        let call = 0;
        const next = createIds(clockOf(() => times[call++] ?? 0));
        const ids = times.map(() => next());
        expect(ids).toEqual(ids.toSorted());
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.every((id) => version7.test(id))).toBe(true);
      }),
    );
  });

  it('go on into the next millisecond when one is full, and never back to it', () => {
    let now = 1000;
    const next = createIds(clockOf(() => now));
    const ids = Array.from({ length: 4096 + 1 }, next);
    expect(idTime(ids[4095] ?? '')).toBe(1000);
    expect(idTime(ids[4096] ?? '')).toBe(1001);
    now = 1001;
    ids.push(next());
    now = 1002;
    ids.push(next());
    expect(ids).toEqual(ids.toSorted());
    expect(idTime(ids.at(-1) ?? '')).toBe(1002);
  });

  it('of two sources differ although clock and order are the same', () => {
    const clock = clockOf(() => 1000);
    const [one, other] = [createIds(clock), createIds(clock)];
    const ids = new Set(Array.from({ length: 2000 }, () => [one(), other()]).flat());
    expect(ids.size).toBe(4000);
  });

  it('ask for randomness in batches', () => {
    let asked = 0;
    const next = createIds(systemClock, () => void asked++);
    for (let count = 0; count < 1024; count++) next();
    expect(asked).toBe(2);
  });
});

describe('isId', () => {
  it.each(['f47ac10b-58cc-4372-a567-0e02b2c3d479', '01A20330-9D42-7000-9E58-E95F1F6254BC'])('accepts %s', (text) => {
    expect(isId(text)).toBe(true);
  });

  it.each([
    '',
    'x',
    '01a203309d4270009e58e95f1f6254bc',
    '01a20330-9d42-7000-9e58-e95f1f6254bc ',
    '01a20330-9d42-7000-9e58-e95f1f6254bg',
  ])('refuses %j', (text) => {
    expect(isId(text)).toBe(false);
  });
});

describe('idTime', () => {
  it.each(['nonsense', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'])('refuses %s, which has no time in it', (text) => {
    expect(() => idTime(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(text) }),
    );
  });
});
