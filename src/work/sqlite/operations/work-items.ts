import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
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
import type { WorkItemStatus } from '../../work-item.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { workItemRowSql } from '../usage-statements.ts';
import type { NewWorkItemColumns, WorkItemPatchColumns } from '../../rows/work-item-row.ts';
import { workItemDependencies } from './work-item-dependencies.ts';
import { workItemEffects } from './work-item-effects.ts';

export type CreateItemArguments = readonly [tenant: string, item: NewWorkItemColumns];
export type UpdateItemArguments = readonly [
  tenant: string,
  id: string,
  version: number,
  at: number,
  patch: WorkItemPatchColumns,
];
export type RemoveItemArguments = readonly [tenant: string, id: string, version: number | null, at: number];

/** The state an item was stored in, which its dependencies decide. */
export type CreatedItem = readonly [status: WorkItemStatus, reason: string | null];

export interface WorkItemOperations {
  createItem(item: CreateItemArguments): CreatedItem;
  /** Returns the item as a row of `workItemRowSql`. */
  updateItem(change: UpdateItemArguments): Row;
  removeItem(removal: RemoveItemArguments): void;
}

export function workItemOperations(database: DatabaseSync): WorkItemOperations {
  const find = finding(database);
  const dependencies = workItemDependencies(database);
  const effects = workItemEffects(database);
  const insert = prepare(
    database,
    `INSERT INTO work_items (tenant, version, id, title, description, status, reason, priority, member_id, convoy_id, execution_id, step_key, context, metadata,
      artifacts, labels, dependencies, created_at, updated_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const remove = prepare(database, 'DELETE FROM work_items WHERE no = ?');
  const set = setting(database);

  return {
    createItem: ([tenant, item]) => {
      const [id, title, description, given, reason, ...rest] = item;
      const needs = idsOf(item[14]);
      const { status, reason: why } = firstState(given, reason, dependencies.standing(tenant, id, needs));
      insert.run(tenant, id, title, description, status, why, ...rest, item[15]);
      dependencies.note(tenant, id, [], needs);
      return [status, why];
    },
    updateItem: ([tenant, id, version, at, given]) => {
      const item = find(tenant, id);
      refuseStaleItem(id, item, version);
      refuseOwned(id, item, given);
      const needs = valueOf(given, 'dependencies');
      const patch = asksStanding(id, item, given)
        ? settledPatch(id, item, given, dependencies.standing(tenant, id, idsOf(needs ?? item.dependencies)))
        : given;
      const row = set(item.no, at, patch);
      if (needs !== undefined) dependencies.note(tenant, id, idsOf(item.dependencies), idsOf(needs));
      const status = valueOf(patch, 'status');
      if (status === 'completed') effects.completed(tenant, id, at);
      if (status === 'failed') effects.ended(tenant, id, 'failed', at);
      if (status === 'cancelled') effects.ended(tenant, id, 'was cancelled', at);
      return row;
    },
    removeItem: ([tenant, id, version, at]) => {
      const item = find(tenant, id);
      if (version !== null) refuseStaleItem(id, item, version);
      refuseOwned(id, item, null);
      // A completed dependency is met; any other would keep what waits for it waiting for ever.
      if (item.status !== 'completed') effects.ended(tenant, id, 'was deleted', at);
      dependencies.forget(tenant, id, idsOf(item.dependencies));
      remove.run(item.no);
    },
  };
}

function finding(database: DatabaseSync): (tenant: string, id: string) => FoundItem {
  const byId = prepare(
    database,
    'SELECT no, status, version, coalesce(step_key, item_key), dependencies FROM work_items WHERE tenant = ? AND id = ?',
  );
  return (tenant, id) => {
    const row = byId.first(tenant, id);
    if (row === undefined) throw new SquadraError('NOT_FOUND', `There is no work item ${id}.`);
    const [no, status, version, stepKey, dependencies] = row;
    return {
      no: Number(no),
      status: status as WorkItemStatus,
      version: Number(version),
      owned: stepKey !== null,
      dependencies: String(dependencies),
    };
  };
}

/** Each set of columns is a statement of its own (there are few), so that an index is only touched when it has to be. */
function setting(database: DatabaseSync): (no: number, at: number, patch: WorkItemPatchColumns) => Row {
  const statements = new Map<string, ReturnType<typeof prepare>>();
  return (no, at, patch) => {
    const columns = patch.map(([column]) => `${column} = ?, `).join('');
    let statement = statements.get(columns);
    if (statement === undefined) {
      const sql = `UPDATE work_items SET ${columns}version = version + 1, updated_at = ? WHERE no = ? RETURNING ${workItemRowSql}`;
      statement = prepare(database, sql);
      statements.set(columns, statement);
    }
    const row = statement.first(...patch.map(([, value]) => value), at, no);
    if (row === undefined) throw new SquadraError('INTERNAL', 'A work item vanished while it was changed.');
    return row;
  };
}
