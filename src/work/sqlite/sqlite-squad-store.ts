import type { Squad } from '../../squads/squad.ts';
import type { SquadPage, SquadStore } from '../../squads/squad-store.ts';
import type { SquadArguments } from './operations/squads.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { Row } from './statements.ts';
import type { Writer } from './writer.ts';

/** The reading half, which a process that does not own the state has too. */
export type SquadReports = Pick<SquadStore, 'find' | 'atVersion' | 'list'>;

export class SqliteSquadReports implements SquadReports {
  readonly #readers: ReaderPool;

  constructor(readers: ReaderPool) {
    this.#readers = readers;
  }

  async find(tenant: string, idOrName: string): Promise<Squad | null> {
    return squadOf(await this.#readers.run('squad', { tenant, idOrName }));
  }

  async atVersion(tenant: string, id: string, version: number): Promise<Squad | null> {
    return squadOf(await this.#readers.run('squadVersion', { tenant, id, version }));
  }

  async list(tenant: string, page: SquadPage): Promise<readonly Squad[]> {
    const rows = await this.#readers.run('squads', { tenant, ...page });
    return rows.flatMap((row) => squadOf(row) ?? []);
  }
}

/** Squads on one SQLite file. */
export class SqliteSquadStore extends SqliteSquadReports implements SquadStore {
  readonly #writer: Writer;

  constructor(writer: Writer, readers: ReaderPool) {
    super(readers);
    this.#writer = writer;
  }

  create(tenant: string, squad: Squad): Promise<void> {
    return this.#writer.run('createSquad', squadArguments(tenant, squad));
  }

  replace(tenant: string, squad: Squad): Promise<void> {
    return this.#writer.run('replaceSquad', squadArguments(tenant, squad));
  }

  remove(tenant: string, id: string, version?: number): Promise<void> {
    return this.#writer.run('removeSquad', { tenant, id, version: version ?? null });
  }
}

function squadArguments(tenant: string, squad: Squad): SquadArguments {
  return [tenant, squad.id, squad.name, squad.version, JSON.stringify(squad), squad.userId];
}

const noUser = { userId: null };

function squadOf(row: Row | undefined): Squad | null {
  // Only `squadArguments` writes bodies; the first version of the file knew no users.
  return row === undefined ? null : { ...noUser, ...(JSON.parse(String(row[0])) as Squad) };
}
