import type { Load, LoadArgument, LoadOrder } from '../children/http-load.ts';
import type { Caller, ServerArgument, ServerMessage, ServerOrder, ServerReport } from '../children/http-server.ts';
import { Child } from '../measure/child.ts';
import { setTimeout as pause } from 'node:timers/promises';

/** A server in a process of its own. */
export class Served implements AsyncDisposable {
  readonly port: number;
  readonly callers: readonly Caller[];
  readonly #child: Child<ServerMessage>;

  private constructor(child: Child<ServerMessage>, port: number, callers: readonly Caller[]) {
    this.#child = child;
    this.port = port;
    this.callers = callers;
  }

  static async start(argument: ServerArgument): Promise<Served> {
    // For `node --cpu-prof` and the like, to find out where its time goes.
    const execArgv = (process.env['BENCH_SERVER_ARGV'] ?? '').split(' ').filter((word) => word !== '');
    const child = new Child<ServerMessage>('children/http-server', argument, execArgv);
    const { port, callers } = await child.next('listening');
    return new Served(child, port, callers);
  }

  report(): Promise<ServerReport> {
    this.#send({ kind: 'report' });
    return this.#child.next('report');
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<ServerReport> {
    for (;;) {
      const report = await this.report();
      if (report.unfinished === 0) return report;
      await pause(20);
    }
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    this.#send({ kind: 'stop' });
    await this.#child.exited();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill();
  }

  #send(order: ServerOrder): void {
    this.#child.send(order);
  }
}

/** A generator of requests in a process of its own. */
export class Generator implements AsyncDisposable {
  readonly #child: Child<Load>;

  constructor(argument: LoadArgument, { comesFirst = false } = {}) {
    this.#child = new Child<Load>('children/http-load', argument);
    if (comesFirst) this.#child.comeFirst();
  }

  /** Throws when it could not keep its schedule: then it measured itself. */
  async load(order: Exclude<LoadOrder, { kind: 'stop' }>, mostLagMs: number): Promise<Load> {
    this.#child.send(order);
    const load = await this.#child.next('load');
    if (load.lagP99Ms > mostLagMs)
      throw new Error(
        `The generator lagged: its p99 is ${load.lagP99Ms.toFixed(1)} ms behind the schedule, ${mostLagMs} ms are allowed. Is the machine busy?`,
      );
    return load;
  }

  async stop(): Promise<void> {
    this.#child.send({ kind: 'stop' });
    await this.#child.exited();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.kill();
  }
}
