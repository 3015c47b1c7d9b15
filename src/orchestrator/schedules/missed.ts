import type { MissedRule } from '../../work/schedule.ts';
import type { DueTicks } from './ticks.ts';

/** A tick that is decided about no later than this has come in time: a restart takes seconds, and loses none. */
export const punctualMs = 60_000;

/** One decision: the tick that fires, if one does, and how many others are passed over; then the schedule stands at `nextAt`. */
export interface Decision {
  readonly fires: number | null;
  readonly missed: number;
  readonly lastTick: number;
  readonly nextAt: number | null;
}

/**
 * What becomes of ticks that are due, in the order in which it is to be decided.
 *
 * Of several that are due all but the last have been missed, and the last as well when it is late. `skip` makes up for none of
 * those that were missed, `once` for all of them by the last one, `all` for each.
 */
export function decisions({ ticks, next }: DueTicks, rule: MissedRule, now: number): readonly Decision[] {
  const last = ticks.at(-1);
  if (last === undefined) return [];
  if (rule === 'all')
    return ticks.map((tick, place) => ({ fires: tick, missed: 0, lastTick: tick, nextAt: ticks[place + 1] ?? next }));
  // There are more: none of these is the last.
  const isCut = next !== null && next <= now;
  const fires = isCut || (rule === 'skip' && now - last > punctualMs) ? null : last;
  return [{ fires, missed: ticks.length - (fires === null ? 0 : 1), lastTick: last, nextAt: next }];
}
