import type { Duration } from '../kernel/duration.ts';
import type { Json } from '../kernel/json.ts';

export const scheduleStatuses = ['active', 'paused'] as const;
export type ScheduleStatus = (typeof scheduleStatuses)[number];

/** What a tick does that finds work of an earlier one open: nothing, or its work waits for that to end. */
export const overlapRules = ['skip', 'queue'] as const;
export type OverlapRule = (typeof overlapRules)[number];

/** What becomes of ticks that passed while nothing ran here: none, the last of them, or all of them are made up for. */
export const missedRules = ['skip', 'once', 'all'] as const;
export type MissedRule = (typeof missedRules)[number];

/** When a schedule ticks. `startMs` is the epoch millisecond that the intervals are counted from. */
export type Rhythm =
  | { readonly kind: 'cron'; readonly cron: string; readonly timezone: string }
  | { readonly kind: 'every'; readonly everyMs: number; readonly startMs: number };

/** Work that is begun again and again. Times are epoch milliseconds. */
export interface Schedule {
  readonly id: string;
  readonly tenant: string;
  /** Unique in its tenant; null where none was given. */
  readonly name: string | null;
  /** The user it was made for; its executions are for them too. */
  readonly userId: string | null;
  readonly status: ScheduleStatus;
  /** Moves when somebody changes it, not with its ticks. */
  readonly version: number;
  readonly rhythm: Rhythm;
  readonly squadId: string | null;
  readonly workflow: string;
  readonly input: Json;
  readonly priority: number;
  readonly overlap: OverlapRule;
  readonly missed: MissedRule;
  /** The first tick that was not decided about; null while it is paused, and when none comes any more. */
  readonly nextAt: number | null;
  /** The last tick that was decided about. */
  readonly lastTick: number | null;
  /** The last execution that it made. */
  readonly lastExecutionId: string | null;
  /** What became of its ticks. */
  readonly counts: TickCounts;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Ticks by what became of them: an execution, nothing because of an earlier one's work, nothing because nobody was there. */
export interface TickCounts {
  readonly fired: number;
  readonly skipped: number;
  readonly missed: number;
}

/** What a caller gives. Exactly one of `cron` and `every`, and of `message` and `input`. */
export interface ScheduleRequest {
  /** 1 to 200 characters, unique in the tenant. */
  readonly name?: string;
  /** Five fields (minute, hour, day, month, day of the week), six with seconds before them, or `@daily` and its like. */
  readonly cron?: string;
  /** At least a second. */
  readonly every?: Duration;
  /** An IANA name, of `cron`; `UTC` where nothing is said. */
  readonly timezone?: string;
  /** Name or id. */
  readonly squad?: string;
  /** `pipeline` where nothing is said. */
  readonly workflow?: string;
  /** Short for the input `{ message }`. */
  readonly message?: string;
  readonly input?: unknown;
  /** −100 to 100, of its executions. */
  readonly priority?: number;
  /** `skip` where nothing is said. */
  readonly overlap?: OverlapRule;
  /** `once` where nothing is said. */
  readonly missed?: MissedRule;
  /** At most 255 characters: the same key with the same request is the same schedule. */
  readonly idempotencyKey?: string;
}
