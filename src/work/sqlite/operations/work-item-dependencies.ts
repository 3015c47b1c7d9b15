import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import type { WorkItemStatus } from '../../work-item.ts';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** The state an item is in because of its dependencies. */
export interface Standing {
  readonly status: 'ready' | 'blocked' | 'cancelled';
  /** Why it is cancelled. */
  readonly reason: string | null;
}

export interface WorkItemDependencies {
  /**
   * Where an item with these dependencies stands. Throws `UNKNOWN_DEPENDENCY` naming those the tenant does not have, and
   * `DEPENDENCY_CYCLE` naming the circle.
   */
  standing(tenant: string, id: string, dependencies: readonly string[]): Standing;
  /** Notes who waits for whom, in place of what was noted before. */
  note(tenant: string, id: string, before: readonly string[], dependencies: readonly string[]): void;
  /** Forgets an item on both sides. */
  forget(tenant: string, id: string, dependencies: readonly string[]): void;
}

const unmet: readonly WorkItemStatus[] = ['failed', 'cancelled'];
const allCompleted: Standing = { status: 'ready', reason: null };

export function workItemDependencies(database: DatabaseSync): WorkItemDependencies {
  const find = prepare(database, 'SELECT status, title, dependencies FROM work_items WHERE tenant = ? AND id = ?');
  const insert = prepare(
    database,
    'INSERT INTO work_item_dependencies (tenant, dependency, item) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const remove = prepare(
    database,
    'DELETE FROM work_item_dependencies WHERE tenant = ? AND dependency = ? AND item = ?',
  );
  const removeAll = prepare(database, 'DELETE FROM work_item_dependencies WHERE tenant = ? AND dependency = ?');
  const dependenciesOf = (row: Row | undefined): readonly string[] =>
    // Only the adapter writes the column.
    row === undefined ? [] : (JSON.parse(String(row[2])) as string[]);

  return {
    standing: (tenant, id, dependencies) => {
      if (dependencies.length === 0) return allCompleted;
      refuseCircle(id, dependencies, (item) => dependenciesOf(find.first(tenant, item)));
      const found = dependencies.map((dependency) => ({ dependency, row: find.first(tenant, dependency) }));
      refuseUnknown(found.filter(({ row }) => row === undefined).map(({ dependency }) => dependency));
      const broken = found.find(({ row }) => unmet.some((status) => status === row?.[0]));
      if (broken !== undefined) {
        const end = broken.row?.[0] === 'failed' ? 'failed' : 'was cancelled';
        const reason = `it depends on '${String(broken.row?.[1])}' (${broken.dependency}), which ${end}`;
        return { status: 'cancelled', reason };
      }
      const isOpen = found.some(({ row }) => row?.[0] !== 'completed');
      return isOpen ? { status: 'blocked', reason: null } : allCompleted;
    },
    note: (tenant, id, before, dependencies) => {
      for (const dependency of before) if (!dependencies.includes(dependency)) remove.run(tenant, dependency, id);
      for (const dependency of dependencies) insert.run(tenant, dependency, id);
    },
    forget: (tenant, id, dependencies) => {
      for (const dependency of dependencies) remove.run(tenant, dependency, id);
      removeAll.run(tenant, id);
    },
  };
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
