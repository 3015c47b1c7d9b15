import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Fleet } from '../../../scripts/fleet/fleet.ts';
import type { Parts } from './measured-parts.ts';

export interface RunningFleetOptions {
  readonly folder: string;
  /** Processes that answer; two where nothing is said. */
  readonly apis?: number;
  readonly workers: number;
  /** Of bench/workload: the files whose workflows it knows. */
  readonly workflows: readonly string[];
  /** Further lines of its `squadra.yaml`. */
  readonly yaml?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly hasRedis?: boolean;
}

/** What PostgreSQL has done so far, and how many executions there are. */
export interface DatabaseReading {
  readonly transactions: number;
  readonly statements: number;
  /** Statements that store submissions, and those that store steps. */
  readonly submissions: number;
  readonly commits: number;
}

const lookEveryMs = 50;
/** Without an end of anything for so long, nothing more will come. */
const stalledMs = 30_000;

/** A fleet that is measured: its processes, PgBouncer, PostgreSQL that syncs, one node of Restate, and nginx before them. */
export class RunningFleet implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly #client: pg.Client;

  private constructor(fleet: Fleet, client: pg.Client) {
    this.fleet = fleet;
    this.#client = client;
  }

  static async start({
    folder,
    apis = 2,
    workers,
    workflows,
    yaml = '',
    environment = {},
    hasRedis = false,
  }: RunningFleetOptions) {
    mkdirSync(folder, { recursive: true });
    const files = workflows.map((name) => fileURLToPath(new URL(`../../workload/${name}.ts`, import.meta.url)));
    // Its processes read it where they are started.
    writeFileSync(join(folder, 'squadra.yaml'), `workflows: ${JSON.stringify(files)}\n${yaml}`);
    const fleet = await Fleet.start({
      folder,
      apis,
      workers,
      hasRedis,
      postgresSettings: { shared_preload_libraries: 'pg_stat_statements' },
      environment: { SQUADRA_LOG_LEVEL: 'error', ...environment },
    });
    // Past the pooler: what is measured goes through it, who measures does not.
    const client = new pg.Client({ connectionString: fleet.postgres.url() });
    client.on('error', () => {});
    await client.connect();
    await client.query('CREATE EXTENSION pg_stat_statements');
    return new RunningFleet(fleet, client);
  }

  get port(): number {
    return Number(new URL(this.fleet.url).port);
  }

  get parts(): Parts {
    const { apis, workers, postgres, pooler, restate, nginx } = this.fleet;
    return {
      api: apis.map(({ pid }) => pid),
      workers: workers.map(({ pid }) => pid),
      PostgreSQL: [postgres.pid],
      PgBouncer: pooler === null ? [] : [pooler.pid],
      Restate: restate.nodes.map(({ pid }) => pid),
      nginx: [nginx.pid],
    };
  }

  async completed(): Promise<number> {
    return await this.#number("SELECT count(*) FROM executions WHERE status = 'completed'");
  }

  /** Resolves when nothing is open; throws when nothing goes on, or something has not been completed. */
  async idle(): Promise<void> {
    let [last, changedAt] = [-1, performance.now()];
    for (;;) {
      // What waits in the outbox is found at once; to count all that is open would take part of what is measured.
      if (
        (await this.#number('SELECT count(*) FROM (SELECT FROM outbox WHERE handed_at IS NULL LIMIT 1) AS waiting')) > 0
      ) {
        await pause(lookEveryMs);
        continue;
      }
      const open = await this.#number(
        "SELECT count(*) FROM executions WHERE status IN ('queued', 'running', 'waiting')",
      );
      if (open === 0) break;
      if (open !== last) [last, changedAt] = [open, performance.now()];
      else if (performance.now() - changedAt > stalledMs) throw new Error(`${open} executions do not go on.`);
      await pause(lookEveryMs);
    }
    const lost = await this.#number("SELECT count(*) FROM executions WHERE status <> 'completed'");
    if (lost > 0) throw new Error(`${lost} executions were not completed.`);
  }

  /**
   * Has PostgreSQL use its files of the log again, as one does that has run for as long as `checkpoint_timeout`. Before its first
   * checkpoint it makes each of them anew, and all commits wait for that.
   */
  async checkpoint(): Promise<void> {
    await this.#client.query('CHECKPOINT');
  }

  async reading(): Promise<DatabaseReading> {
    const { rows } = await this.#client.query<Record<keyof DatabaseReading, string>>(
      `SELECT (SELECT sum(xact_commit) FROM pg_stat_database) AS transactions, sum(calls) AS statements,
        coalesce(sum(calls) FILTER (WHERE query LIKE '%INSERT INTO executions%'), 0) AS submissions,
        coalesce(sum(calls) FILTER (WHERE query LIKE '%UPDATE executions e SET commits%'), 0) AS commits
        FROM pg_stat_statements WHERE query NOT IN ('BEGIN', 'COMMIT', 'ROLLBACK')`,
    );
    const [row] = rows;
    const of = (name: keyof DatabaseReading): number => Number(row?.[name]);
    return {
      transactions: of('transactions'),
      statements: of('statements'),
      submissions: of('submissions'),
      commits: of('commits'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
    await this.fleet[Symbol.asyncDispose]();
  }

  async #number(sql: string): Promise<number> {
    const { rows } = await this.#client.query<[string]>({ text: sql, rowMode: 'array' });
    return Number(rows[0]?.[0]);
  }
}
