import type { DatabaseSync } from 'node:sqlite';
import type { ScheduleFilter } from '../../schedule-store.ts';
import { scheduleColumnNames } from '../../rows/schedule-row.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** Rows of `scheduleColumnNames`. */
export function scheduleQueries(database: DatabaseSync) {
  const byId = prepare(database, `SELECT ${scheduleColumnNames} FROM schedules WHERE tenant = ? AND id = ?`);
  const byName = prepare(database, `SELECT ${scheduleColumnNames} FROM schedules WHERE tenant = ? AND name = ?`);
  const open =
    "FROM executions WHERE schedule_id = schedules.id AND status IN ('created', 'queued', 'running', 'waiting')";
  const active = prepare(
    database,
    `SELECT (SELECT executions.id ${open} AND status <> 'created' LIMIT 1), (SELECT count(*) ${open} AND status = 'created'), ${scheduleColumnNames}
      FROM schedules WHERE status = 'active' AND id > ? ORDER BY id LIMIT ?`,
  );
  return {
    schedule: ({ tenant, id }: { readonly tenant: string; readonly id: string }): Row | undefined =>
      byId.first(tenant, id),
    scheduleNamed: ({ tenant, name }: { readonly tenant: string; readonly name: string }): Row | undefined =>
      byName.first(tenant, name),
    schedules: ({ tenant, filter }: { readonly tenant: string; readonly filter: ScheduleFilter }): Row[] =>
      listSchedules(database, tenant, filter),
    /** Before the columns: the execution under way, and how many wait. */
    activeSchedules: ({ after, limit }: { readonly after: string; readonly limit: number }): Row[] =>
      active.all(after, limit),
  };
}

function listSchedules(database: DatabaseSync, tenant: string, filter: ScheduleFilter): Row[] {
  const where = ['tenant = ?'];
  const values: string[] = [tenant];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  add('status = ?', filter.status);
  add('squad_id = ?', filter.squadId);
  add('id < ?', filter.before);
  const sql = `SELECT ${scheduleColumnNames} FROM schedules WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT ?`;
  return prepare(database, sql).all(...values, filter.limit);
}
