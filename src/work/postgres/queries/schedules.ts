import { scheduleColumnNames } from '../../rows/schedule-row.ts';
import type { Row } from '../../rows/row.ts';
import type { ScheduleFilter } from '../../schedule-store.ts';
import type { Statements, Value } from '../database.ts';

/** A row of `scheduleColumnNames`, by id or by name. */
export function findSchedule(
  statements: Statements,
  tenant: string,
  by: 'id' | 'name',
  value: string,
): Promise<Row | undefined> {
  const sql = `SELECT ${scheduleColumnNames} FROM schedules WHERE tenant = $1 AND ${by} = $2`;
  return statements.first(sql, tenant, value);
}

/** Rows of `scheduleColumnNames`, newest first. */
export function listSchedules(statements: Statements, tenant: string, filter: ScheduleFilter): Promise<readonly Row[]> {
  const where = ['tenant = $1'];
  const values: Value[] = [tenant];
  const add = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    values.push(value);
    where.push(`${condition} $${values.length}`);
  };
  add('status =', filter.status);
  add('squad_id =', filter.squadId);
  add('id <', filter.before);
  values.push(filter.limit);
  const sql = `SELECT ${scheduleColumnNames} FROM schedules WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT $${values.length}`;
  return statements.all(sql, ...values);
}

const open =
  "FROM executions WHERE schedule_id = schedules.id AND executions.tenant = schedules.tenant AND executions.status IN ('created', 'queued', 'running', 'waiting')";

/** Before the columns: the execution under way, and how many wait. */
export function activeSchedules(statements: Statements, after: string, limit: number): Promise<readonly Row[]> {
  return statements.all(
    `SELECT (SELECT executions.id ${open} AND executions.status <> 'created' LIMIT 1),
        (SELECT count(*) ${open} AND executions.status = 'created'), ${scheduleColumnNames}
      FROM schedules WHERE status = 'active' AND id > $1 ORDER BY schedules.id LIMIT $2`,
    after,
    limit,
  );
}
