import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { giveToNobody, ServerProcess } from './server-process.ts';

/** One address before several servers; one of each kind at most. */
export interface NginxUpstream {
  readonly port: number;
  /** What the servers speak: `grpc` is HTTP/2 without TLS, as Restate does to workers. */
  readonly speaks: 'http' | 'grpc';
  /** Ports of loopback. */
  readonly servers: readonly number[];
}

const binary = '/usr/sbin/nginx';

/** An nginx of its own, configured as shipped (deploy/nginx), that spreads requests over processes of a fleet. */
export class NginxServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #process: ServerProcess;
  #upstreams: readonly NginxUpstream[];

  private constructor(folder: string, upstreams: readonly NginxUpstream[]) {
    this.#folder = folder;
    this.#upstreams = upstreams;
    this.#process = new ServerProcess('nginx', {
      command: binary,
      args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log'), '-g', 'daemon off;'],
      cwd: folder,
    });
  }

  static async start(folder: string, upstreams: readonly NginxUpstream[]): Promise<NginxServer> {
    mkdirSync(folder, { recursive: true });
    giveToNobody(folder);
    const server = new NginxServer(folder, upstreams);
    server.#write();
    server.#process.start();
    await server.#process.ready(() => server.#answers());
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Takes servers in and out without closing a connection. */
  reload(upstreams: readonly NginxUpstream[]): void {
    this.#upstreams = upstreams;
    this.#write();
    process.kill(this.pid, 'SIGHUP');
  }

  /** SIGQUIT lets it finish what it has begun; SIGKILL is a crash. */
  async end(signal: 'SIGQUIT' | 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #write(): void {
    copyFileSync(join(shipped, 'nginx.conf'), join(this.#folder, 'nginx.conf'));
    // As nobody signs in here, requests have to look like those of programs on this machine, which they are.
    writeFileSync(join(this.#folder, 'forwarded.conf'), '');
    for (const [name, text] of this.#upstreams.flatMap(siteFiles)) writeFileSync(join(this.#folder, name), `${text}\n`);
  }

  async #answers(): Promise<boolean> {
    const answers = this.#upstreams.map(
      ({ port }) =>
        new Promise<boolean>((resolve) => {
          const socket = connect(port, '127.0.0.1');
          socket.once('connect', () => (socket.destroy(), resolve(true)));
          socket.once('error', () => resolve(false));
        }),
    );
    return (await Promise.all(answers)).every(Boolean);
  }
}

/** What is shipped, but for where it listens and whom it knows; beside it, what is other on this machine. */
const shipped = fileURLToPath(new URL('../../deploy/nginx/', import.meta.url));
const sites = { http: 'api', grpc: 'workers' } as const;

function siteFiles({ port, speaks, servers }: NginxUpstream): readonly (readonly [name: string, text: string])[] {
  const site = sites[speaks];
  const lines = servers.map((one) => `server 127.0.0.1:${one} max_fails=1 fail_timeout=1s;`);
  return [
    [`${site}.site.conf`, readFileSync(join(shipped, `${site}.site.conf`), 'utf8')],
    [`${site}.listen.conf`, `listen 127.0.0.1:${port}${speaks === 'grpc' ? ' http2' : ''};`],
    [`${site}.servers.conf`, lines.join('\n')],
  ];
}
