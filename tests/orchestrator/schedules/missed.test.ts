import { expect, it } from 'vitest';
import { decisions, punctualMs } from '../../../src/orchestrator/schedules/missed.ts';
import type { Decision } from '../../../src/orchestrator/schedules/missed.ts';
import type { DueTicks } from '../../../src/orchestrator/schedules/ticks.ts';
import type { MissedRule } from '../../../src/work/schedule.ts';

const hour = 3_600_000;
const one: DueTicks = { ticks: [hour], next: 2 * hour };
const three: DueTicks = { ticks: [hour, 2 * hour, 3 * hour], next: 4 * hour };
const cut: DueTicks = { ticks: [hour, 2 * hour], next: 3 * hour };
const ended: DueTicks = { ticks: [hour, 2 * hour], next: null };
const shortly = 5_000;
const late = punctualMs + 1;

const decision = (fires: number | null, missed: number, lastTick: number, nextAt: number | null): Decision => ({
  fires,
  missed,
  lastTick,
  nextAt,
});
const all = (due: DueTicks): Decision[] =>
  due.ticks.map((tick, place) => decision(tick, 0, tick, due.ticks[place + 1] ?? due.next));

const rows: readonly (readonly [string, DueTicks, now: number, Record<MissedRule, readonly Decision[]>])[] = [
  ['nothing is due', { ticks: [], next: hour }, 0, { skip: [], once: [], all: [] }],
  [
    'one, in time',
    one,
    hour + shortly,
    { skip: [decision(hour, 0, hour, 2 * hour)], once: [decision(hour, 0, hour, 2 * hour)], all: all(one) },
  ],
  [
    'one, as late as may be',
    one,
    hour + punctualMs,
    { skip: [decision(hour, 0, hour, 2 * hour)], once: [decision(hour, 0, hour, 2 * hour)], all: all(one) },
  ],
  [
    'one, late',
    one,
    hour + late,
    { skip: [decision(null, 1, hour, 2 * hour)], once: [decision(hour, 0, hour, 2 * hour)], all: all(one) },
  ],
  [
    'three, the last in time',
    three,
    3 * hour + shortly,
    {
      skip: [decision(3 * hour, 2, 3 * hour, 4 * hour)],
      once: [decision(3 * hour, 2, 3 * hour, 4 * hour)],
      all: all(three),
    },
  ],
  [
    'three, all late',
    three,
    3 * hour + late,
    {
      skip: [decision(null, 3, 3 * hour, 4 * hour)],
      once: [decision(3 * hour, 2, 3 * hour, 4 * hour)],
      all: all(three),
    },
  ],
  [
    'more than are looked at together',
    cut,
    3 * hour,
    { skip: [decision(null, 2, 2 * hour, 3 * hour)], once: [decision(null, 2, 2 * hour, 3 * hour)], all: all(cut) },
  ],
  [
    'the last ones there are',
    ended,
    2 * hour + late,
    { skip: [decision(null, 2, 2 * hour, null)], once: [decision(2 * hour, 1, 2 * hour, null)], all: all(ended) },
  ],
];

it.each(
  rows.flatMap(([what, due, now, by]) =>
    (['skip', 'once', 'all'] as const).map((rule) => ({ what, due, now, rule, expected: by[rule] })),
  ),
)('$what: $rule', ({ due, now, rule, expected }) => {
  expect(decisions(due, rule, now)).toEqual(expected);
});
