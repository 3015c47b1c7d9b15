import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTicks, ticksOf } from '../../../src/orchestrator/schedules/ticks.ts';
import type { Rhythm } from '../../../src/work/schedule.ts';

const every = (everyMs: number, startMs = 0): Rhythm => ({ kind: 'every', everyMs, startMs });
const cron = (expression: string, timezone = 'UTC'): Rhythm => ({ kind: 'cron', cron: expression, timezone });
const at = (iso: string): number => Date.parse(iso);

/** The ticks of a rhythm after a time. */
function following(rhythm: Rhythm, from: string, count: number): string[] {
  const ticks = ticksOf(rhythm);
  const found: string[] = [];
  for (let next = ticks.after(at(from)); next !== null && found.length < count; next = ticks.after(next))
    found.push(new Date(next).toISOString().replace(':00.000Z', 'Z'));
  return found;
}

describe('a cron expression', () => {
  it.each<[string, string, string, string, readonly string[]]>([
    [
      'each weekday',
      '0 9 * * mon-fri',
      'America/New_York',
      '2026-01-01T20:00Z',
      ['2026-01-02T14:00Z', '2026-01-05T14:00Z'],
    ],
    [
      'with seconds',
      '30 0 12 * * *',
      'UTC',
      '2026-01-01T12:00Z',
      ['2026-01-01T12:00:30.000Z', '2026-01-02T12:00:30.000Z'],
    ],
    ['by a name', '@monthly', 'UTC', '2026-01-01T00:00Z', ['2026-02-01T00:00Z', '2026-03-01T00:00Z']],
    ['on a leap day', '0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['on the last of the month', '0 0 L * *', 'UTC', '2026-01-31T00:00Z', ['2026-02-28T00:00Z', '2026-03-31T00:00Z']],
    // 02:30 is not there on 29 March: it comes at the end of the gap, 03:00 in summer time.
    [
      'in the hour that is left out',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    [
      'with a list, one of it left out',
      '30 2,14 * * *',
      'Europe/Berlin',
      '2026-03-28T20:00Z',
      ['2026-03-29T01:00Z', '2026-03-29T12:30Z'],
    ],
    // 02:30 is there twice on 25 October: the first counts.
    [
      'in the hour that is there twice',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    [
      'with a list, one of it there twice',
      '30 2,14 * * *',
      'Europe/Berlin',
      '2026-10-24T20:00Z',
      ['2026-10-25T00:30Z', '2026-10-25T13:30Z'],
    ],
    [
      'of steps, through a gap',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:29Z',
      ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    ],
    [
      'of steps, through a repetition',
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-10-25T00:29Z',
      ['2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z'],
    ],
    [
      'on the other half of the earth, into winter',
      '30 2 * * *',
      'Australia/Sydney',
      '2026-04-04T00:00Z',
      ['2026-04-04T15:30Z', '2026-04-05T16:30Z'],
    ],
    [
      'where clocks move by half an hour',
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-02T16:00Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
    ],
  ])('ticks %s: %s in %s', (_, expression, timezone, from, expected) => {
    expect(following(cron(expression, timezone), from, expected.length)).toEqual(expected);
  });

  it('that never comes has no ticks', () => {
    expect(ticksOf(cron('0 0 30 2 *')).after(0)).toBeNull();
  });

  it.each(['30 2 * * *', '0 */2 * * *', '*/7 1-3 * * *', '0 30 1,2,3 * * *'])(
    'ticks later and later, through all changes of a year, wherever one begins to look: %s',
    (expression) => {
      const ticks = ticksOf(cron(expression, 'Europe/Berlin'));
      const [first, last] = [at('2026-01-01T00:00Z'), at('2027-01-01T00:00Z')];
      fc.assert(
        fc.property(fc.integer({ min: first, max: last }), (from) => {
          const next = ticks.after(from) ?? 0;
          expect(next).toBeGreaterThan(from);
          // From anywhere in between it is the same one.
          const places = [from + 1, Math.floor((from + next) / 2), next - 1].filter(
            (place) => place >= from && place < next,
          );
          expect(places.map((place) => ticks.after(place))).toEqual(places.map(() => next));
        }),
        { numRuns: 200 },
      );
    },
  );
});

describe('an interval', () => {
  it.each([
    ['not at its start', every(1_000, 5_000), 5_000, 6_000],
    ['before its start', every(1_000, 5_000), 0, 6_000],
    ['between two ticks', every(1_000, 5_000), 7_999, 8_000],
    ['on a tick', every(1_000, 5_000), 8_000, 9_000],
    ['far from its start', every(1_500), 1e12, 1e12 + 500],
  ] as const)('ticks %s', (_, rhythm, from, next) => {
    expect(ticksOf(rhythm).after(from)).toBe(next);
  });

  it('knows nothing of clocks being set', () => {
    const day = every(86_400_000, at('2026-03-28T12:00Z'));
    expect(following(day, '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T12:00Z', '2026-03-30T12:00Z']);
  });
});

describe('what is due', () => {
  const ticks = ticksOf(every(10));

  it.each([
    ['nothing before its time', 20, 19, [], 20],
    ['one at its time', 20, 20, [20], 30],
    ['all after a jump of the clock', 20, 45, [20, 30, 40], 50],
    ['so many at once at most', 20, 999, [20, 30, 40, 50], 60],
    ['nothing after the clock was set back', 20, -999, [], 20],
  ] as const)('is %s', (_, first, now, due, next) => {
    expect(dueTicks(ticks, first, now, 4)).toEqual({ ticks: due, next });
  });
});
