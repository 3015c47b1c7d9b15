import { Cron } from 'croner';
import type { Rhythm } from '../../work/schedule.ts';

/** Tells the ticks of a rhythm one after the other. */
export interface Ticks {
  /** The first tick later than a time; null when none comes any more. Epoch milliseconds. */
  after(at: number): number | null;
}

/**
 * The ticks of a rhythm.
 *
 * Where clocks are set forward, a cron expression that names times of the day (`30 2 * * *`) ticks at the end of the gap; where
 * they are set back, at the first of the two times of that name. One with a wildcard or a step in its hours, minutes or seconds
 * ticks by the time that passes, through both. Intervals know nothing of clocks being set.
 */
export function ticksOf(rhythm: Rhythm): Ticks {
  if (rhythm.kind === 'every') return { after: (at) => nextInterval(rhythm, at) };
  const cron = parseCron(rhythm.cron, rhythm.timezone);
  return { after: (at) => cron.nextRun(new Date(at))?.getTime() ?? null };
}

/** Throws croner's error for an expression or a time zone that it cannot read. */
export function parseCron(cron: string, timezone: string): Cron {
  return new Cron(cron, { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
}

/** The start is no tick: what is to happen now is submitted. */
function nextInterval({ everyMs, startMs }: Rhythm & { readonly kind: 'every' }, at: number): number {
  return startMs + everyMs * Math.max(1, Math.floor((at - startMs) / everyMs) + 1);
}

/** Ticks that are due, oldest first, and the one after them, which may be due as well where there are more than `most`. */
export interface DueTicks {
  readonly ticks: readonly number[];
  readonly next: number | null;
}

/** What is due at `now` of a rhythm whose first undecided tick is `first`. */
export function dueTicks(ticks: Ticks, first: number, now: number, most: number): DueTicks {
  const due: number[] = [];
  let next: number | null = first;
  while (next !== null && next <= now && due.length < most) {
    due.push(next);
    next = ticks.after(next);
  }
  return { ticks: due, next };
}
