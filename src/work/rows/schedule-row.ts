import { decodeJson } from '../../kernel/json.ts';
import type { MissedRule, OverlapRule, Rhythm, Schedule, ScheduleStatus } from '../schedule.ts';
import type { NewSchedule } from '../schedule-store.ts';
import { text, textOrNull, whole, wholeOrNull } from './columns.ts';
import type { Row } from './row.ts';

/** The columns of a schedule in the order of `scheduleOf`. */
export const scheduleColumnNames = `id, tenant, name, user_id, status, version, cron, timezone, every_ms, start_ms, squad_id, workflow, input, priority,
  overlap, missed, next_at, last_tick, last_execution_id, fired_ticks, skipped_ticks, missed_ticks, created_at, updated_at`;

/** Maps a row of `scheduleColumnNames`. The casts are safe because only this adapter writes the columns. */
export function scheduleOf(row: Row): Schedule {
  return {
    id: text(row[0]),
    tenant: text(row[1]),
    name: textOrNull(row[2]),
    userId: textOrNull(row[3]),
    status: row[4] as ScheduleStatus,
    version: whole(row[5]),
    rhythm: rhythmOf(row),
    squadId: textOrNull(row[10]),
    workflow: text(row[11]),
    input: decodeJson(text(row[12])),
    priority: whole(row[13]),
    overlap: row[14] as OverlapRule,
    missed: row[15] as MissedRule,
    nextAt: wholeOrNull(row[16]),
    lastTick: wholeOrNull(row[17]),
    lastExecutionId: textOrNull(row[18]),
    counts: { fired: whole(row[19]), skipped: whole(row[20]), missed: whole(row[21]) },
    createdAt: whole(row[22]),
    updatedAt: whole(row[23]),
  };
}

function rhythmOf(row: Row): Rhythm {
  const cron = textOrNull(row[6]);
  return cron === null
    ? { kind: 'every', everyMs: whole(row[8]), startMs: whole(row[9]) }
    : { kind: 'cron', cron, timezone: text(row[7]) };
}

/** What a new schedule is stored with, in the order of `newScheduleColumns`. */
export const newScheduleColumnNames = `tenant, id, name, user_id, status, version, cron, timezone, every_ms, start_ms, squad_id, workflow, input, is_request,
  priority, overlap, missed, next_at, created_at, updated_at, idempotency_key, request_hash`;

/** A new schedule as it travels to the writer thread. */
export type NewScheduleColumns = readonly (string | number | null)[];

export function newScheduleColumns(tenant: string, schedule: NewSchedule): NewScheduleColumns {
  const { rhythm, idempotency } = schedule;
  const isCron = rhythm.kind === 'cron';
  return [
    tenant,
    schedule.id,
    schedule.name,
    schedule.userId,
    schedule.status,
    schedule.version,
    isCron ? rhythm.cron : null,
    isCron ? rhythm.timezone : null,
    isCron ? null : rhythm.everyMs,
    isCron ? null : rhythm.startMs,
    schedule.squadId,
    schedule.workflow,
    schedule.input,
    schedule.isRequest ? 1 : 0,
    schedule.priority,
    schedule.overlap,
    schedule.missed,
    schedule.nextAt,
    schedule.createdAt,
    schedule.updatedAt,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
  ];
}
