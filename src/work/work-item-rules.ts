import { SquadraError } from '../kernel/errors.ts';
import type { PatchedColumn, WorkItemPatchColumns } from './rows/work-item-row.ts';
import { workItemTransitions } from './work-item.ts';
import type { WorkItemStatus } from './work-item.ts';

/** The state an item is in because of its dependencies. */
export interface Standing {
  readonly status: 'ready' | 'blocked' | 'cancelled';
  /** Why it is cancelled. */
  readonly reason: string | null;
}

const unmet: readonly WorkItemStatus[] = ['failed', 'cancelled'];
const allCompleted: Standing = { status: 'ready', reason: null };

/** An item that another one depends on. */
export interface Dependency {
  readonly id: string;
  readonly status: WorkItemStatus;
  readonly title: string;
  readonly dependencies: readonly string[];
}

/**
 * Where an item with these dependencies stands; `find` knows those that the tenant has. Throws `UNKNOWN_DEPENDENCY` naming those
 * it does not have, and `DEPENDENCY_CYCLE` naming the circle.
 */
export function standingOf(
  id: string,
  dependencies: readonly string[],
  find: (id: string) => Dependency | undefined,
): Standing {
  if (dependencies.length === 0) return allCompleted;
  refuseCircle(id, dependencies, (item) => find(item)?.dependencies ?? []);
  refuseUnknown(dependencies.filter((dependency) => find(dependency) === undefined));
  const found = dependencies.flatMap((dependency) => find(dependency) ?? []);
  const broken = found.find(({ status }) => unmet.includes(status));
  if (broken !== undefined) {
    const end = broken.status === 'failed' ? 'failed' : 'was cancelled';
    return { status: 'cancelled', reason: `it depends on '${broken.title}' (${broken.id}), which ${end}` };
  }
  return found.some(({ status }) => status !== 'completed') ? { status: 'blocked', reason: null } : allCompleted;
}

/** An item as it is found before it is changed; `dependencies` as they are stored. */
export interface FoundItem {
  readonly no: number;
  readonly status: WorkItemStatus;
  readonly version: number;
  readonly owned: boolean;
  readonly dependencies: string;
}

/** Whether a patch asks where the item stands: then it is to be found out before `settledPatch`. Throws where it may not be asked. */
export function asksStanding(id: string, { status }: FoundItem, given: WorkItemPatchColumns): boolean {
  const needs = valueOf(given, 'dependencies');
  if (needs !== undefined && status !== 'pending' && status !== 'blocked' && status !== 'ready')
    throw illegal(id, status, `${status}; its dependencies can no longer be changed`);
  return needs !== undefined || valueOf(given, 'status') !== undefined;
}

/** Throws unless an execution does not own the item, or what it may be told is changed. */
export function refuseOwned(id: string, { owned: isOwned }: FoundItem, given: WorkItemPatchColumns | null): void {
  const isFree = given?.every(([column]) => column === 'metadata' || column === 'priority') ?? false;
  if (isOwned && !isFree) throw owned(id);
}

/** The state a new item is stored in. One that its creator holds back is held, unless a broken dependency cancels it. */
export function firstState(
  given: WorkItemStatus,
  reason: string | null,
  standing: Standing,
): { readonly status: WorkItemStatus; readonly reason: string | null } {
  const isHeld = given === 'pending' && standing.status !== 'cancelled';
  return { status: isHeld ? given : standing.status, reason: standing.reason ?? reason };
}

/** The patch with what follows from it: the status that new dependencies ask for, and the reason of a status. */
export function settledPatch(
  id: string,
  item: FoundItem,
  given: WorkItemPatchColumns,
  standing: Standing,
): WorkItemPatchColumns {
  const wanted = valueOf(given, 'status');
  const needs = valueOf(given, 'dependencies');
  if (wanted === undefined && needs === undefined) return given;
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

export function valueOf(patch: WorkItemPatchColumns, column: PatchedColumn): string | number | null | undefined {
  return patch.find(([name]) => name === column)?.[1];
}

/** The dependencies of an item. Only adapters write the column. */
export function idsOf(encoded: string | number | null): readonly string[] {
  return encoded === '[]' ? [] : (JSON.parse(String(encoded)) as string[]);
}

export function refuseStaleItem(id: string, item: FoundItem, expected: number): void {
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

function refuseUnknown(unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const message = `There is no work item ${unknown.join(', ')} to depend on.`;
  throw new SquadraError('UNKNOWN_DEPENDENCY', message, { details: { unknown } });
}

/** Follows the dependencies until nothing new comes or the item itself does. */
function refuseCircle(id: string, dependencies: readonly string[], of: (id: string) => readonly string[]): void {
  const cameFrom = new Map(dependencies.map((dependency) => [dependency, id]));
  const open = [...dependencies];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (item === id) throw circle(id, cameFrom);
    for (const next of of(item)) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, item);
      open.push(next);
    }
  }
}

function circle(id: string, cameFrom: ReadonlyMap<string, string>): SquadraError {
  const path = [id];
  for (let item = cameFrom.get(id); item !== undefined && item !== id; item = cameFrom.get(item)) path.unshift(item);
  path.unshift(id);
  return new SquadraError('DEPENDENCY_CYCLE', `These work items would wait for each other: ${path.join(' → ')}.`, {
    details: { circle: path },
  });
}
