import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';

export interface NatsServerOptions {
  readonly folder: string;
  readonly port?: number;
  /** Who may connect; everybody where it is left out. */
  readonly token?: string;
  /** Bytes of one message at most. */
  readonly maxPayload?: number;
}

/** Where packages put it that is not on everybody's path. */
const places = ['/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/opt/homebrew/bin/nats-server'];

/** Whether there is one on this machine. */
export const hasNats = places.some((path) => existsSync(path));

/** A NATS without JetStream on a free port of loopback. */
export class NatsServer implements AsyncDisposable {
  readonly port: number;
  readonly #token: string | undefined;
  readonly #process: ServerProcess;

  private constructor(port: number, token: string | undefined, process: ServerProcess) {
    this.port = port;
    this.#token = token;
    this.#process = process;
  }

  static async start({ folder, token, maxPayload, ...options }: NatsServerOptions): Promise<NatsServer> {
    const port = options.port ?? (await freePort());
    mkdirSync(folder, { recursive: true });
    const configuration = join(folder, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${port}"`,
      ...(token === undefined ? [] : [`authorization: { token: ${JSON.stringify(token)} }`]),
      ...(maxPayload === undefined ? [] : [`max_payload: ${maxPayload}`]),
    ];
    writeFileSync(configuration, lines.join('\n'), { mode: 0o600 });
    const process = new ServerProcess('nats', {
      command: places.find((path) => existsSync(path)) ?? 'nats-server',
      args: ['--config', configuration],
      cwd: folder,
    });
    const server = new NatsServer(port, token, process);
    await server.resume();
    return server;
  }

  get url(): string {
    return `nats://${this.#token === undefined ? '' : `${this.#token}@`}127.0.0.1:${this.port}`;
  }

  /** Starts it again after it was ended. */
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

  /** It greets whoever connects. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('data', () => (resolve(true), socket.destroy()));
      socket.once('error', () => resolve(false));
    });
  }
}
