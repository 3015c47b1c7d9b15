import type { Clock } from '../../kernel/clock.ts';
import { textOrNull, whole } from '../rows/columns.ts';
import { scheduleOf } from '../rows/schedule-row.ts';
import type { Schedule, ScheduleStatus } from '../schedule.ts';
import type {
  ActiveSchedule,
  BegunFiring,
  NewSchedule,
  ScheduleFilter,
  ScheduleStore,
  ScheduleTurn,
  TurnResult,
} from '../schedule-store.ts';
import type { Database } from './database.ts';
import { beginNextFiring, turnSchedule } from './operations/schedule-turns.ts';
import { createSchedule, removeSchedule, setScheduleStatus } from './operations/schedules.ts';
import { activeSchedules, findSchedule, listSchedules } from './queries/schedules.ts';

/** Schedules of a fleet. */
export class PostgresScheduleStore implements ScheduleStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async get(tenant: string, id: string): Promise<Schedule | null> {
    const row = await findSchedule(this.#database, tenant, 'id', id);
    return row === undefined ? null : scheduleOf(row);
  }

  async named(tenant: string, name: string): Promise<Schedule | null> {
    const row = await findSchedule(this.#database, tenant, 'name', name);
    return row === undefined ? null : scheduleOf(row);
  }

  async list(tenant: string, filter: ScheduleFilter): Promise<readonly Schedule[]> {
    return (await listSchedules(this.#database, tenant, filter)).map(scheduleOf);
  }

  async active(after: string, limit: number): Promise<readonly ActiveSchedule[]> {
    return (await activeSchedules(this.#database, after, limit)).map(([underWay, waiting, ...row]) => {
      const schedule = scheduleOf(row);
      return {
        schedule,
        underWay: schedule.overlap === 'queue' ? textOrNull(underWay) : null,
        waiting: whole(waiting),
      };
    });
  }

  create(tenant: string, schedule: NewSchedule, most: number): Promise<string> {
    return this.#database.transaction((statements) => createSchedule(statements, tenant, schedule, most));
  }

  setStatus(
    tenant: string,
    id: string,
    change: { readonly version: number; readonly status: ScheduleStatus; readonly nextAt: number | null },
  ): Promise<void> {
    const command = { tenant, id, version: change.version, at: this.#clock.now() };
    return this.#database.transaction((statements) => setScheduleStatus(statements, command, change));
  }

  remove(tenant: string, id: string, version: number | null): Promise<readonly BegunFiring[]> {
    const command = { tenant, id, version, at: this.#clock.now() };
    return this.#database.transaction((statements) => removeSchedule(statements, command));
  }

  turn(tenant: string, id: string, turn: ScheduleTurn, maxWaiting: number): Promise<TurnResult | null> {
    const place = { tenant, id, at: this.#clock.now() };
    return this.#database.transaction((statements) => turnSchedule(statements, place, turn, maxWaiting));
  }

  beginNext(tenant: string, id: string): Promise<BegunFiring | null> {
    const place = { tenant, id, at: this.#clock.now() };
    return this.#database.transaction((statements) => beginNextFiring(statements, place));
  }
}
