import type { DatabaseSync } from 'node:sqlite';
import { firingOf } from '../../overlap.ts';
import type { HappeningSink } from '../../metrics/happening.ts';
import type { OverlapRule } from '../../schedule.ts';
import type { BegunFiring, ScheduleTurn, TurnResult } from '../../schedule-store.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { moving } from './commands.ts';
import { submission } from './submission.ts';

export interface TurnSchedule {
  readonly tenant: string;
  readonly id: string;
  readonly turn: ScheduleTurn;
  readonly maxWaiting: number;
  readonly at: number;
}
export interface BeginNext {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
}

/** As the index of open firings says it: SQLite uses the index only where the condition stands word for word. */
const open = "status IN ('created', 'queued', 'running', 'waiting')";

type Fires = NonNullable<ScheduleTurn['fires']>;

/** The commits in which schedules decide about ticks, and in which what waited begins. */
export function scheduleTurns(database: DatabaseSync, metrics: HappeningSink) {
  const find = prepare(
    database,
    `SELECT overlap, squad_id, workflow, input, is_request, priority, user_id, name FROM schedules
      WHERE tenant = ? AND id = ? AND status = 'active' AND next_at = ?`,
  );
  const isActive = prepare(database, "SELECT 1 FROM schedules WHERE tenant = ? AND id = ? AND status = 'active'");
  const advance = prepare(
    database,
    `UPDATE schedules SET next_at = ?, last_tick = ?, fired_ticks = fired_ticks + ?, skipped_ticks = skipped_ticks + ?, missed_ticks = missed_ticks + ?,
      last_execution_id = coalesce(?, last_execution_id) WHERE tenant = ? AND id = ?`,
  );
  const { underWay, waiting, oldest } = openFirings(database);
  const insert = inserting(database, metrics);
  const known = prepare(database, 'SELECT 1 FROM executions WHERE schedule_id = ? AND tick = ?');
  const move = moving(database, metrics);
  const beginNext = ({ tenant, id, at }: BeginNext): BegunFiring | null => {
    const next = underWay(id, tenant) > 0 ? undefined : oldest(id, tenant);
    if (next === undefined) return null;
    const [no, executionId, priority] = [Number(next[0]), String(next[1]), Number(next[2])];
    move.queue(no, { tenant, id: executionId, at });
    return { executionId, priority };
  };

  return {
    beginNextFiring: (next: BeginNext): BegunFiring | null =>
      isActive.first(next.tenant, next.id) === undefined ? null : beginNext(next),
    turnSchedule: ({ tenant, id, turn, maxWaiting, at }: TurnSchedule): TurnResult | null => {
      const found = find.first(tenant, id, turn.due);
      if (found === undefined) return null;
      const { fires, lastTick, nextAt } = turn;
      // Not by this schedule's own doing (T2): a key that is there is no second execution.
      const isNew = fires !== null && known.first(id, fires.tick) === undefined;
      const counts = { underWay: underWay(id, tenant), waiting: waiting(id, tenant) };
      const firing = isNew ? firingOf(found[0] as OverlapRule, counts, maxWaiting) : null;
      const isFired = firing === 'begin' || firing === 'wait';
      if (isFired && fires !== null)
        insert({ tenant, id, at }, found, fires, firing === 'begin' ? 'queued' : 'created');
      const [skips, skipped] = [firing === 'skip', turn.skipped + (firing === 'skip' ? 1 : 0)];
      const made = isFired && fires !== null ? fires.executionId : null;
      advance.run(nextAt, lastTick, isFired ? 1 : 0, skipped, turn.missed, made, tenant, id);
      if (firing === 'begin' && made !== null)
        return { firing: 'begun', begun: { executionId: made, priority: Number(found[5]) } };
      // Where nothing is under way although something waits, its end went by unseen.
      const begun = firing === null ? null : beginNext({ tenant, id, at });
      return { firing: skips ? 'skipped' : isFired ? 'waits' : 'none', begun };
    },
  };
}

/** The executions of a schedule that have not ended. */
function openFirings(database: DatabaseSync) {
  const of = `FROM executions WHERE schedule_id = ? AND +tenant = ? AND ${open} AND status`;
  const underWay = prepare(database, `SELECT count(*) ${of} <> 'created'`);
  const waiting = prepare(database, `SELECT count(*) ${of} = 'created'`);
  const oldest = prepare(database, `SELECT no, id, priority ${of} = 'created' ORDER BY tick LIMIT 1`);
  return {
    underWay: (id: string, tenant: string): number => Number(underWay.first(id, tenant)?.[0]),
    waiting: (id: string, tenant: string): number => Number(waiting.first(id, tenant)?.[0]),
    oldest: (id: string, tenant: string): Row | undefined => oldest.first(id, tenant),
  };
}

/** Stores the execution of a tick under its key. A row is one of `find`. */
function inserting(database: DatabaseSync, metrics: HappeningSink) {
  const submit = submission(database, metrics);
  const link = prepare(database, 'UPDATE executions SET schedule_id = ?, tick = ? WHERE no = ?');
  const squadVersion = prepare(database, 'SELECT version FROM squads WHERE tenant = ? AND id = ?');
  return (
    { tenant, id, at }: BeginNext,
    [, squadId, workflow, input, isRequest, priority, userId, name]: Row,
    { tick, executionId }: Fires,
    status: 'queued' | 'created',
  ): void => {
    const squad = typeof squadId === 'string' ? squadId : null;
    const metadata = {
      schedule: { id, ...(typeof name === 'string' ? { name } : {}), tick: new Date(tick).toISOString() },
    };
    const { no } = submit([
      tenant,
      executionId,
      String(workflow),
      squad,
      squad === null ? null : Number(squadVersion.first(tenant, squad)?.[0]),
      status,
      Number(priority),
      String(input),
      isRequest === 1 ? 1 : 0,
      JSON.stringify(metadata),
      null,
      null,
      at,
      typeof userId === 'string' ? userId : null,
      null,
      null,
    ]);
    link.run(id, tick, no);
  };
}
