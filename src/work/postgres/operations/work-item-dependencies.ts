import type { WorkItemStatus } from '../../work-item.ts';
import { idsOf, standingOf } from '../../work-item-rules.ts';
import type { Dependency, Standing } from '../../work-item-rules.ts';
import type { Statements } from '../database.ts';

/**
 * Where an item with these dependencies stands. They are held as they are until the transaction ends, so that none of them ends
 * unseen while what waits for it is stored. Throws `UNKNOWN_DEPENDENCY` or `DEPENDENCY_CYCLE`.
 */
export async function findStanding(
  statements: Statements,
  tenant: string,
  id: string,
  dependencies: readonly string[],
): Promise<Standing> {
  if (dependencies.length === 0) return standingOf(id, dependencies, () => undefined);
  // Two processes that each add half of a circle would not see the other half.
  await statements.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', tenant);
  const sql = 'SELECT id FROM work_items WHERE tenant = $1 AND id = ANY($2::text[]) ORDER BY id FOR SHARE';
  await statements.all(sql, tenant, dependencies);
  const rows = await statements.all(
    `WITH RECURSIVE needed AS (
        SELECT id, status, title, dependencies FROM work_items WHERE tenant = $1 AND id = ANY($2::text[])
        UNION
        SELECT next.id, next.status, next.title, next.dependencies FROM needed
          CROSS JOIN LATERAL json_array_elements_text(needed.dependencies::json) AS of (id)
          JOIN work_items AS next ON next.tenant = $1 AND next.id = of.id COLLATE "C"
      )
      SELECT id, status, title, dependencies FROM needed`,
    tenant,
    dependencies,
  );
  const found = new Map<string, Dependency>(
    rows.map(([item, status, title, needs]) => [
      String(item),
      {
        id: String(item),
        status: status as WorkItemStatus,
        title: String(title),
        dependencies: idsOf(String(needs)),
      },
    ]),
  );
  return standingOf(id, dependencies, (item) => found.get(item));
}

/** Notes who waits for whom, in place of what was noted before. */
export async function noteDependencies(
  statements: Statements,
  tenant: string,
  id: string,
  before: readonly string[],
  dependencies: readonly string[],
): Promise<void> {
  const gone = before.filter((dependency) => !dependencies.includes(dependency));
  const remove = 'DELETE FROM work_item_dependencies WHERE tenant = $1 AND item = $2 AND dependency = ANY($3::text[])';
  if (gone.length > 0) await statements.run(remove, tenant, id, gone);
  if (dependencies.length === 0) return;
  await statements.run(
    `INSERT INTO work_item_dependencies (tenant, dependency, item) SELECT $1, dependency, $2 FROM unnest($3::text[]) AS of (dependency)
      ON CONFLICT DO NOTHING`,
    tenant,
    id,
    dependencies,
  );
}

/** Forgets an item on both sides. */
export async function forgetDependencies(
  statements: Statements,
  tenant: string,
  id: string,
  dependencies: readonly string[],
): Promise<void> {
  await noteDependencies(statements, tenant, id, dependencies, []);
  await statements.run('DELETE FROM work_item_dependencies WHERE tenant = $1 AND dependency = $2', tenant, id);
}
