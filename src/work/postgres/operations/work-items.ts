import { SquadraError } from '../../../kernel/errors.ts';
import type { Row } from '../../rows/row.ts';
import type { NewWorkItemColumns, WorkItemPatchColumns } from '../../rows/work-item-row.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import {
  asksStanding,
  firstState,
  idsOf,
  refuseOwned,
  refuseStaleItem,
  settledPatch,
  valueOf,
} from '../../work-item-rules.ts';
import type { FoundItem } from '../../work-item-rules.ts';
import type { Statements } from '../database.ts';
import { workItemRowSql } from '../queries/work-items.ts';
import { findStanding, forgetDependencies, noteDependencies } from './work-item-dependencies.ts';
import { itemCompleted, itemEnded } from './work-item-effects.ts';

/** Which item, and when; `version` is the one that was read. */
export interface ItemChangePlace {
  readonly tenant: string;
  readonly id: string;
  readonly at: number;
}

/** Stores an item in the state that its dependencies decide. */
export async function createItem(
  statements: Statements,
  tenant: string,
  item: NewWorkItemColumns,
): Promise<{ readonly status: WorkItemStatus; readonly reason: string | null }> {
  const [id, title, description, given, why, ...rest] = item;
  const needs = idsOf(item[14]);
  const { status, reason } = firstState(given, why, await findStanding(statements, tenant, id, needs));
  await statements.run(
    `INSERT INTO work_items (tenant, version, id, title, description, status, reason, priority, member_id, convoy_id, execution_id,
        step_key, context, metadata, artifacts, labels, dependencies, created_at, updated_at)
      VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)`,
    tenant,
    id,
    title,
    description,
    status,
    reason,
    ...rest,
  );
  await noteDependencies(statements, tenant, id, [], needs);
  return { status, reason };
}

/** Returns the item as a row of `workItemRowSql`. */
export async function updateItem(
  statements: Statements,
  { tenant, id, at }: ItemChangePlace,
  version: number,
  given: WorkItemPatchColumns,
): Promise<Row> {
  const item = await find(statements, tenant, id);
  refuseStaleItem(id, item, version);
  refuseOwned(id, item, given);
  const needs = valueOf(given, 'dependencies');
  const patch = asksStanding(id, item, given)
    ? settledPatch(id, item, given, await findStanding(statements, tenant, id, idsOf(needs ?? item.dependencies)))
    : given;
  const row = await set(statements, item.no, at, patch);
  if (needs !== undefined) await noteDependencies(statements, tenant, id, idsOf(item.dependencies), idsOf(needs));
  const status = valueOf(patch, 'status');
  if (status === 'completed') await itemCompleted(statements, tenant, id, at);
  if (status === 'failed') await itemEnded(statements, tenant, id, 'failed', at);
  if (status === 'cancelled') await itemEnded(statements, tenant, id, 'was cancelled', at);
  return row;
}

export async function removeItem(
  statements: Statements,
  { tenant, id, at }: ItemChangePlace,
  version: number | null,
): Promise<void> {
  const item = await find(statements, tenant, id);
  if (version !== null) refuseStaleItem(id, item, version);
  refuseOwned(id, item, null);
  // A completed dependency is met; any other would keep what waits for it waiting for ever.
  if (item.status !== 'completed') await itemEnded(statements, tenant, id, 'was deleted', at);
  await forgetDependencies(statements, tenant, id, idsOf(item.dependencies));
  await statements.run('DELETE FROM work_items WHERE no = $1', item.no);
}

async function find(statements: Statements, tenant: string, id: string): Promise<FoundItem> {
  const row = await statements.first(
    `SELECT no, status, version, coalesce(step_key, item_key), dependencies FROM work_items WHERE tenant = $1 AND id = $2 FOR UPDATE`,
    tenant,
    id,
  );
  if (row === undefined) throw new SquadraError('NOT_FOUND', `There is no work item ${id}.`);
  const [no, status, version, stepKey, dependencies] = row;
  return {
    no: Number(no),
    status: status as WorkItemStatus,
    version: Number(version),
    owned: stepKey !== null,
    dependencies: String(dependencies),
  };
}

async function set(statements: Statements, no: number, at: number, patch: WorkItemPatchColumns): Promise<Row> {
  const columns = patch.map(([column], place) => `${column} = $${place + 3}, `).join('');
  const row = await statements.first(
    `UPDATE work_items SET ${columns}version = version + 1, updated_at = $2 WHERE no = $1 RETURNING ${workItemRowSql}`,
    no,
    at,
    ...patch.map(([, value]) => value),
  );
  if (row === undefined) throw new SquadraError('INTERNAL', 'A work item vanished while it was changed.');
  return row;
}
