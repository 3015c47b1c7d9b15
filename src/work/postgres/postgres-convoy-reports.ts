import type { ConvoyItem, CountedConvoy } from '../convoy.ts';
import type { ConvoyFilter, ConvoyReports, OpenConvoy } from '../convoy-store.ts';
import type { ExecutionStatus } from '../execution.ts';
import { text } from '../rows/columns.ts';
import { convoyItemOf, convoyOf, withCounts } from '../rows/convoy-row.ts';
import type { Row } from '../rows/row.ts';
import { usageAt } from '../rows/usage-columns.ts';
import { noUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';
import type { Database } from './database.ts';
import { textOf } from './operations/convoy-start.ts';
import { listConvoys } from './queries/convoy-list.ts';
import { convoyItems, convoyOutputs, convoyUsage, countItems, findConvoy, openConvoys } from './queries/convoys.ts';

/** Convoys of a fleet, for whoever looks. */
export class PostgresConvoyReports implements ConvoyReports {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(tenant: string, id: string): Promise<CountedConvoy | null> {
    return (await this.#counted(tenant, await findConvoy(this.#database, tenant, id)))[0] ?? null;
  }

  async list(tenant: string, filter: ConvoyFilter): Promise<readonly CountedConvoy[]> {
    return this.#counted(tenant, await listConvoys(this.#database, tenant, filter));
  }

  async items(tenant: string, id: string): Promise<readonly ConvoyItem[]> {
    return (await convoyItems(this.#database, tenant, id)).map(convoyItemOf);
  }

  async usage(tenant: string, id: string): Promise<Usage> {
    const row = await convoyUsage(this.#database, tenant, id);
    return row === undefined ? noUsage : usageAt(row, 0);
  }

  async results(tenant: string, id: string): Promise<ReadonlyMap<string, string>> {
    const rows = await convoyOutputs(this.#database, tenant, id);
    return new Map(rows.map(([key, output]) => [text(key), textOf(output) ?? '']));
  }

  async open(): Promise<readonly OpenConvoy[]> {
    return (await openConvoys(this.#database)).map(openConvoyOf);
  }

  async #counted(tenant: string, rows: readonly Row[]): Promise<CountedConvoy[]> {
    const convoys = rows.map(convoyOf);
    const ids = convoys.map(({ id }) => id);
    return withCounts(convoys, await countItems(this.#database, tenant, ids));
  }
}

export function openConvoyOf([tenant, parentStatus, ...row]: Row): OpenConvoy {
  return {
    tenant: text(tenant),
    convoy: convoyOf(row),
    parentStatus: parentStatus === null ? null : (parentStatus as ExecutionStatus),
  };
}
