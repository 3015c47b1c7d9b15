import type { DatabaseSync } from 'node:sqlite';
import { SquadraError } from '../../../kernel/errors.ts';
import { prepare } from '../statements.ts';
import { budgetsRemoval } from './budgets.ts';

/** A squad as it travels to the writer thread; `body` is all of it as JSON. */
export type SquadArguments = readonly [
  tenant: string,
  id: string,
  name: string,
  version: number,
  body: string,
  userId: string | null,
];

export interface SquadOperations {
  createSquad(squad: SquadArguments): void;
  replaceSquad(squad: SquadArguments): void;
  removeSquad(squad: { readonly tenant: string; readonly id: string; readonly version: number | null }): void;
}

/** Changes of squads. Every version stays in `squad_versions`, because executions pin the one they started with. */
export function squadOperations(database: DatabaseSync): SquadOperations {
  const insert = prepare(
    database,
    'INSERT INTO squads (tenant, id, name, version, body, user_id) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const keep = prepare(database, 'INSERT INTO squad_versions (tenant, squad_id, version, body) VALUES (?, ?, ?, ?)');
  const update = prepare(database, 'UPDATE squads SET name = ?, version = ?, body = ? WHERE tenant = ? AND id = ?');
  const versionOf = prepare(database, 'SELECT version FROM squads WHERE tenant = ? AND id = ?');
  const namesake = prepare(database, 'SELECT id FROM squads WHERE tenant = ? AND name = ? AND id <> ?');
  const openOf = prepare(
    database,
    "SELECT count(*) FROM executions WHERE squad_id = ? AND tenant = ? AND status IN ('created', 'queued', 'running', 'waiting')",
  );
  const removeBudgets = budgetsRemoval(database);
  const convoysOf = prepare(
    database,
    "SELECT count(*) FROM convoys WHERE tenant = ? AND squad_id = ? AND status = 'running'",
  );
  const schedulesOf = prepare(database, 'SELECT count(*) FROM schedules WHERE squad_id = ? AND +tenant = ?');
  const remove = prepare(database, 'DELETE FROM squads WHERE tenant = ? AND id = ?');

  const refuseNamesake = (tenant: string, name: string, id: string): void => {
    const row = namesake.first(tenant, name, id);
    if (row === undefined) return;
    throw new SquadraError(
      'NAME_TAKEN',
      `There is a squad named ${JSON.stringify(name)} already (${String(row[0])}).`,
      {
        details: { name, squadId: String(row[0]) },
      },
    );
  };
  const currentVersion = (tenant: string, id: string): number => {
    const row = versionOf.first(tenant, id);
    if (row === undefined) {
      throw new SquadraError('NOT_FOUND', `There is no squad ${id}; \`squadra squads\` shows those there are.`);
    }
    return Number(row[0]);
  };
  const refuseStale = (tenant: string, id: string, expectedVersion: number | null): void => {
    const current = currentVersion(tenant, id);
    if (expectedVersion === null || expectedVersion === current) return;
    const message = `Squad ${id} is at version ${current}, not ${expectedVersion}; read it again and apply the change to that.`;
    throw new SquadraError('STALE_VERSION', message, { details: { expectedVersion, currentVersion: current } });
  };

  return {
    createSquad: ([tenant, id, name, version, body, userId]) => {
      refuseNamesake(tenant, name, id);
      insert.run(tenant, id, name, version, body, userId);
      keep.run(tenant, id, version, body);
    },
    replaceSquad: ([tenant, id, name, version, body]) => {
      refuseStale(tenant, id, version - 1);
      refuseNamesake(tenant, name, id);
      update.run(name, version, body, tenant, id);
      keep.run(tenant, id, version, body);
    },
    removeSquad: ({ tenant, id, version }) => {
      refuseStale(tenant, id, version);
      const open = Number(openOf.first(id, tenant)?.[0]);
      const convoys = Number(convoysOf.first(tenant, id)?.[0]);
      if (convoys > 0)
        throw new SquadraError(
          'OPEN_EXECUTIONS',
          `Squad ${id} has ${convoys} running convoy${convoys === 1 ? '' : 's'}.`,
          {
            details: { open, convoys },
          },
        );
      if (open > 0) {
        throw new SquadraError('OPEN_EXECUTIONS', `Squad ${id} has ${open} open execution${open === 1 ? '' : 's'}.`, {
          details: { open },
        });
      }
      const schedules = Number(schedulesOf.first(id, tenant)?.[0]);
      if (schedules > 0)
        throw new SquadraError(
          'SQUAD_SCHEDULED',
          `Squad ${id} has ${schedules} schedule${schedules === 1 ? '' : 's'} that would begin work of it.`,
          { details: { schedules } },
        );
      remove.run(tenant, id);
      removeBudgets(tenant, 'squad', id);
    },
  };
}
