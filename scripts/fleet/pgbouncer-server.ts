import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { giveToNobody, ServerProcess } from './server-process.ts';

export interface PgBouncerOptions {
  /** Where its configuration goes; made if it is missing. */
  readonly folder: string;
  /** The server behind it; all databases of that server can be reached through it, for the user that this address names. */
  readonly postgresUrl: string;
  readonly port?: number;
  /** Connections to the server that it opens for each database at most. */
  readonly poolSize: number;
  /** Connections that it takes at most. */
  readonly maxClients?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Where packages put it that is not on everybody's path. */
const places = ['/usr/sbin/pgbouncer', '/usr/local/sbin/pgbouncer', '/opt/homebrew/bin/pgbouncer'];

/** A PgBouncer in transaction mode on a free port of loopback, configured as shipped (deploy/pgbouncer). */
export class PgBouncerServer implements AsyncDisposable {
  readonly port: number;
  readonly #postgresUrl: string;
  readonly #process: ServerProcess;

  private constructor(port: number, postgresUrl: string, process: ServerProcess) {
    this.port = port;
    this.#postgresUrl = postgresUrl;
    this.#process = process;
  }

  static async start(options: PgBouncerOptions): Promise<PgBouncerServer> {
    const { folder, postgresUrl } = options;
    const port = options.port ?? (await freePort());
    mkdirSync(folder, { recursive: true });
    const configuration = join(folder, 'pgbouncer.ini');
    copyFileSync(shipped, configuration);
    for (const [name, text] of Object.entries(includedFiles(options, port))) {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      giveToNobody(path);
    }
    giveToNobody(folder);
    giveToNobody(configuration);
    const process = new ServerProcess('pgbouncer', {
      command: places.find((path) => existsSync(path)) ?? 'pgbouncer',
      args: [configuration],
      asNobody: true,
      cwd: folder,
    });
    const server = new PgBouncerServer(port, postgresUrl, process);
    await server.resume();
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The address through it of a database of the server; the one that the server's address names unless another is given. */
  url(database?: string): string {
    const url = new URL(this.#postgresUrl);
    url.host = `127.0.0.1:${this.port}`;
    if (database !== undefined) url.pathname = `/${database}`;
    return url.href;
  }

  /** Rows of one of its `SHOW` commands. */
  async show(what: 'POOLS' | 'SERVERS' | 'CLIENTS' | 'STATS'): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new pg.Client({ connectionString: this.url('pgbouncer') });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(`SHOW ${what}`)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it again after it was ended. */
  async resume(): Promise<void> {
    this.#process.start();
    await this.#process.ready(() => this.#answers());
  }

  /** SIGTERM ends its connections at once, SIGINT when their transactions are over. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }
}

/** What is shipped; it reads the two files beside it. */
const shipped = fileURLToPath(new URL('../../deploy/pgbouncer/pgbouncer.ini', import.meta.url));

/** By the names that the shipped configuration knows them by: the server, and what is other on this machine. */
function includedFiles(
  { postgresUrl, poolSize, maxClients = 2_000, settings = {} }: PgBouncerOptions,
  port: number,
): Readonly<Record<string, string>> {
  const server = new URL(postgresUrl);
  const user = decodeURIComponent(server.username);
  const password = server.password === '' ? '' : ` password=${decodeURIComponent(server.password)}`;
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    // Whoever can reach its port of loopback may use it.
    auth_type: 'any',
    admin_users: user,
    stats_users: user,
    default_pool_size: String(poolSize),
    max_client_conn: String(maxClients),
    log_stats: '0',
    // Databases of tests come and go: their connections are not kept.
    server_idle_timeout: '20',
    ...settings,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}\n`);
  return {
    'databases.ini': `* = host=${server.hostname} port=${server.port === '' ? '5432' : server.port} user=${user}${password}\n`,
    'local.ini': text.join(''),
  };
}
