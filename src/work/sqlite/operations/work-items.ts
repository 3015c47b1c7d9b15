import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import { workItemTransitions } from '../../work-item.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';
import { workItemColumnNames } from '../work-item-row.ts';
import type { NewWorkItemColumns, PatchedColumn, WorkItemPatchColumns } from '../work-item-row.ts';
import { workItemDependencies } from './work-item-dependencies.ts';
import type { WorkItemDependencies } from './work-item-dependencies.ts';
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
  /** Returns the item as a row of `workItemColumnNames`. */
  updateItem(change: UpdateItemArguments): Row;
  removeItem(removal: RemoveItemArguments): void;
}

interface Found {
  readonly no: number;
  readonly status: WorkItemStatus;
  readonly version: number;
  readonly owned: boolean;
  readonly dependencies: string;
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
      const needs = ids(item[14]);
      const standing = dependencies.standing(tenant, id, needs);
      // Held back by its creator; a broken dependency cancels it all the same.
      const held = given === 'pending' && standing.status !== 'cancelled';
      const status = held ? given : standing.status;
      const why = standing.reason ?? reason;
      insert.run(tenant, id, title, description, status, why, ...rest, item[15]);
      dependencies.note(tenant, id, [], needs);
      return [status, why];
    },
    updateItem: ([tenant, id, version, at, given]) => {
      const item = find(tenant, id);
      refuseStale(id, item, version);
      if (item.owned && given.some(([column]) => column !== 'metadata' && column !== 'priority')) throw owned(id);
      const patch = settle(tenant, id, item, given, dependencies);
      const row = set(item.no, at, patch);
      const needs = valueOf(given, 'dependencies');
      if (needs !== undefined) dependencies.note(tenant, id, ids(item.dependencies), ids(needs));
      const status = valueOf(patch, 'status');
      if (status === 'completed') effects.completed(tenant, id, at);
      if (status === 'failed') effects.ended(tenant, id, 'failed', at);
      if (status === 'cancelled') effects.ended(tenant, id, 'was cancelled', at);
      return row;
    },
    removeItem: ([tenant, id, version, at]) => {
      const item = find(tenant, id);
      if (version !== null) refuseStale(id, item, version);
      if (item.owned) throw owned(id);
      // A completed dependency is met; any other would keep what waits for it waiting for ever.
      if (item.status !== 'completed') effects.ended(tenant, id, 'was deleted', at);
      dependencies.forget(tenant, id, ids(item.dependencies));
      remove.run(item.no);
    },
  };
}

function finding(database: DatabaseSync): (tenant: string, id: string) => Found {
  const byId = prepare(
    database,
    'SELECT no, status, version, step_key, dependencies FROM work_items WHERE tenant = ? AND id = ?',
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
      const sql = `UPDATE work_items SET ${columns}version = version + 1, updated_at = ? WHERE no = ? RETURNING ${workItemColumnNames}`;
      statement = prepare(database, sql);
      statements.set(columns, statement);
    }
    const row = statement.first(...patch.map(([, value]) => value), at, no);
    if (row === undefined) throw new SquadraError('INTERNAL', 'A work item vanished while it was changed.');
    return row;
  };
}

/** The patch with what follows from it: the status that new dependencies ask for, and the reason of a status. */
function settle(
  tenant: string,
  id: string,
  item: Found,
  given: WorkItemPatchColumns,
  dependencies: WorkItemDependencies,
): WorkItemPatchColumns {
  const wanted = valueOf(given, 'status');
  const needs = valueOf(given, 'dependencies');
  if (wanted === undefined && needs === undefined) return given;
  if (needs !== undefined && item.status !== 'pending' && item.status !== 'blocked' && item.status !== 'ready') {
    throw illegal(id, item.status, `${item.status}; its dependencies can no longer be changed`);
  }
  const standing = dependencies.standing(tenant, id, ids(needs ?? item.dependencies));
  const status = wanted === undefined ? following(item.status, standing.status) : (wanted as WorkItemStatus);
  if (status === item.status && wanted === undefined) return given;
  if (!workItemTransitions[item.status].includes(status)) {
    throw illegal(id, item.status, `${item.status} and cannot become ${status}`);
  }
  if ((status === 'ready' || status === 'blocked') && item.status !== 'failed' && status !== standing.status) {
    const state = standing.status === 'ready' ? 'have completed' : 'have not completed';
    throw illegal(id, item.status, `${item.status} and cannot become ${status}: its dependencies ${state}`);
  }
  const others = given.filter(([column]) => column !== 'status' && column !== 'reason');
  return [...others, ['status', status], ['reason', valueOf(given, 'reason') ?? standing.reason]];
}

/** What new dependencies make of an item. One that is held stays held, unless they cancel it. */
function following(status: WorkItemStatus, standing: WorkItemStatus): WorkItemStatus {
  return status === 'pending' && standing !== 'cancelled' ? 'pending' : standing;
}

function valueOf(patch: WorkItemPatchColumns, column: PatchedColumn): string | number | null | undefined {
  return patch.find(([name]) => name === column)?.[1];
}

/** Only the adapter writes the column. */
function ids(encoded: string | number | null): readonly string[] {
  return encoded === '[]' ? [] : (JSON.parse(String(encoded)) as string[]);
}

function refuseStale(id: string, item: Found, expected: number): void {
  if (item.version === expected) return;
  const message = `Work item ${id} is at version ${item.version}, not ${expected}; read it again and apply the change to that.`;
  throw new SquadraError('STALE_VERSION', message, {
    details: { expectedVersion: expected, currentVersion: item.version },
  });
}

function owned(id: string): SquadraError {
  const message = `Work item ${id} is moved by its execution; only its metadata and priority can be changed.`;
  return new SquadraError('ITEM_OWNED', message);
}

function illegal(id: string, currentStatus: WorkItemStatus, what: string): SquadraError {
  return new SquadraError('ILLEGAL_TRANSITION', `Work item ${id} is ${what}.`, { details: { currentStatus } });
}
