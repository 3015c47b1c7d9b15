import type { Clock } from '../../kernel/clock.ts';
import type { Schedule, ScheduleStatus } from '../schedule.ts';
import type {
  ActiveSchedule,
  BegunFiring,
  NewSchedule,
  ScheduleFilter,
  ScheduleReports,
  ScheduleStore,
  ScheduleTurn,
  TurnResult,
} from '../schedule-store.ts';
import { textOrNull, whole } from '../rows/columns.ts';
import type { ReaderPool } from './reader-pool.ts';
import { newScheduleColumns, scheduleOf } from '../rows/schedule-row.ts';
import type { Writer } from './writer.ts';

export class SqliteScheduleReports implements ScheduleReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async get(tenant: string, id: string): Promise<Schedule | null> {
    const row = await this.#readers.run('schedule', { tenant, id });
    return row === undefined ? null : scheduleOf(row);
  }

  async named(tenant: string, name: string): Promise<Schedule | null> {
    const row = await this.#readers.run('scheduleNamed', { tenant, name });
    return row === undefined ? null : scheduleOf(row);
  }

  async list(tenant: string, filter: ScheduleFilter): Promise<readonly Schedule[]> {
    return (await this.#readers.run('schedules', { tenant, filter })).map(scheduleOf);
  }

  async active(after: string, limit: number): Promise<readonly ActiveSchedule[]> {
    return (await this.#readers.run('activeSchedules', { after, limit })).map(([underWay, waiting, ...row]) => {
      const schedule = scheduleOf(row);
      return {
        schedule,
        underWay: schedule.overlap === 'queue' ? textOrNull(underWay) : null,
        waiting: whole(waiting),
      };
    });
  }
}

/** Schedules on one SQLite file. */
export class SqliteScheduleStore extends SqliteScheduleReports implements ScheduleStore {
  readonly #writer: Writer;
  readonly #clock: Clock;

  constructor(writer: Writer, readers: ReaderPool, clock: Clock) {
    super(readers);
    this.#writer = writer;
    this.#clock = clock;
  }

  create(tenant: string, schedule: NewSchedule, most: number): Promise<string> {
    const { id, name, squadId, idempotency } = schedule;
    const columns = newScheduleColumns(tenant, schedule);
    return this.#writer.run('createSchedule', { tenant, id, name, squadId, idempotency, columns, most });
  }

  setStatus(
    tenant: string,
    id: string,
    change: { readonly version: number; readonly status: ScheduleStatus; readonly nextAt: number | null },
  ): Promise<void> {
    return this.#writer.run('setScheduleStatus', { tenant, id, ...change, at: this.#clock.now() });
  }

  remove(tenant: string, id: string, version: number | null): Promise<readonly BegunFiring[]> {
    return this.#writer.run('removeSchedule', { tenant, id, version, at: this.#clock.now() });
  }

  turn(tenant: string, id: string, turn: ScheduleTurn, maxWaiting: number): Promise<TurnResult | null> {
    return this.#writer.run('turnSchedule', { tenant, id, turn, maxWaiting, at: this.#clock.now() });
  }

  beginNext(tenant: string, id: string): Promise<BegunFiring | null> {
    return this.#writer.run('beginNextFiring', { tenant, id, at: this.#clock.now() });
  }
}
