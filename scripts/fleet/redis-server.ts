import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';

export interface RedisServerOptions {
  readonly folder: string;
  /** Who may connect; everybody where it is left out. */
  readonly password?: string;
}

const places = ['/usr/bin/redis-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'];

/** Whether there is one on this machine. */
export const hasRedis = places.some((path) => existsSync(path));

/** A Redis that keeps nothing on the disk, on a free port of loopback. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #password: string | undefined;
  readonly #process: ServerProcess;

  private constructor(port: number, password: string | undefined, process: ServerProcess) {
    this.port = port;
    this.#password = password;
    this.#process = process;
  }

  static async start({ folder, password }: RedisServerOptions): Promise<RedisServer> {
    const port = await freePort();
    mkdirSync(folder, { recursive: true });
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const process = new ServerProcess('redis', {
      command: places.find((path) => existsSync(path)) ?? 'redis-server',
      args: password === undefined ? args : [...args, '--requirepass', password],
      cwd: folder,
    });
    const server = new RedisServer(port, password, process);
    await server.resume();
    return server;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get url(): string {
    return `redis://${this.#password === undefined ? '' : `:${this.#password}@`}127.0.0.1:${this.port}`;
  }

  /** Starts it again, empty, after it was ended. */
  async resume(): Promise<void> {
    this.#process.start();
    await this.#process.ready(() => this.#answers());
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  /** It says something to whoever asks, be it that a password is missing. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'));
      socket.once('data', () => (resolve(true), socket.destroy()));
      socket.once('error', () => resolve(false));
    });
  }
}
