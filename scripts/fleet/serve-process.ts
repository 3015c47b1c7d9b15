import { fileURLToPath } from 'node:url';
import { ServerProcess } from './server-process.ts';

export interface ServeOptions {
  readonly role: 'api' | 'worker';
  readonly port: number;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

const command = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A `squadra serve` of a fleet, in a process of its own, at the same port in each of its lives. */
export class ServeProcess {
  readonly role: ServeOptions['role'];
  readonly port: number;
  readonly #process: ServerProcess;

  constructor({ role, port, folder, environment }: ServeOptions) {
    this.role = role;
    this.port = port;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SQUADRA_')));
    this.#process = new ServerProcess(role, {
      command: process.execPath,
      args: [command, 'serve', '--role', role, '--quiet'],
      cwd: folder,
      env: { ...env, ...environment, SQUADRA_PORT: String(port) },
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What it wrote last. */
  get said(): string {
    return this.#process.said;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again; resolves when it is ready. */
  async resume(): Promise<void> {
    this.#process.start();
    await this.#process.ready(async () => {
      try {
        return (await fetch(`${this.url}/ready`)).ok;
      } catch {
        return false;
      }
    });
  }

  /** SIGTERM drains it; SIGKILL is a crash. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#process.end(signal);
  }
}
