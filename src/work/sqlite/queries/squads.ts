import type { DatabaseSync } from 'node:sqlite';
import { prepare } from '../statements.ts';
import type { Row } from '../statements.ts';

/** Rows of one column: the squad as JSON. */
export function squadQueries(database: DatabaseSync) {
  const byId = prepare(database, 'SELECT body FROM squads WHERE tenant = ? AND id = ?');
  const byName = prepare(database, 'SELECT body FROM squads WHERE tenant = ? AND name = ?');
  const atVersion = prepare(
    database,
    'SELECT body FROM squad_versions WHERE tenant = ? AND squad_id = ? AND version = ?',
  );
  const newest = prepare(database, 'SELECT body FROM squads WHERE tenant = ? ORDER BY id DESC LIMIT ?');
  const before = prepare(database, 'SELECT body FROM squads WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?');
  return {
    squad: ({ tenant, idOrName }: { readonly tenant: string; readonly idOrName: string }): Row | undefined =>
      byId.first(tenant, idOrName) ?? byName.first(tenant, idOrName),
    squadVersion: (of: { readonly tenant: string; readonly id: string; readonly version: number }): Row | undefined =>
      atVersion.first(of.tenant, of.id, of.version),
    squads: (page: { readonly tenant: string; readonly limit: number; readonly before?: string }): Row[] =>
      page.before === undefined
        ? newest.all(page.tenant, page.limit)
        : before.all(page.tenant, page.before, page.limit),
  };
}
