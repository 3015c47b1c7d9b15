import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { BegunFiring, TurnResult } from '../../schedule-store.ts';
import type { ScheduleStatus } from '../../schedule.ts';
import { newScheduleColumnNames } from '../../rows/schedule-row.ts';
import type { NewScheduleColumns } from '../../rows/schedule-row.ts';
import { prepare } from '../statements.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import { moving } from './commands.ts';
import { scheduleTurns } from './schedule-turns.ts';
import type { BeginNext, TurnSchedule } from './schedule-turns.ts';

export interface CreateSchedule {
  readonly tenant: string;
  readonly id: string;
  readonly name: string | null;
  readonly squadId: string | null;
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null;
  readonly columns: NewScheduleColumns;
  /** Of the tenant, this one included. */
  readonly most: number;
}
export interface SetScheduleStatus {
  readonly tenant: string;
  readonly id: string;
  readonly version: number;
  readonly status: ScheduleStatus;
  readonly nextAt: number | null;
  readonly at: number;
}
export interface RemoveSchedule {
  readonly tenant: string;
  readonly id: string;
  readonly version: number | null;
  readonly at: number;
}

export interface ScheduleOperations {
  createSchedule(schedule: CreateSchedule): string;
  setScheduleStatus(change: SetScheduleStatus): void;
  removeSchedule(removal: RemoveSchedule): readonly BegunFiring[];
  turnSchedule(turn: TurnSchedule): TurnResult | null;
  beginNextFiring(next: BeginNext): BegunFiring | null;
}

export function scheduleOperations(database: DatabaseSync, metrics: HappeningSink): ScheduleOperations {
  const versionOf = prepare(database, 'SELECT version FROM schedules WHERE tenant = ? AND id = ?');
  const refuseStale = (tenant: string, id: string, expected: number | null): void => {
    const row = versionOf.first(tenant, id);
    if (row === undefined)
      throw new SquadraError('NOT_FOUND', `There is no schedule ${id}; \`squadra schedules\` lists those there are.`);
    const currentVersion = Number(row[0]);
    if (expected === null || expected === currentVersion) return;
    const message = `Schedule ${id} is at version ${currentVersion}, not ${expected}; read it again and apply the change to that.`;
    throw new SquadraError('STALE_VERSION', message, { details: { expectedVersion: expected, currentVersion } });
  };
  const change = prepare(
    database,
    'UPDATE schedules SET status = ?, next_at = ?, updated_at = ?, version = version + 1 WHERE tenant = ? AND id = ?',
  );
  return {
    createSchedule: creating(database),
    setScheduleStatus: ({ tenant, id, version, status, nextAt, at }) => {
      refuseStale(tenant, id, version);
      change.run(status, nextAt, at, tenant, id);
    },
    removeSchedule: removing(database, metrics, refuseStale),
    ...scheduleTurns(database, metrics),
  };
}

function creating(database: DatabaseSync): ScheduleOperations['createSchedule'] {
  const earlier = prepare(database, 'SELECT id, request_hash FROM schedules WHERE tenant = ? AND idempotency_key = ?');
  const namesake = prepare(database, 'SELECT id FROM schedules WHERE tenant = ? AND name = ?');
  const squad = prepare(database, 'SELECT 1 FROM squads WHERE tenant = ? AND id = ?');
  const count = prepare(database, 'SELECT count(*) FROM schedules WHERE tenant = ?');
  const places = newScheduleColumnNames.replaceAll(/\w+/g, '?');
  const insert = prepare(database, `INSERT INTO schedules (${newScheduleColumnNames}) VALUES (${places})`);
  return ({ tenant, id, name, squadId, idempotency, columns, most }) => {
    const found = idempotency === null ? undefined : earlier.first(tenant, idempotency.key);
    if (found !== undefined) {
      if (found[1] === idempotency?.requestHash) return String(found[0]);
      throw new SquadraError(
        'IDEMPOTENCY_CONFLICT',
        `The idempotency key '${idempotency?.key ?? ''}' was used for another request (schedule ${String(found[0])}).`,
        { details: { scheduleId: String(found[0]) } },
      );
    }
    const taken = name === null ? undefined : namesake.first(tenant, name);
    if (taken !== undefined)
      throw new SquadraError(
        'NAME_TAKEN',
        `There is a schedule named ${JSON.stringify(name)} already (${String(taken[0])}).`,
        { details: { name, scheduleId: String(taken[0]) } },
      );
    // It was there when the request was read.
    if (squadId !== null && squad.first(tenant, squadId) === undefined)
      throw new SquadraError(
        'UNKNOWN_SQUAD',
        `There is no squad '${squadId}' any more; \`squadra squads\` lists those there are.`,
      );
    const all = Number(count.first(tenant)?.[0]);
    if (all >= most)
      throw new SquadraError('TOO_MANY_SCHEDULES', `There are ${all} schedules, and at most ${most} are allowed.`, {
        details: { most },
      });
    insert.run(...columns);
    return id;
  };
}

function removing(
  database: DatabaseSync,
  metrics: HappeningSink,
  refuseStale: (tenant: string, id: string, expected: number | null) => void,
): ScheduleOperations['removeSchedule'] {
  const waiting = prepare(
    database,
    `SELECT no, id, priority FROM executions WHERE schedule_id = ? AND +tenant = ? AND status = 'created'
      AND status IN ('created', 'queued', 'running', 'waiting')`,
  );
  const remove = prepare(database, 'DELETE FROM schedules WHERE tenant = ? AND id = ?');
  const move = moving(database, metrics);
  return ({ tenant, id, version, at }) => {
    refuseStale(tenant, id, version);
    const cancelled = waiting.all(id, tenant).map(([no, executionId, priority]) => {
      move.cancel(Number(no), { tenant, id: String(executionId), at, reason: 'its schedule was deleted' });
      return { executionId: String(executionId), priority: Number(priority) };
    });
    remove.run(tenant, id);
    return cancelled;
  };
}
