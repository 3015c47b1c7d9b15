import type { DatabaseSync } from 'node:sqlite';
import type { WorkItemStatus } from '../../work-item.ts';
import { idsOf, standingOf } from '../../work-item-rules.ts';
import type { Dependency, Standing } from '../../work-item-rules.ts';
import { prepare } from '../statements.ts';

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
  const lookUp = (tenant: string, id: string): Dependency | undefined => {
    const row = find.first(tenant, id);
    if (row === undefined) return undefined;
    const [status, title, dependencies] = row;
    return { id, status: status as WorkItemStatus, title: String(title), dependencies: idsOf(String(dependencies)) };
  };

  return {
    standing: (tenant, id, dependencies) => standingOf(id, dependencies, (item) => lookUp(tenant, item)),
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
