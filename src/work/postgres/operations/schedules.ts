import { SquadraError } from '../../../kernel/errors.ts';
import { newScheduleColumnNames, newScheduleColumns } from '../../rows/schedule-row.ts';
import type { BegunFiring, NewSchedule } from '../../schedule-store.ts';
import type { ScheduleStatus } from '../../schedule.ts';
import type { Statements } from '../database.ts';
import { cancelExecution } from './moving.ts';

/** A schedule by its id, the version that it is expected at (null: any), and when. */
export interface ScheduleCommand {
  readonly tenant: string;
  readonly id: string;
  readonly version: number | null;
  readonly at: number;
}

/** Returns the id. Throws `IDEMPOTENCY_CONFLICT`, `NAME_TAKEN`, `UNKNOWN_SQUAD` or `TOO_MANY_SCHEDULES`. */
export async function createSchedule(
  statements: Statements,
  tenant: string,
  schedule: NewSchedule,
  most: number,
): Promise<string> {
  // One at a time of a tenant: each sees how many there are, and what they are called.
  await statements.first('SELECT pg_advisory_xact_lock(hashtextextended($1, 7))', tenant);
  const earlier = await earlierSchedule(statements, tenant, schedule);
  if (earlier !== null) return earlier;
  await refuseNamesake(statements, tenant, schedule.name);
  const { squadId } = schedule;
  // It was there when the request was read.
  const squad = 'SELECT 1 FROM squads WHERE tenant = $1 AND id = $2 FOR KEY SHARE';
  if (squadId !== null && (await statements.first(squad, tenant, squadId)) === undefined)
    throw new SquadraError(
      'UNKNOWN_SQUAD',
      `There is no squad '${squadId}' any more; \`squadra squads\` lists those there are.`,
    );
  const count = await statements.first('SELECT count(*) FROM schedules WHERE tenant = $1', tenant);
  const all = Number(count?.[0]);
  if (all >= most)
    throw new SquadraError('TOO_MANY_SCHEDULES', `There are ${all} schedules, and at most ${most} are allowed.`, {
      details: { most },
    });
  const columns = newScheduleColumns(tenant, schedule);
  const places = columns.map((_, place) => `$${place + 1}`).join(', ');
  await statements.run(`INSERT INTO schedules (${newScheduleColumnNames}) VALUES (${places})`, ...columns);
  return schedule.id;
}

async function earlierSchedule(
  statements: Statements,
  tenant: string,
  { idempotency }: NewSchedule,
): Promise<string | null> {
  if (idempotency === null) return null;
  const sql = 'SELECT id, request_hash FROM schedules WHERE tenant = $1 AND idempotency_key = $2';
  const found = await statements.first(sql, tenant, idempotency.key);
  if (found === undefined) return null;
  if (found[1] === idempotency.requestHash) return String(found[0]);
  throw new SquadraError(
    'IDEMPOTENCY_CONFLICT',
    `The idempotency key '${idempotency.key}' was used for another request (schedule ${String(found[0])}).`,
    { details: { scheduleId: String(found[0]) } },
  );
}

async function refuseNamesake(statements: Statements, tenant: string, name: string | null): Promise<void> {
  if (name === null) return;
  const taken = await statements.first('SELECT id FROM schedules WHERE tenant = $1 AND name = $2', tenant, name);
  if (taken === undefined) return;
  throw new SquadraError(
    'NAME_TAKEN',
    `There is a schedule named ${JSON.stringify(name)} already (${String(taken[0])}).`,
    { details: { name, scheduleId: String(taken[0]) } },
  );
}

/** Throws `NOT_FOUND` or `STALE_VERSION`. */
export async function setScheduleStatus(
  statements: Statements,
  command: ScheduleCommand,
  { status, nextAt }: { readonly status: ScheduleStatus; readonly nextAt: number | null },
): Promise<void> {
  await hold(statements, command);
  await statements.run(
    'UPDATE schedules SET status = $1, next_at = $2, updated_at = $3, version = version + 1 WHERE tenant = $4 AND id = $5',
    status,
    nextAt,
    command.at,
    command.tenant,
    command.id,
  );
}

/** Throws `NOT_FOUND` or `STALE_VERSION`. */
export async function removeSchedule(
  statements: Statements,
  command: ScheduleCommand,
): Promise<readonly BegunFiring[]> {
  const { tenant, id, at } = command;
  await hold(statements, command);
  const waiting = await statements.all(
    `SELECT no, id, priority FROM executions WHERE schedule_id = $1 AND tenant = $2 AND status = 'created'
      AND status IN ('created', 'queued', 'running', 'waiting') ORDER BY no FOR UPDATE`,
    id,
    tenant,
  );
  const cancelled: BegunFiring[] = [];
  for (const [no, executionId, priority] of waiting) {
    const reason = 'its schedule was deleted';
    await cancelExecution(statements, Number(no), { tenant, id: String(executionId), at, reason });
    cancelled.push({ executionId: String(executionId), priority: Number(priority) });
  }
  await statements.run('DELETE FROM schedules WHERE tenant = $1 AND id = $2', tenant, id);
  return cancelled;
}

/** The row is held until the transaction ends. */
async function hold(statements: Statements, { tenant, id, version }: ScheduleCommand): Promise<void> {
  const sql = 'SELECT version FROM schedules WHERE tenant = $1 AND id = $2 FOR UPDATE';
  const row = await statements.first(sql, tenant, id);
  if (row === undefined)
    throw new SquadraError('NOT_FOUND', `There is no schedule ${id}; \`squadra schedules\` lists those there are.`);
  const currentVersion = Number(row[0]);
  if (version === null || version === currentVersion) return;
  const message = `Schedule ${id} is at version ${currentVersion}, not ${version}; read it again and apply the change to that.`;
  throw new SquadraError('STALE_VERSION', message, { details: { expectedVersion: version, currentVersion } });
}
