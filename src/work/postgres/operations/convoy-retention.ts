import type { ConvoyStatus } from '../../convoy.ts';
import { text, whole } from '../../rows/columns.ts';
import type { Statements } from '../database.ts';
import { countConvoys } from './metrics.ts';

/** Removes convoys that ended `completed` or `cancelled` before a time, with their items. Returns how many. */
export async function pruneConvoys(
  statements: Statements,
  endedBefore: number,
  atMost: number,
  metrics: boolean,
): Promise<number> {
  // Another process that prunes now takes others.
  const old = await statements.all(
    `SELECT no, tenant, id, created_at, ended_at, status FROM convoys
      WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < $1
      ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED`,
    endedBefore,
    atMost,
  );
  if (old.length === 0) return 0;
  await statements.run(
    `WITH old AS (SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) AS given (no, tenant, id)),
        items AS (
          DELETE FROM work_items USING old WHERE convoy_id = old.id AND work_items.tenant = old.tenant AND item_key IS NOT NULL
            RETURNING work_items.tenant, work_items.id
        ),
        needs AS (DELETE FROM work_item_dependencies AS needed USING items WHERE needed.tenant = items.tenant AND dependency = items.id)
      DELETE FROM convoys USING old WHERE convoys.no = old.no`,
    old.map(([no]) => whole(no)),
    old.map(([, tenant]) => text(tenant)),
    old.map(([, , id]) => text(id)),
  );
  // As long as they are there, convoys are counted where they stand.
  if (metrics)
    await countConvoys(
      statements,
      old.flatMap(([, tenant, , createdAt, endedAt, status]) => [
        { kind: 'convoy created' as const, tenant: text(tenant), at: whole(createdAt) },
        { kind: 'convoy ended' as const, tenant: text(tenant), at: whole(endedAt), status: status as ConvoyStatus },
      ]),
    );
  return old.length;
}
