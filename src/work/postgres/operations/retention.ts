import type { Statements } from '../database.ts';
import { removeBudgetsOf } from './budgets.ts';
import { countBeforeDeletion } from './metrics.ts';

export interface OldExecution {
  readonly no: number;
  readonly id: string;
}

/** Completed and cancelled executions that ended before a time, the oldest end first: nothing changes them any more. */
export async function oldExecutions(
  statements: Statements,
  endedBefore: number,
  atMost: number,
): Promise<readonly OldExecution[]> {
  const rows = await statements.all(
    `SELECT no, id FROM executions
      WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled') AND ended_at < $1 ORDER BY ended_at LIMIT $2`,
    endedBefore,
    atMost,
  );
  return rows.map(([no, id]) => ({ no: Number(no), id: String(id) }));
}

/** Deletes executions that are old, with all that belongs to them. Returns how many were there. */
export async function pruneExecutions(
  statements: Statements,
  old: readonly OldExecution[],
  { metrics }: { readonly metrics: boolean },
): Promise<number> {
  // Another process that prunes now takes others.
  const found = await statements.all(
    `SELECT no, tenant, id, squad_id, squad_version FROM executions WHERE no = ANY($1::bigint[]) ORDER BY no FOR UPDATE SKIP LOCKED`,
    old.map(({ no }) => no),
  );
  if (found.length === 0) return 0;
  const numbers = found.map(([no]) => Number(no));
  if (metrics) await countBeforeDeletion(statements, numbers);
  const tenants = found.map(([, tenant]) => String(tenant));
  const ids = found.map(([, , id]) => String(id));
  for (const tenant of new Set(tenants))
    await removeBudgetsOf(
      statements,
      tenant,
      'execution',
      ids.filter((_, place) => tenants[place] === tenant),
    );
  await statements.run(
    `WITH items AS (
        DELETE FROM work_items USING unnest($2::text[], $3::text[]) AS of (tenant, id)
          WHERE execution_id = of.id AND work_items.tenant = of.tenant AND step_key IS NOT NULL RETURNING work_items.tenant, work_items.id
      ),
      needs AS (DELETE FROM work_item_dependencies AS needed USING items WHERE needed.tenant = items.tenant AND dependency = items.id),
      heard AS (DELETE FROM signals WHERE execution = ANY($1::bigint[])),
      asked AS (DELETE FROM approvals WHERE execution = ANY($1::bigint[])),
      told AS (DELETE FROM outbox WHERE execution = ANY($1::bigint[])),
      recorded AS (DELETE FROM journal WHERE execution = ANY($1::bigint[]))
      DELETE FROM executions WHERE no = ANY($1::bigint[])`,
    numbers,
    tenants,
    ids,
  );
  await removeVersions(statements, found.flatMap(pinned));
  return found.length;
}

/** A version of a squad that an execution pinned. */
interface Pinned {
  readonly tenant: string;
  readonly squadId: string;
  readonly version: number;
}

function pinned([, tenant, , squadId, version]: readonly unknown[]): readonly Pinned[] {
  return typeof squadId === 'string' ? [{ tenant: String(tenant), squadId, version: Number(version) }] : [];
}

/**
 * Versions are kept for the executions that pin them, also after the squad was removed; a snapshot of a fork for nobody but that
 * fork, and what was forked from it.
 */
async function removeVersions(statements: Statements, versions: readonly Pinned[]): Promise<void> {
  if (versions.length === 0) return;
  await statements.run(
    `DELETE FROM squad_versions AS kept USING unnest($1::text[], $2::text[], $3::integer[]) AS of (tenant, squad_id, version)
      WHERE kept.tenant = of.tenant AND kept.squad_id = of.squad_id AND (
        (kept.version < 0 AND kept.version = of.version
          AND NOT EXISTS (SELECT 1 FROM executions WHERE squad_id = kept.squad_id AND squad_version = kept.version))
        OR (NOT EXISTS (SELECT 1 FROM squads WHERE tenant = kept.tenant AND id = kept.squad_id)
          AND NOT EXISTS (SELECT 1 FROM executions WHERE squad_id = kept.squad_id)
          AND NOT EXISTS (SELECT 1 FROM convoys WHERE tenant = kept.tenant AND squad_id = kept.squad_id)))`,
    versions.map(({ tenant }) => tenant),
    versions.map(({ squadId }) => squadId),
    versions.map(({ version }) => version),
  );
}
