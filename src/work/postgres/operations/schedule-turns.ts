import type { NewExecution } from '../../execution-store.ts';
import { firingOf } from '../../overlap.ts';
import type { Row } from '../../rows/row.ts';
import type { OverlapRule } from '../../schedule.ts';
import type { BegunFiring, ScheduleTurn, TurnResult } from '../../schedule-store.ts';
import type { Statements } from '../database.ts';
import { queueExecution } from './moving.ts';
import { toOutbox } from './outbox.ts';
import { insertExecution } from './submission.ts';

export interface TurnPlace {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
}

type Fires = NonNullable<ScheduleTurn['fires']>;

/** Executions of a schedule that have not ended, and whether the tick has one already. */
interface Firings {
  readonly underWay: number;
  readonly waiting: number;
  readonly isKnown: boolean;
}

/**
 * The commit in which a schedule decides about ticks. Its row is held first: of two processes that decide about the same tick,
 * the second one finds another `next_at`.
 */
export async function turnSchedule(
  statements: Statements,
  place: TurnPlace,
  turn: ScheduleTurn,
  maxWaiting: number,
): Promise<TurnResult | null> {
  const { tenant, id } = place;
  const found = await statements.first(
    `SELECT overlap, squad_id, workflow, input, is_request, priority, user_id, name FROM schedules
      WHERE tenant = $1 AND id = $2 AND status = 'active' AND next_at = $3 FOR UPDATE`,
    tenant,
    id,
    turn.due,
  );
  if (found === undefined) return null;
  const { fires, lastTick, nextAt } = turn;
  const open = await firings(statements, place, fires);
  // Not by this schedule's own doing (T2): a key that is there is no second execution.
  const firing = fires !== null && !open.isKnown ? firingOf(found[0] as OverlapRule, open, maxWaiting) : null;
  const isFired = firing === 'begin' || firing === 'wait';
  if (isFired && fires !== null) await insert(statements, place, found, fires, firing);
  const made = isFired && fires !== null ? fires.executionId : null;
  await statements.run(
    `UPDATE schedules SET next_at = $1, last_tick = $2, fired_ticks = fired_ticks + $3, skipped_ticks = skipped_ticks + $4,
      missed_ticks = missed_ticks + $5, last_execution_id = coalesce($6, last_execution_id) WHERE tenant = $7 AND id = $8`,
    nextAt,
    lastTick,
    isFired ? 1 : 0,
    turn.skipped + (firing === 'skip' ? 1 : 0),
    turn.missed,
    made,
    tenant,
    id,
  );
  if (firing === 'begin' && made !== null)
    return { firing: 'begun', begun: { executionId: made, priority: Number(found[5]) } };
  // Where nothing is under way although something waits, its end went by unseen.
  const begun = firing === null ? null : await beginOldest(statements, place);
  return { firing: firing === 'skip' ? 'skipped' : isFired ? 'waits' : 'none', begun };
}

/** Begins the oldest execution that waits, unless one is under way or the schedule is not active. */
export async function beginNextFiring(statements: Statements, place: TurnPlace): Promise<BegunFiring | null> {
  const active = await statements.first(
    "SELECT 1 FROM schedules WHERE tenant = $1 AND id = $2 AND status = 'active' FOR UPDATE",
    place.tenant,
    place.id,
  );
  return active === undefined ? null : beginOldest(statements, place);
}

/** To be called by who holds the row of the schedule. */
async function beginOldest(statements: Statements, { tenant, id, at }: TurnPlace): Promise<BegunFiring | null> {
  const of =
    "executions WHERE schedule_id = $1 AND tenant = $2 AND status IN ('created', 'queued', 'running', 'waiting')";
  const next = await statements.first(
    `SELECT no, id, priority FROM ${of} AND status = 'created' AND NOT EXISTS (SELECT 1 FROM ${of} AND status <> 'created')
      ORDER BY tick LIMIT 1 FOR UPDATE`,
    id,
    tenant,
  );
  if (next === undefined) return null;
  const [no, executionId, priority] = [Number(next[0]), String(next[1]), Number(next[2])];
  await queueExecution(statements, no, { tenant, id: executionId, at });
  await toOutbox(statements, { no, id: executionId, tenant, priority, isStart: true, at });
  return { executionId, priority };
}

async function firings(statements: Statements, { tenant, id }: TurnPlace, fires: Fires | null): Promise<Firings> {
  const row = await statements.first(
    `SELECT count(*) FILTER (WHERE status <> 'created'), count(*) FILTER (WHERE status = 'created'),
        EXISTS (SELECT 1 FROM executions WHERE schedule_id = $1 AND tick = $3)
      FROM executions WHERE schedule_id = $1 AND tenant = $2 AND status IN ('created', 'queued', 'running', 'waiting')`,
    id,
    tenant,
    fires?.tick ?? null,
  );
  return { underWay: Number(row?.[0]), waiting: Number(row?.[1]), isKnown: row?.[2] === true };
}

/** Stores the execution of a tick under its key. */
async function insert(
  statements: Statements,
  { tenant, id, at }: TurnPlace,
  [, squadId, workflow, input, isRequest, priority, userId, name]: Row,
  { tick, executionId }: Fires,
  firing: 'begin' | 'wait',
): Promise<void> {
  const squad = typeof squadId === 'string' ? squadId : null;
  const versionOf = 'SELECT version FROM squads WHERE tenant = $1 AND id = $2';
  const version = squad === null ? undefined : await statements.first(versionOf, tenant, squad);
  const schedule = { id, ...(typeof name === 'string' ? { name } : {}), tick: new Date(tick).toISOString() };
  const execution: NewExecution = {
    id: executionId,
    userId: typeof userId === 'string' ? userId : null,
    workflow: String(workflow),
    squadId: squad,
    squadVersion: version === undefined ? null : Number(version[0]),
    status: firing === 'begin' ? 'queued' : 'created',
    priority: Number(priority),
    input: String(input),
    isRequest: isRequest === 1,
    metadata: JSON.stringify({ schedule }),
    idempotency: null,
    createdAt: at,
    traceparent: null,
    budget: null,
  };
  const { no } = await insertExecution(statements, tenant, execution, { scheduleId: id, tick });
  if (firing === 'begin')
    await toOutbox(statements, { no, id: executionId, tenant, priority: execution.priority, isStart: true, at });
}
