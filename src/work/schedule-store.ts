import type { Schedule, ScheduleStatus } from './schedule.ts';

/** A schedule as it is first stored. `input` is JSON text. */
export interface NewSchedule extends Omit<Schedule, 'tenant' | 'input' | 'counts' | 'lastTick' | 'lastExecutionId'> {
  readonly input: string;
  /** True when the input has a text `message`: then that is the first message of each execution. */
  readonly isRequest: boolean;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
}

export interface ScheduleFilter {
  readonly status?: ScheduleStatus;
  readonly squadId?: string;
  /** The page begins after this id. */
  readonly before?: string;
  readonly limit: number;
}

/** An active schedule as a process takes it up. */
export interface ActiveSchedule {
  readonly schedule: Schedule;
  /** The execution of it that is under way, where its ticks queue up; else null. */
  readonly underWay: string | null;
  /** Executions that wait for that to end. */
  readonly waiting: number;
}

/** One decision about ticks, from `due` (the schedule's `nextAt`, or nothing is decided) up to, but not with, `nextAt`. */
export interface ScheduleTurn {
  readonly due: number;
  /** The tick that is to have an execution; null where none of them is. */
  readonly fires: { readonly tick: number; readonly executionId: string } | null;
  /** How many of the others passed unseen, and how many were left out because of work under way. */
  readonly missed: number;
  readonly skipped: number;
  /** The last tick that this decides about. */
  readonly lastTick: number;
  readonly nextAt: number | null;
}

/** An execution that is queued now and has to be handed to the engine. */
export interface BegunFiring {
  readonly executionId: string;
  readonly priority: number;
}

/** What became of a turn's tick, and which execution begins: that of the tick, or one that waited before it. */
export interface TurnResult {
  readonly firing: 'begun' | 'waits' | 'skipped' | 'none';
  readonly begun: BegunFiring | null;
}

/** The reading half. */
export interface ScheduleReports {
  get(tenant: string, id: string): Promise<Schedule | null>;
  /** By its name; null where none has it. */
  named(tenant: string, name: string): Promise<Schedule | null>;
  /** Newest first. */
  list(tenant: string, filter: ScheduleFilter): Promise<readonly Schedule[]>;
  /** Those that tick, over all tenants, by id; `after` is the id of the last one of the page before. */
  active(after: string, limit: number): Promise<readonly ActiveSchedule[]>;
}

/**
 * Schedules, and what they make.
 *
 * T1  A firing is one commit: the execution, keyed by (schedule, tick), and the schedule's move past that tick. So a crash
 *     before it leaves the tick to be decided about, a crash after it leaves nothing to decide.
 * T2  `nextAt` only moves on; a turn that was decided upon another `nextAt` than the stored one changes nothing.
 * T3  What waits begins in the order of its ticks, one at a time.
 */
export interface ScheduleStore extends ScheduleReports {
  /**
   * Returns the id: that of the earlier one when the idempotency key was used before for the same request. Throws
   * `IDEMPOTENCY_CONFLICT`, `NAME_TAKEN`, `UNKNOWN_SQUAD`, or `TOO_MANY_SCHEDULES` when the tenant has `most` of them.
   */
  create(tenant: string, schedule: NewSchedule, most: number): Promise<string>;
  /**
   * Pauses one (`nextAt` is null), or lets it tick again from `nextAt` on. Throws `NOT_FOUND`, or `STALE_VERSION` with
   * `{ currentVersion }` when it is not at `version`.
   */
  setStatus(
    tenant: string,
    id: string,
    change: { readonly version: number; readonly status: ScheduleStatus; readonly nextAt: number | null },
  ): Promise<void>;
  /**
   * Removes one and cancels what waits of it; what is under way goes on. Returns the executions that were cancelled. Throws
   * `NOT_FOUND`, or `STALE_VERSION` unless `version` is null.
   */
  remove(tenant: string, id: string, version: number | null): Promise<readonly BegunFiring[]>;
  /** Decides about ticks; null when it is not active, or `due` is not its `nextAt` (T2). */
  turn(tenant: string, id: string, turn: ScheduleTurn, maxWaiting: number): Promise<TurnResult | null>;
  /** Begins the oldest execution that waits; null when none does, one is under way, or the schedule is not active. */
  beginNext(tenant: string, id: string): Promise<BegunFiring | null>;
}
