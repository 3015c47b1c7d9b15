import type { DatabaseSync } from 'node:sqlite';
import type { SquadPage } from '../../../squads/squad-store.ts';
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
  // The highest text there is: ids are written in letters and digits.
  const last = '\u{10FFFF}';
  const page = prepare(database, 'SELECT body FROM squads WHERE tenant = ? AND id < ? ORDER BY id DESC LIMIT ?');
  const pageOfUser = prepare(
    database,
    'SELECT body FROM squads WHERE tenant = ? AND user_id = ? AND id < ? ORDER BY id DESC LIMIT ?',
  );
  return {
    squad: ({ tenant, idOrName }: { readonly tenant: string; readonly idOrName: string }): Row | undefined =>
      byId.first(tenant, idOrName) ?? byName.first(tenant, idOrName),
    squadVersion: (of: { readonly tenant: string; readonly id: string; readonly version: number }): Row | undefined =>
      atVersion.first(of.tenant, of.id, of.version),
    squads: ({ tenant, limit, before = last, userId }: SquadPage & { readonly tenant: string }): Row[] =>
      userId === undefined ? page.all(tenant, before, limit) : pageOfUser.all(tenant, userId, before, limit),
  };
}
