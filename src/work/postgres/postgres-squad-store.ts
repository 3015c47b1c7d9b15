import { SquadraError } from '../../kernel/errors.ts';
import type { SquadPage, SquadStore } from '../../squads/squad-store.ts';
import type { Squad } from '../../squads/squad.ts';
import type { Row } from '../rows/row.ts';
import type { Database } from './database.ts';
import { createSquad, removeSquad, replaceSquad } from './operations/squads.ts';
import { isTaken } from './postgres-failure.ts';
import { Conditions } from './queries/conditions.ts';

/** Squads of a fleet. */
export class PostgresSquadStore implements SquadStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(tenant: string, idOrName: string): Promise<Squad | null> {
    // An id before a name that looks like one.
    const sql = 'SELECT body FROM squads WHERE tenant = $1 AND (id = $2 OR name = $2) ORDER BY id = $2 DESC LIMIT 1';
    return squadOf(await this.#database.first(sql, tenant, idOrName));
  }

  async atVersion(tenant: string, id: string, version: number): Promise<Squad | null> {
    const sql = 'SELECT body FROM squad_versions WHERE tenant = $1 AND squad_id = $2 AND version = $3';
    return squadOf(await this.#database.first(sql, tenant, id, version));
  }

  async list(tenant: string, { limit, before, userId }: SquadPage): Promise<readonly Squad[]> {
    const where = new Conditions().add('tenant = ?', tenant).add('user_id = ?', userId).add('id < ?', before);
    const last = where.bind(limit);
    const sql = `SELECT body FROM squads WHERE ${String(where)} ORDER BY id DESC LIMIT ${last}`;
    return (await this.#database.all(sql, ...where.values)).flatMap((row) => squadOf(row) ?? []);
  }

  create(tenant: string, squad: Squad): Promise<void> {
    return this.#database.transaction((statements) => createSquad(statements, tenant, squad));
  }

  async replace(tenant: string, squad: Squad): Promise<void> {
    const replace = (): Promise<void> =>
      this.#database.transaction((statements) => replaceSquad(statements, tenant, squad));
    try {
      await replace();
    } catch (error) {
      // Another one took the name at the same moment; now it can be seen whose it is.
      if (!(error instanceof SquadraError && isTaken(error.cause, 'squads_name'))) throw error;
      await replace();
    }
  }

  remove(tenant: string, id: string, version?: number): Promise<void> {
    return this.#database.transaction((statements) => removeSquad(statements, tenant, id, version ?? null));
  }
}

const noUser = { userId: null };

function squadOf(row: Row | undefined): Squad | null {
  // Only squads are written; those that were moved from a file may be from before there were users.
  return row === undefined ? null : { ...noUser, ...(JSON.parse(String(row[0])) as Squad) };
}
