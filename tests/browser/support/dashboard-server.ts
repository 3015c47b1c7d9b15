import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openAssembly } from '../../../src/compose.ts';
import type { Surroundings } from '../../../src/compose.ts';
import { readSettings } from '../../../src/config/settings.ts';
import { Readiness } from '../../../src/http/readiness.ts';
import type { HttpServer } from '../../../src/http/server.ts';
import { startServer } from '../../../src/http/server.ts';
import type { Assembly } from '../../../src/orchestrator/assembly-parts.ts';
import type { SquadraOptions } from '../../../src/orchestrator/squadra-options.ts';
import { ask } from '../../support/http-server.ts';
import type { Answer, AskOptions } from '../../support/http-server.ts';
import { temporaryFolder } from '../../work/sqlite/open-state.ts';

/** Row by name of column. */
export type Row = Readonly<Record<string, unknown>>;

/** As for `openSquadra`, and what stands around it, such as another clock. */
export interface ServerOptions extends SquadraOptions {
  readonly surroundings?: Partial<Surroundings>;
}

interface Running {
  readonly assembly: Assembly;
  readonly server: HttpServer;
}

/** A server with the dashboard, on a free port over a state folder; it can be stopped and started again under the same address. */
export class DashboardServer implements AsyncDisposable {
  readonly stateDir: string;
  readonly #options: ServerOptions;
  #running: Running;
  #isRunning = true;

  private constructor(stateDir: string, options: ServerOptions, running: Running) {
    this.stateDir = stateDir;
    this.#options = options;
    this.#running = running;
  }

  /** On an empty folder, or on the one that `stateDir` names. It is removed with the server either way. */
  static async open(options: ServerOptions = {}): Promise<DashboardServer> {
    const stateDir = options.stateDir ?? (await temporaryFolder()).path;
    return new DashboardServer(stateDir, options, await start(stateDir, options, 0));
  }

  get url(): string {
    return this.#running.server.url;
  }

  get assembly(): Assembly {
    return this.#running.assembly;
  }

  /** Sends a request without a browser; `path` begins below `/api/v1`. */
  ask(path: string, options: AskOptions = {}): Promise<Answer> {
    return ask(this.url, path, options);
  }

  /** Sends a request that has to be taken; the body of the answer. */
  async send<T>(path: string, options: AskOptions = {}): Promise<T> {
    const { status, body, text } = await this.ask(path, options);
    if (status >= 300) throw new Error(`${path} was answered ${status}: ${text}`);
    return body as T;
  }

  /** Rows of the state file, read beside the server by a connection of its own. */
  rows(sql: string, ...values: (string | number)[]): readonly Row[] {
    const database = new DatabaseSync(join(this.stateDir, 'squadra.db'), { readOnly: true });
    try {
      return database.prepare(sql).all(...values);
    } finally {
      database.close();
    }
  }

  /** The only column of the only row. */
  number(sql: string, ...values: (string | number)[]): number {
    const [row] = this.rows(sql, ...values);
    return Number(Object.values(row ?? {})[0]);
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#running.server.close();
    await this.#running.assembly.squadra[Symbol.asyncDispose]();
  }

  /** Starts it where it was. */
  async startAgain(): Promise<void> {
    this.#running = await start(this.stateDir, this.#options, Number(new URL(this.url).port));
    this.#isRunning = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning) await this.stop();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

async function start(stateDir: string, { surroundings, ...options }: ServerOptions, port: number): Promise<Running> {
  const assembly = await openAssembly(
    // A machine that is busy with a browser is late for reasons of its own.
    { ...options, stateDir, settings: { maxLoopDelay: 0, maxSubmissionWait: 0, ...options.settings } },
    { offlinePaceMs: 0, readSettings: (overrides) => readSettings({}, overrides), ...surroundings },
  );
  const server = await startServer({ ...assembly, readiness: new Readiness() }, { host: '127.0.0.1', port });
  return { assembly, server };
}
