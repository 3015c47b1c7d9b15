import type { StateProbe } from '../state-probe.ts';
import type { Database } from './database.ts';

/** Writes a row as it is: a database that is away, full, or a standby refuses that. */
export class PostgresStateProbe implements StateProbe {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async write(): Promise<void> {
    await this.#database.run('UPDATE squadra_schema SET made_at = made_at WHERE version = 1');
  }
}
