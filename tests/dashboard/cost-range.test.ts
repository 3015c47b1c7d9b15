import { describe, expect, it } from 'vitest';
import { daysSince, firstDayOf } from '../../dashboard/src/costs/cost-range.ts';
import { bytes } from '../../dashboard/src/system/bytes.ts';

const now = Date.parse('2026-03-02T00:30:00Z');

describe('the days of a range', () => {
  it('are those of UTC, with today', () => {
    expect(firstDayOf('today', now)).toBe('2026-03-02');
    expect(firstDayOf('week', now)).toBe('2026-02-24');
    expect(firstDayOf('days30', now)).toBe('2026-02-01');
    expect(firstDayOf('month', now)).toBe('2026-03-01');
  });

  it('are all there, oldest first, over the end of a month', () => {
    expect(daysSince('2026-02-27', now)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02']);
    expect(daysSince('2026-03-02', now)).toEqual(['2026-03-02']);
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KB'],
    [20 * 1_024, '20 KB'],
    [3.4 * 1_024 ** 3, '3.4 GB'],
  ])('%d are %s', (value, text) => {
    expect(bytes(value)).toBe(text);
  });
});
