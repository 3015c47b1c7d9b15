import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { NatsServer } from './nats-server.ts';
import { RedisServer } from './redis-server.ts';
import { NginxServer } from './nginx-server.ts';
import type { NginxUpstream } from './nginx-server.ts';
import { PgBouncerServer } from './pgbouncer-server.ts';
import { PostgresServer } from './postgres-server.ts';
import { RestateServer } from './restate-server.ts';
import { ServeProcess } from './serve-process.ts';

export interface FleetOptions {
  /** Where everything of it lies; made if it is missing. */
  readonly folder: string;
  readonly apis: number;
  readonly workers: number;
  /** Three make a cluster that keeps everything twice. */
  readonly restateNodes?: 1 | 3;
  /** Whether a PgBouncer in transaction mode stands before PostgreSQL, and how many connections it has to it. */
  readonly poolSize?: number | null;
  /** Whether live events go over a NATS. */
  readonly hasNats?: boolean;
  /** Whether what is read is kept in a Redis for all. */
  readonly hasRedis?: boolean;
  /** False trades safety for speed: for tests that kill no database. */
  readonly isDurable?: boolean;
  /** Settings of PostgreSQL. */
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Settings of all processes. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A whole fleet on this machine, on free ports of loopback. */
export class Fleet implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly pooler: PgBouncerServer | null;
  readonly nats: NatsServer | null;
  readonly redis: RedisServer | null;
  readonly restate: RestateServer;
  readonly nginx: NginxServer;
  readonly apis: ServeProcess[] = [];
  readonly workers: ServeProcess[] = [];
  readonly #options: FleetOptions;
  readonly #ports: { readonly http: number; readonly grpc: number };
  readonly #workerPorts: number[] = [];

  private constructor(
    options: FleetOptions,
    servers: Pick<Fleet, 'postgres' | 'pooler' | 'nats' | 'redis' | 'restate' | 'nginx'>,
    ports: Ports,
  ) {
    this.#options = options;
    this.postgres = servers.postgres;
    this.pooler = servers.pooler;
    this.nats = servers.nats;
    this.redis = servers.redis;
    this.restate = servers.restate;
    this.nginx = servers.nginx;
    this.#ports = ports;
  }

  /** Resolves when every part is ready; when one does not start, none is left. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const { folder, apis, workers, restateNodes = 1, poolSize = 20, isDurable = true } = options;
    const settings = options.postgresSettings ?? {};
    mkdirSync(folder, { recursive: true });
    // The database and its pooler run as somebody else, who has to come by.
    chmodSync(folder, 0o755);
    const started = new AsyncDisposableStack();
    try {
      const postgres = started.use(
        await PostgresServer.start({ folder: join(folder, 'postgres'), isDurable, settings }),
      );
      const pooler =
        poolSize === null
          ? null
          : started.use(
              await PgBouncerServer.start({ folder: join(folder, 'pgbouncer'), postgresUrl: postgres.url(), poolSize }),
            );
      const nats =
        options.hasNats === true ? started.use(await NatsServer.start({ folder: join(folder, 'nats') })) : null;
      const redis =
        options.hasRedis === true ? started.use(await RedisServer.start({ folder: join(folder, 'redis') })) : null;
      const restate = started.use(await RestateServer.start({ folder: join(folder, 'restate'), nodes: restateNodes }));
      const ports = { http: await freePort(), grpc: await freePort() };
      const none: NginxUpstream[] = upstreams(ports, [await freePort()], [await freePort()]);
      const nginx = started.use(await NginxServer.start(join(folder, 'nginx'), none));
      const fleet = new Fleet(options, { postgres, pooler, nats, redis, restate, nginx }, ports);
      started.defer(() => fleet.#endProcesses());
      await fleet.#addAll('worker', workers);
      await fleet.#addAll('api', apis);
      started.move();
      return fleet;
    } catch (error) {
      await started.disposeAsync();
      throw error;
    }
  }

  /** Before the api processes. */
  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  /** Of the database, through the pooler where there is one. */
  get databaseUrl(): string {
    return (this.pooler ?? this.postgres).url();
  }

  /** What a process needs to know to be a part of it. */
  get environment(): Readonly<Record<string, string>> {
    return {
      SQUADRA_ENGINE: 'restate',
      DATABASE_URL: this.databaseUrl,
      ...(this.nats === null ? {} : { NATS_URL: this.nats.url }),
      ...(this.redis === null ? {} : { REDIS_URL: this.redis.url }),
      RESTATE_INGRESS_URL: this.restate.ingressUrls.join(','),
      RESTATE_ADMIN_URL: this.restate.adminUrls.join(','),
      SQUADRA_WORKER_URL: `http://127.0.0.1:${this.#ports.grpc}`,
      SQUADRA_STATE_DIR: join(this.#options.folder, 'state'),
      ...this.#options.environment,
    };
  }

  addApi(): Promise<void> {
    return this.#addAll('api', 1);
  }

  addWorker(): Promise<void> {
    return this.#addAll('worker', 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endProcesses();
    await this.nginx[Symbol.asyncDispose]();
    await this.restate.end('SIGKILL');
    await this.redis?.[Symbol.asyncDispose]();
    await this.nats?.[Symbol.asyncDispose]();
    await this.pooler?.[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
  }

  async #addAll(role: 'api' | 'worker', count: number): Promise<void> {
    const { folder } = this.#options;
    const added: ServeProcess[] = [];
    for (let each = 0; each < count; each++) {
      const workerPort = await freePort();
      const environment = {
        ...this.environment,
        ...(role === 'worker' ? { SQUADRA_WORKER_PORT: String(workerPort) } : {}),
      };
      const process = new ServeProcess({ role, port: await freePort(), folder, environment });
      if (role === 'worker') this.#workerPorts.push(workerPort);
      (role === 'worker' ? this.workers : this.apis).push(process);
      added.push(process);
    }
    // Before they start: a worker tells Restate of the address at which the proxy has to know it.
    const apiPorts = this.apis.map(({ port }) => port);
    this.nginx.reload(upstreams(this.#ports, apiPorts, this.#workerPorts));
    await Promise.all(added.map((process) => process.resume()));
  }

  async #endProcesses(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].map((process) => process.end('SIGTERM')));
  }
}

interface Ports {
  readonly http: number;
  readonly grpc: number;
}

/** An address with nobody behind it stands on a port where nobody listens. */
function upstreams({ http, grpc }: Ports, apis: readonly number[], workers: readonly number[]): NginxUpstream[] {
  const nobody = [1];
  return [
    { port: http, speaks: 'http', servers: apis.length === 0 ? nobody : apis },
    { port: grpc, speaks: 'grpc', servers: workers.length === 0 ? nobody : workers },
  ];
}
