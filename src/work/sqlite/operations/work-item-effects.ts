import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';

/** How an item ended that others depend on. */
export type ItemEnd = 'failed' | 'was cancelled' | 'was deleted';

/** What the end of an item does to the items that depend on it, in the same transaction. */
export interface WorkItemEffects {
  /** `blocked → ready` where this was the last open dependency. */
  completed(tenant: string, id: string, at: number): void;
  /** Cancels what depends on it, and what depends on that; each reason names the dependency and what happened first. */
  ended(tenant: string, id: string, end: ItemEnd, at: number): void;
}

/** Titles are for reading: long ones are cut in a reason. */
const maxTitleLength = 80;

export function workItemEffects(database: DatabaseSync): WorkItemEffects {
  // CROSS JOIN keeps the order of the tables: the few dependencies first, not all items of the tenant.
  const ready = prepare(
    database,
    `UPDATE work_items SET status = 'ready', version = version + 1, updated_at = ?
      WHERE tenant = ? AND status = 'blocked'
        AND id IN (SELECT item FROM work_item_dependencies WHERE tenant = ? AND dependency = ?)
        AND NOT EXISTS (SELECT 1 FROM json_each(work_items.dependencies) AS given
          CROSS JOIN work_items AS other
          WHERE other.tenant = work_items.tenant AND other.id = given.value AND other.status <> 'completed')`,
  );
  const dependents = prepare(database, `SELECT item FROM work_item_dependencies WHERE tenant = ? AND dependency = ?`);
  const nameOf = prepare(database, 'SELECT title, item_key FROM work_items WHERE tenant = ? AND id = ?');
  const cancel = prepare(
    database,
    `UPDATE work_items SET status = 'cancelled', reason = ?, version = version + 1, updated_at = ?
      WHERE tenant = ? AND id = ? AND status IN ('pending', 'ready', 'blocked', 'in_progress')`,
  );
  const named = (tenant: string, id: string): string => {
    const [text, key] = nameOf.first(tenant, id) ?? [];
    // Of a convoy everybody knows the keys.
    if (typeof key === 'string') return `'${key}'`;
    const title = String(text);
    return `'${title.length > maxTitleLength ? `${title.slice(0, maxTitleLength)}…` : title}' (${id})`;
  };

  return {
    completed: (tenant, id, at) => void ready.run(at, tenant, tenant, id),
    ended: (tenant, id, end, at) => {
      const first = dependents.all(tenant, id);
      if (first.length === 0) return;
      const cause = `${named(tenant, id)} ${end}`;
      const open = [{ items: first, reason: `it depends on ${named(tenant, id)}, which ${end}` }];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        for (const [item] of next.items) {
          const dependent = String(item);
          if (cancel.run(next.reason, at, tenant, dependent) === 0) continue;
          const reason = `it depends on ${named(tenant, dependent)}, which was cancelled because ${cause}`;
          open.push({ items: dependents.all(tenant, dependent), reason });
        }
      }
    },
  };
}
