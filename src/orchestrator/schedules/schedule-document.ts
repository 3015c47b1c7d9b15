import type { Schedule } from '../../work/schedule.ts';
import { ticksOf } from './ticks.ts';

/** As many of the next ticks as tell whether an expression says what was meant. */
const shownTicks = 5;

/** A schedule as lists show it; times are ISO 8601. */
export function scheduleSummary(schedule: Schedule) {
  const { id, name, status, rhythm, squadId, workflow, input, priority, overlap, missed } = schedule;
  const isCron = rhythm.kind === 'cron';
  return {
    id,
    name,
    status,
    cron: isCron ? rhythm.cron : null,
    timezone: isCron ? rhythm.timezone : null,
    everyMs: isCron ? null : rhythm.everyMs,
    squadId,
    workflow,
    input,
    priority,
    overlap,
    missed,
    nextAt: isoOrNull(schedule.nextAt),
    lastTick: isoOrNull(schedule.lastTick),
    lastExecutionId: schedule.lastExecutionId,
    counts: schedule.counts,
    userId: schedule.userId,
    version: schedule.version,
    createdAt: iso(schedule.createdAt),
    updatedAt: iso(schedule.updatedAt),
  };
}

/** A schedule with its next ticks. */
export function scheduleDocument(schedule: Schedule) {
  return { ...scheduleSummary(schedule), upcoming: upcoming(schedule).map(iso) };
}

/** The next ticks, as things stand; none while it is paused. */
function upcoming({ rhythm, nextAt }: Pick<Schedule, 'rhythm' | 'nextAt'>): readonly number[] {
  const ticks = ticksOf(rhythm);
  const found: number[] = [];
  for (let at = nextAt; at !== null && found.length < shownTicks; at = ticks.after(at)) found.push(at);
  return found;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}
