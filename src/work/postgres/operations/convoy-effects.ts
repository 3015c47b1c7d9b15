import { conclusionOf, endReason, maxNamed } from '../../convoy-conclusion.ts';
import type { BrokenItem, Conclusion } from '../../convoy-conclusion.ts';
import { convoySignal } from '../../convoy.ts';
import type { ConvoyStatus } from '../../convoy.ts';
import type { Statements } from '../database.ts';
import { leaveSignal } from './signalling.ts';
import { itemCompleted, itemEnded } from './work-item-effects.ts';

/** How a child ended. */
export type ChildEnd = 'completed' | 'failed' | 'cancelled';

/**
 * What happens to a convoy in the commit in which a child of it ends.
 *
 * V1  The item ends with its child; what depends on it becomes ready or is cancelled, with a reason that names whose end it was.
 * V2  A convoy that stops at the first failure starts nothing more: what has not begun is cancelled in the same commit.
 * V3  With its last open item the convoy ends, and the execution that made it is told by a signal.
 * V4  Whoever moves items of a convoy holds its row first. So of two children that end at once the second one sees what the first
 *     did, in whichever processes they ran.
 */
export async function childEnded(
  statements: Statements,
  tenant: string,
  itemId: string,
  how: ChildEnd,
  reason: string | null,
  at: number,
): Promise<void> {
  const convoy = await statements.first(
    `SELECT id, status = 'running' AND stop_on_first_failure = 1 FROM convoys
      WHERE tenant = $1 AND id = (SELECT convoy_id FROM work_items WHERE tenant = $1 AND id = $2 AND status = 'in_progress') FOR UPDATE`,
    tenant,
    itemId,
  );
  if (convoy === undefined) return;
  const item = await statements.first(
    `UPDATE work_items SET status = $1, reason = $2, version = version + 1, updated_at = $3
      WHERE tenant = $4 AND id = $5 AND status = 'in_progress' RETURNING item_key`,
    how,
    how === 'completed' ? null : endReason(how, reason),
    at,
    tenant,
    itemId,
  );
  if (item === undefined) return;
  const id = String(convoy[0]);
  if (how === 'completed') await itemCompleted(statements, tenant, itemId, at);
  else await itemEnded(statements, tenant, itemId, how === 'failed' ? 'failed' : 'was cancelled', at);
  if (how === 'failed' && convoy[1] === true)
    await cancelUnstarted(statements, {
      tenant,
      id,
      at,
      reason: `the convoy stops at the first failure: '${String(item[0])}' failed`,
    });
  const open = await statements.first(
    `SELECT 1 FROM work_items WHERE convoy_id = $1 AND tenant = $2 AND item_key IS NOT NULL
      AND status IN ('pending', 'ready', 'blocked', 'in_progress') LIMIT 1`,
    id,
    tenant,
  );
  if (open !== undefined) return;
  const { status, reason: because } = await conclude(statements, tenant, id);
  await endConvoy(statements, tenant, id, status, because, at);
}

/** Cancels the items of a convoy that have not begun. */
export async function cancelUnstarted(
  statements: Statements,
  given: { readonly tenant: string; readonly id: string; readonly reason: string; readonly at: number },
): Promise<void> {
  await statements.run(
    `UPDATE work_items SET status = 'cancelled', reason = $1, version = version + 1, updated_at = $2
      WHERE convoy_id = $3 AND tenant = $4 AND item_key IS NOT NULL AND status IN ('pending', 'ready', 'blocked')`,
    given.reason,
    given.at,
    given.id,
    given.tenant,
  );
}

/** Closes the row of a running convoy and leaves the signal for who waits for it. */
export async function endConvoy(
  statements: Statements,
  tenant: string,
  id: string,
  status: ConvoyStatus,
  reason: string | null,
  at: number,
): Promise<void> {
  const closed = await statements.first(
    `WITH closed AS (
        UPDATE convoys SET status = $1, reason = $2, ended_at = $3, version = version + 1
          WHERE tenant = $4 AND id = $5 AND status = 'running' RETURNING parent_id
      )
      SELECT executions.no FROM closed JOIN executions ON executions.tenant = $4 AND executions.id = closed.parent_id
        WHERE executions.status NOT IN ('completed', 'cancelled')`,
    status,
    reason,
    at,
    tenant,
    id,
  );
  if (closed === undefined) return;
  const payload = JSON.stringify({ status, reason });
  await leaveSignal(statements, Number(closed[0]), { tenant, at, signalId: id, name: convoySignal(id), payload });
}

/** What a convoy with no open item has come to. */
async function conclude(statements: Statements, tenant: string, id: string): Promise<Conclusion> {
  const of = 'convoy_id = $1 AND tenant = $2 AND item_key IS NOT NULL';
  const counts = await statements.all(
    `SELECT status, count(*) FROM work_items WHERE ${of} GROUP BY status`,
    id,
    tenant,
  );
  const byStatus = new Map(counts.map(([status, count]) => [String(status), Number(count)]));
  if ((byStatus.get('failed') ?? 0) + (byStatus.get('cancelled') ?? 0) === 0) return conclusionOf({}, false, []);
  const stops = await statements.first(
    'SELECT stop_on_first_failure FROM convoys WHERE id = $1 AND tenant = $2',
    id,
    tenant,
  );
  // Those that failed, and after them those whose child was cancelled: what others were cancelled for.
  const broken = await statements.all(
    `SELECT item_key, status, reason FROM work_items
      WHERE ${of} AND (status = 'failed' OR status = 'cancelled' AND execution_id IS NOT NULL)
      ORDER BY status = 'cancelled', no LIMIT ${maxNamed}`,
    id,
    tenant,
  );
  return conclusionOf(
    Object.fromEntries(byStatus),
    stops?.[0] === 1,
    broken.map(([key, status, why]) => ({
      key: String(key),
      status: status as BrokenItem['status'],
      reason: String(why),
    })),
  );
}
