import type { Statements } from '../database.ts';

/** How an item ended that others depend on. */
export type ItemEnd = 'failed' | 'was cancelled' | 'was deleted';

/** Titles are for reading: long ones are cut in a reason. */
const maxTitleLength = 80;

/** The items that depend on any of `$2`. */
const dependents = 'SELECT item FROM work_item_dependencies WHERE tenant = $1 AND dependency = ANY ($2::text[])';

/**
 * `blocked → ready` where this was the last open dependency, in the transaction in which it completed.
 *
 * Two dependencies that complete at once do not see each other's end. So each takes the items that depend on it before it looks,
 * and whoever is second looks when the first is there to be seen.
 */
export async function itemCompleted(statements: Statements, tenant: string, id: string, at: number): Promise<void> {
  if ((await takeDependents(statements, tenant, [id])) === 0) return;
  await statements.run(
    `UPDATE work_items SET status = 'ready', version = version + 1, updated_at = $3
      WHERE tenant = $1 AND status = 'blocked' AND id IN (${dependents})
        AND NOT EXISTS (SELECT 1 FROM json_array_elements_text(work_items.dependencies::json) AS given (id)
          JOIN work_items AS other ON other.tenant = $1 AND other.id = given.id
          WHERE other.status <> 'completed')`,
    tenant,
    [id],
    at,
  );
}

/**
 * Cancels what depends on an item, and what depends on that, in the transaction in which it ended; each reason names the
 * dependency and what happened first. What depends on it at the same distance is cancelled together.
 */
export async function itemEnded(
  statements: Statements,
  tenant: string,
  id: string,
  how: ItemEnd,
  at: number,
): Promise<void> {
  if ((await takeDependents(statements, tenant, [id])) === 0) return;
  const row = await statements.first(
    'SELECT id, title, item_key FROM work_items WHERE tenant = $1 AND id = $2',
    tenant,
    id,
  );
  const name = named(row ?? [id, null, null]);
  let reasons = new Map([[id, `it depends on ${name}, which ${how}`]]);
  for (;;) {
    const cancelled = await cancelDependents(statements, tenant, reasons, at);
    if (cancelled.length === 0) return;
    reasons = new Map(
      cancelled.map((item) => [
        String(item[0]),
        `it depends on ${named(item)}, which was cancelled because ${name} ${how}`,
      ]),
    );
    if ((await takeDependents(statements, tenant, [...reasons.keys()])) === 0) return;
  }
}

/** Locks the items that depend on these, in the order of their ids. Returns how many there are. */
async function takeDependents(statements: Statements, tenant: string, ids: readonly string[]): Promise<number> {
  const taken = await statements.all(
    `SELECT no FROM work_items WHERE tenant = $1 AND id IN (${dependents}) ORDER BY id FOR UPDATE`,
    tenant,
    ids,
  );
  return taken.length;
}

/** Cancels the open items that depend on these, each for the reason of its oldest dependency among them. */
function cancelDependents(
  statements: Statements,
  tenant: string,
  reasons: ReadonlyMap<string, string>,
  at: number,
): Promise<readonly (readonly unknown[])[]> {
  return statements.all(
    `UPDATE work_items SET status = 'cancelled', reason = because.reason, version = version + 1, updated_at = $4
      FROM (SELECT DISTINCT ON (noted.item) noted.item, given.reason
          FROM unnest($2::text[], $3::text[]) AS given (id, reason)
          JOIN work_item_dependencies AS noted ON noted.tenant = $1 AND noted.dependency = given.id
          ORDER BY noted.item, given.id) AS because
      WHERE work_items.tenant = $1 AND work_items.id = because.item
        AND status IN ('pending', 'ready', 'blocked', 'in_progress')
      RETURNING work_items.id, title, item_key`,
    tenant,
    [...reasons.keys()],
    [...reasons.values()],
    at,
  );
}

/** An item as a reason names it; of a convoy everybody knows the keys. */
function named([id, text, key]: readonly unknown[]): string {
  if (typeof key === 'string') return `'${key}'`;
  const title = String(text);
  return `'${title.length > maxTitleLength ? `${title.slice(0, maxTitleLength)}…` : title}' (${String(id)})`;
}
