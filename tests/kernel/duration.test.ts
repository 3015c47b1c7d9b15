import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Duration } from '../../src/kernel/duration.ts';
import { durationMs, formatDuration } from '../../src/kernel/duration.ts';
import { SquadraError } from '../../src/kernel/errors.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('durationMs', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1500, 1500],
    [0.4, 0],
    ['7d', 7 * day],
    ['500ms', 500],
    ['1h30m', hour + 30 * minute],
    ['1h 30m', hour + 30 * minute],
    ['2 days', 2 * day],
    ['2 Days 3 HOURS', 2 * day + 3 * hour],
    ['1.5h', hour + 30 * minute],
    ['2w', 14 * day],
    [' 10 sec ', 10 * second],
    ['0s', 0],
    [{ days: 7 }, 7 * day],
    [{ hours: 1, minutes: 30, seconds: 2, milliseconds: 3 }, hour + 30 * minute + 2003],
    [{ seconds: 0 }, 0],
  ])('reads %j as %d ms', (duration, ms) => {
    expect(durationMs(duration, 'timeout')).toBe(ms);
  });

  it.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MAX_VALUE,
    '',
    ' ',
    'soon',
    '-5s',
    '5',
    '5 parsecs',
    '5s and more',
    '1e3s',
    '1.s',
    '999999999d',
    `${'9'.repeat(400)}s`,
    {},
    { hours: -1 },
    { hours: 2, minutes: -30 },
    { hours: Number.NaN },
    { days: Number.POSITIVE_INFINITY },
    { fortnights: 1 },
    { hours: '1' },
    null,
    undefined,
    true,
    [],
    [5],
  ])('refuses %j', (duration) => {
    const read = () => durationMs(duration as Duration, 'the timeout of step release');
    expect(read).toThrow(
      expect.objectContaining({
        code: 'INVALID_DURATION',
        message: expect.stringContaining('the timeout of step release'),
      }),
    );
  });

  it('says what to write when the unit is missing', () => {
    expect(() => durationMs('30', 'timeout')).toThrow("say the unit, as in '30s'");
  });

  it('reads parts written as text like the same parts in an object', () => {
    const part = fc.nat({ max: 1000 });
    fc.assert(
      fc.property(part, part, part, part, part, (days, hours, minutes, seconds, milliseconds) => {
        const text = `${days}d ${hours}h ${minutes}m${seconds}s ${milliseconds} ms`;
        const object = { days, hours, minutes, seconds, milliseconds };
        expect(durationMs(text, 'x')).toBe(durationMs(object, 'x'));
        expect(durationMs(text, 'x')).toBe(
          days * day + hours * hour + minutes * minute + seconds * second + milliseconds,
        );
      }),
    );
  });

  it('gives a whole, finite number of milliseconds or an error of the catalogue, for any text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,5} ?[a-z]{1,2}$/));
    fc.assert(
      fc.property(texts, (text) => {
        expect(outcomeOf(text)).toMatch(/^(?:whole|INVALID_DURATION)$/);
      }),
    );
  });
});

function outcomeOf(text: string): string {
  try {
    return Number.isSafeInteger(durationMs(text, 'x')) ? 'whole' : 'fraction';
  } catch (error) {
    return error instanceof SquadraError ? error.code : 'another error';
  }
}

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [850.7, '850ms'],
    [1000, '1.0s'],
    [1250, '1.2s'],
    [59_999, '59.9s'],
    [184_000, '3m 04s'],
    [hour - 1, '59m 59s'],
    [2 * hour + 5 * minute, '2h 05m'],
    [3 * day + 4 * hour, '3d 04h'],
    [-5, '0ms'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
