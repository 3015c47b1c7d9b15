import type { DatabaseSync } from 'node:sqlite';
import { convoySignal } from '../../convoy.ts';
import type { ConvoyStatus } from '../../convoy.ts';
import { conclusionOf, endReason, maxNamed } from '../../convoy-conclusion.ts';
import type { BrokenItem, Conclusion } from '../../convoy-conclusion.ts';
import { prepare } from '../statements.ts';
import type { Statement } from '../statements.ts';
import { signalling } from './signalling.ts';
import { workItemEffects } from './work-item-effects.ts';

/** How a child ended. */
export type ChildEnd = 'completed' | 'failed' | 'cancelled';

/**
 * What happens to a convoy in the commit in which a child of it ends.
 *
 * V1  The item ends with its child; what depends on it becomes ready or is cancelled, with a reason that names whose end it was.
 * V2  A convoy that stops at the first failure starts nothing more: what has not begun is cancelled in the same commit.
 * V3  With its last open item the convoy ends, and the execution that made it is told by a signal.
 */
export interface ConvoyEffects {
  childEnded(tenant: string, itemId: string, end: ChildEnd, reason: string | null, at: number): void;
  /** Ends a convoy and tells who waits for it. */
  end(tenant: string, id: string, status: ConvoyStatus, reason: string | null, at: number): void;
}

const openStatuses = "('pending', 'ready', 'blocked', 'in_progress')";

export function convoyEffects(database: DatabaseSync): ConvoyEffects {
  const endItem = prepare(
    database,
    `UPDATE work_items SET status = ?, reason = ?, version = version + 1, updated_at = ?
      WHERE tenant = ? AND id = ? AND status = 'in_progress' RETURNING convoy_id, item_key`,
  );
  const stopsAtFailure = prepare(
    database,
    "SELECT 1 FROM convoys WHERE tenant = ? AND id = ? AND status = 'running' AND stop_on_first_failure = 1",
  );
  const cancelUnstarted = prepare(
    database,
    `UPDATE work_items SET status = 'cancelled', reason = ?, version = version + 1, updated_at = ?
      WHERE convoy_id = ? AND +tenant = ? AND item_key IS NOT NULL AND status IN ('pending', 'ready', 'blocked')`,
  );
  const open = prepare(
    database,
    `SELECT 1 FROM work_items WHERE convoy_id = ? AND item_key IS NOT NULL AND status IN ${openStatuses} LIMIT 1`,
  );
  const effects = workItemEffects(database);
  const conclude = concluding(database);
  const end = ending(database);

  return {
    end,
    childEnded: (tenant, itemId, how, reason, at) => {
      const why = how === 'completed' ? null : endReason(how, reason);
      const item = endItem.first(how, why, at, tenant, itemId);
      if (item === undefined) return;
      const [convoy, key] = [String(item[0]), String(item[1])];
      if (how === 'completed') effects.completed(tenant, itemId, at);
      else effects.ended(tenant, itemId, how === 'failed' ? 'failed' : 'was cancelled', at);
      if (how === 'failed' && stopsAtFailure.first(tenant, convoy) !== undefined)
        cancelUnstarted.run(`the convoy stops at the first failure: '${key}' failed`, at, convoy, tenant);
      if (open.first(convoy) !== undefined) return;
      const { status, reason: because } = conclude(tenant, convoy);
      end(tenant, convoy, status, because, at);
    },
  };
}

/** Closes the row of a running convoy and leaves the signal. */
function ending(database: DatabaseSync): ConvoyEffects['end'] {
  const close = prepare(
    database,
    `UPDATE convoys SET status = ?, reason = ?, ended_at = ?, version = version + 1
      WHERE tenant = ? AND id = ? AND status = 'running' RETURNING parent_id`,
  );
  const parentOf = prepare(
    database,
    "SELECT no FROM executions WHERE id = ? AND tenant = ? AND status NOT IN ('completed', 'cancelled')",
  );
  const signal = signalling(database);
  return (tenant, id, status, reason, at) => {
    const parentId = close.first(status, reason, at, tenant, id)?.[0];
    if (typeof parentId !== 'string') return;
    const parent = parentOf.first(parentId, tenant);
    if (parent === undefined) return;
    const payload = JSON.stringify({ status, reason });
    signal.leave(Number(parent[0]), { tenant, at, signalId: id, name: convoySignal(id), payload });
  };
}

/** What a convoy with no open item has come to. */
function concluding(database: DatabaseSync): (tenant: string, id: string) => Conclusion {
  const counts = prepare(
    database,
    'SELECT status, count(*) FROM work_items WHERE convoy_id = ? AND item_key IS NOT NULL GROUP BY status',
  );
  const stops = prepare(database, 'SELECT stop_on_first_failure FROM convoys WHERE tenant = ? AND id = ?');
  // Those that failed, and after them those whose child was cancelled: what others were cancelled for.
  const [failures, cancellations] = ["status = 'failed'", "status = 'cancelled' AND execution_id IS NOT NULL"].map(
    (how) =>
      prepare(
        database,
        `SELECT item_key, status, reason FROM work_items WHERE convoy_id = ? AND item_key IS NOT NULL AND +tenant = ?
          AND ${how} ORDER BY no LIMIT ${maxNamed}`,
      ),
  ) as [Statement, Statement];
  return (tenant, id) => {
    const byStatus = new Map(counts.all(id).map(([status, count]) => [String(status), Number(count)]));
    if ((byStatus.get('failed') ?? 0) + (byStatus.get('cancelled') ?? 0) === 0) return conclusionOf({}, false, []);
    const broken = [...failures.all(id, tenant), ...cancellations.all(id, tenant)].map(([key, status, reason]) => ({
      key: String(key),
      status: status as BrokenItem['status'],
      reason: String(reason),
    }));
    return conclusionOf(Object.fromEntries(byStatus), stops.first(tenant, id)?.[0] === 1, broken);
  };
}
