import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestateServer } from '../../../scripts/fleet/restate-server.ts';
import type { Advance } from '../../../src/engines/engine.ts';
import { advanceObject, advanceTimeouts } from '../../../src/engines/restate/advance-object.ts';
import type { AdvanceTimeouts } from '../../../src/engines/restate/advance-object.ts';
import { objectName } from '../../../src/engines/restate/order.ts';
import { registerWorkers } from '../../../src/engines/restate/registration.ts';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import { RestateIngress } from '../../../src/engines/restate/restate-ingress.ts';
import { WorkerEndpoint } from '../../../src/engines/restate/worker-endpoint.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { Advanced } from '../../../src/workflows/run-services.ts';
import { OneAddress } from './one-address.ts';

export const lost: Advanced = { kind: 'lost' };
const hour = 3_600_000;
const limits = { maxSliceMs: hour, longestStepMs: 2 * hour };

/** Begins that a test waits for. */
export class Begins {
  readonly all: { readonly id: string; readonly at: number; readonly worker: string }[] = [];
  #onBegin: (() => void)[] = [];

  add(worker: string, id: string): void {
    this.all.push({ id, at: Date.now(), worker });
    for (const tell of this.#onBegin.splice(0)) tell();
  }

  of(id: string): Begins['all'] {
    return this.all.filter((one) => one.id === id);
  }

  async until(id: string, count: number): Promise<void> {
    while (this.of(id).length < count) await new Promise<void>((resolve) => this.#onBegin.push(resolve));
  }
}

export interface Worker {
  readonly engine: RestateEngine;
  readonly endpoint: WorkerEndpoint;
}

export interface WorkerOptions {
  readonly name?: string;
  readonly epoch?: () => number;
  readonly keys?: readonly string[];
}

/** A Restate, and one address behind which tests put their workers. */
export class RestateRig implements AsyncDisposable {
  readonly folder: string;
  readonly server: RestateServer;
  readonly address: OneAddress;
  readonly #ingress: RestateIngress;

  private constructor(folder: string, server: RestateServer, address: OneAddress) {
    this.folder = folder;
    this.server = server;
    this.address = address;
    this.#ingress = new RestateIngress({ restateIngressUrl: server.ingressUrls });
  }

  static async open(): Promise<RestateRig> {
    const folder = mkdtempSync(join(tmpdir(), 'squadra-restate-'));
    const rig = new RestateRig(folder, await RestateServer.start({ folder }), await OneAddress.open());
    const worker = await rig.worker(new Begins(), async () => lost);
    await rig.with([worker], async () => void (await rig.register(rig.address.url)));
    return rig;
  }

  /** A worker of this process. */
  async worker(begins: Begins, advance: Advance, options: WorkerOptions = {}): Promise<Worker> {
    const { name = 'worker', epoch = () => 1, keys = [] } = options;
    const engine = new RestateEngine(
      { maxConcurrentExecutions: 10 },
      {
        clock: systemClock,
        onRunnable: () => {},
        queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
        look: () => Promise.resolve({ epoch: epoch(), status: 'waiting', wakeAt: null }),
        order: (order, delayMs) => this.#ingress.order(order, delayMs),
      },
    );
    engine.serve((runnable, begun) => {
      begins.add(name, runnable.id);
      return advance(runnable, begun);
    });
    const object = advanceObject(limits, (order) => engine.perform(order));
    const settings = { workerHost: '127.0.0.1', workerPort: 0, restateIdentityKeys: keys };
    const endpoint = await WorkerEndpoint.listen(settings, { object, onProblem: () => {} });
    engine.receiveFrom(endpoint);
    return { engine, endpoint };
  }

  /** Runs a test with workers behind the address, which is theirs alone as long as it runs. */
  async with(workers: readonly Worker[], test: () => Promise<void>): Promise<void> {
    this.address.ports.splice(0, this.address.ports.length, ...workers.map(({ endpoint }) => endpoint.port));
    try {
      await test();
    } finally {
      this.address.ports.length = 0;
      // What it has in hand is answered: Restate would bring it to the workers of the next test.
      for (const { engine } of workers) await engine.drain();
    }
  }

  /** Registers workers, in two attempts at most; resolves with what was wrong. */
  async register(
    workerUrl: string,
    restate = this.server,
    timeouts: AdvanceTimeouts = advanceTimeouts(limits),
  ): Promise<string[]> {
    const problems: string[] = [];
    const settings = { restateAdminUrl: restate.adminUrls, workerUrl, timeouts };
    const ending = new AbortController();
    await registerWorkers(settings, systemClock, ending.signal, (problem) => {
      problems.push(problem);
      if (problems.length >= 2) ending.abort();
    });
    return problems;
  }

  async hand(id: string, key = id, urls: readonly string[] = this.server.ingressUrls): Promise<void> {
    using ingress = new RestateIngress({ restateIngressUrl: urls });
    await ingress.hand({ tenant: 't', id, priority: 0, key });
  }

  /** How long Restate lets a run of theirs take, as it spells it. */
  async timeouts(): Promise<readonly unknown[]> {
    const answer = await fetch(`${this.server.adminUrls[0]}/services/${objectName}`);
    const service = (await answer.json()) as { inactivity_timeout: unknown; abort_timeout: unknown };
    return [service.inactivity_timeout, service.abort_timeout];
  }

  /** What Restate knows of workers. */
  async deployments(): Promise<unknown[]> {
    const answer = await fetch(`${this.server.adminUrls[0]}/deployments`);
    return ((await answer.json()) as { deployments: { id: string }[] }).deployments.map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ingress[Symbol.dispose]();
    await this.address[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
