import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestateServer } from '../../../scripts/fleet/restate-server.ts';
import { advanceObject, advanceTimeouts } from '../../../src/engines/restate/advance-object.ts';
import type { Order } from '../../../src/engines/ordered/order.ts';
import { registerWorkers } from '../../../src/engines/restate/registration.ts';
import { RestateEngine } from '../../../src/engines/restate/restate-engine.ts';
import { RestateIngress } from '../../../src/engines/restate/restate-ingress.ts';
import { WorkerEndpoint } from '../../../src/engines/restate/worker-endpoint.ts';
import type { Advance, Runnable } from '../../../src/engines/engine.ts';
import type { Clock } from '../../../src/kernel/clock.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { EngineFactory, EngineHost } from '../../support/assembly.ts';

/** One process of a play. */
interface Seat {
  readonly engine: RestateEngine;
  readonly host: EngineHost;
}

/** What the stage knows of the orders of one execution. */
interface Entry {
  /** Clocks tell plays apart: whoever is on the same one may carry an order out. */
  readonly world: Clock;
  /** Who sent the last order. */
  sender: Seat;
  /** Orders that Restate has and that did not come yet. */
  sent: number;
  /** Those of them that are no wakes. */
  plain: number;
  /** Epochs for which a wake was ordered. */
  readonly wakes: Set<number>;
  /** Whether the one that is carried out is a wake, which may turn out not to be needed. */
  isWake: boolean;
  /** Where its order is. `interrupted`: its process died, and Restate brings it again. */
  state: 'idle' | 'unseated' | 'starting' | 'in line' | 'begun' | 'interrupted';
  seat: Seat | null;
  /** Lets the test go on, while it waits for something of this execution. */
  release: (() => void) | null;
}

/**
 * A real Restate for plays on a clock of their own: one endpoint in the process of the test that takes each order to a process of its
 * play which is alive. Restate keeps the orders; delays are kept on the clock of the play, and orders are sent when it reaches them.
 */
export class RestateStage {
  readonly #seats: Seat[] = [];
  readonly #entries = new Map<string, Entry>();
  #onSeat: (() => void)[] = [];
  #server: RestateServer | null = null;
  #endpoint: WorkerEndpoint | null = null;
  #folder = '';
  readonly #posts = new Set<Promise<void>>();
  #turn = 0;
  /** One for each node, which it asks first. */
  #ingresses: readonly RestateIngress[] = [];

  /** Starts it all. */
  async open(nodes: 1 | 3): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), 'squadra-restate-'));
    this.#server = await RestateServer.start({ folder: this.#folder, nodes });
    const urls = this.#server.ingressUrls;
    this.#ingresses = urls.map(
      (_, node) => new RestateIngress({ restateIngressUrl: [...urls.slice(node), ...urls.slice(0, node)] }),
    );
    const hour = 3_600_000;
    const limits = { maxSliceMs: hour, longestStepMs: hour, longestPauseMs: 100 };
    const object = advanceObject(limits, (order) => this.#perform(order));
    const settings = { workerHost: '127.0.0.1', workerPort: 0, restateIdentityKeys: [] };
    this.#endpoint = await WorkerEndpoint.listen(settings, { object, onProblem: () => {} });
    const workerUrl = `http://127.0.0.1:${this.#endpoint.port}`;
    const registration = { restateAdminUrl: this.#server.adminUrls, workerUrl, timeouts: advanceTimeouts(limits) };
    await registerWorkers(registration, systemClock, AbortSignal.timeout(30_000), () => {});
  }

  async close(): Promise<void> {
    // The last test may have ended before Restate said that it has its order.
    await Promise.all(this.#posts);
    for (const ingress of this.#ingresses) ingress[Symbol.dispose]();
    await this.#endpoint?.[Symbol.asyncDispose]();
    await this.#server?.end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly makeEngine: EngineFactory = (settings, clock, host) => {
    const engine: RestateEngine = new StagedEngine(
      settings,
      {
        clock,
        onRunnable: (runnable) => this.#send(seat, { ...runnable, epoch: null }),
        queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
        look: host.look,
        order: async (order, delayMs) => this.#order(seat, order, delayMs),
      },
      this,
    );
    const seat: Seat = { engine, host };
    this.#seats.push(seat);
    host.gone.addEventListener('abort', () => {
      this.#seats.splice(this.#seats.indexOf(seat), 1);
      this.#lookAgain(host.world);
    });
    for (const tell of this.#onSeat.splice(0)) tell();
    this.#lookAgain(host.world);
    return engine;
  };

  /** Its run begins: it is being claimed, or it was. */
  begins(id: string, state: 'starting' | 'begun'): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#move(entry, state);
  }

  /** What a process sends. An order for whatever there is, that has not begun, sees what came before it: one is enough. */
  #send(sender: Seat, order: Order): void {
    if (sender.host.gone.aborted) return;
    const entry = this.#entryOf(sender, order.id);
    entry.sender = sender;
    if (entry.plain > 0 || (entry.state !== 'idle' && entry.state !== 'begun' && !entry.isWake)) return;
    this.#give(entry, order);
  }

  /** What follows from an order. Once it is given it does not end with the process; each epoch has one wake. */
  #order(seat: Seat, order: Order, delayMs: number): void {
    if (seat.host.gone.aborted) return;
    const entry = this.#entryOf(seat, order.id);
    if (order.epoch !== null) {
      if (entry.wakes.has(order.epoch)) return;
      entry.wakes.add(order.epoch);
    }
    if (delayMs > 0) entry.world.setTimer(delayMs, () => this.#give(entry, order));
    else this.#give(entry, order);
  }

  #entryOf(sender: Seat, id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const { world } = sender.host;
    const wakes = new Set<number>();
    const entry: Entry = {
      world,
      sender,
      sent: 0,
      plain: 0,
      wakes,
      isWake: false,
      state: 'idle',
      seat: null,
      release: null,
    };
    this.#entries.set(id, entry);
    return entry;
  }

  #give(entry: Entry, order: Order): void {
    entry.sent += 1;
    if (order.epoch === null) entry.plain += 1;
    this.#hold(entry);
    const post = this.#post(order).finally(() => this.#posts.delete(post));
    this.#posts.add(post);
  }

  /** To each node in turn; where one does not take it, to the next, under the same key. */
  async #post(order: Order): Promise<void> {
    this.#turn += 1;
    const ingress = this.#ingresses[this.#turn % this.#ingresses.length];
    if (order.epoch === null) await ingress?.hand({ ...order, key: `order-${this.#turn}` });
    else await ingress?.order(order, 0);
  }

  async #perform(order: Order): Promise<void> {
    const entry = this.#entries.get(order.id);
    if (entry === undefined) return;
    if (entry.state !== 'interrupted') {
      entry.sent -= 1;
      if (order.epoch === null) entry.plain -= 1;
    }
    entry.isWake = order.epoch !== null;
    this.#move(entry, 'unseated');
    const seat = await this.#seatFor(entry);
    entry.seat = seat;
    this.#move(entry, 'starting');
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(new Error('The process that carried it out is gone.'));
    seat.host.gone.addEventListener('abort', leave, { once: true });
    if (seat.host.gone.aborted) leave();
    try {
      const performing = seat.engine.perform(order);
      if (seat.engine.statistics().ready > 0) this.#move(entry, 'in line');
      await Promise.race([performing, gone.promise]);
      this.#move(entry, 'idle');
    } catch (error) {
      this.#move(entry, 'interrupted');
      throw error;
    } finally {
      seat.host.gone.removeEventListener('abort', leave);
      entry.seat = null;
      this.#hold(entry);
    }
  }

  /** The process that sent its last order, or another one of its play; null while there is none. */
  #seatOf(entry: Entry): Seat | null {
    if (!entry.sender.host.gone.aborted) return entry.sender;
    return this.#seats.findLast(({ host }) => host.world === entry.world) ?? null;
  }

  async #seatFor(entry: Entry): Promise<Seat> {
    for (;;) {
      const seat = this.#seatOf(entry);
      if (seat !== null) return seat;
      await new Promise<void>((resolve) => this.#onSeat.push(resolve));
    }
  }

  #move(entry: Entry, state: Entry['state']): void {
    entry.state = state;
    this.#hold(entry);
  }

  #lookAgain(world: Clock): void {
    for (const entry of this.#entries.values()) if (entry.world === world) this.#hold(entry);
  }

  /** The test waits while something is on its way to a process that is there. */
  #hold(entry: Entry): void {
    const seat = entry.seat ?? this.#seatOf(entry);
    const isOnItsWay = entry.state === 'idle' ? entry.sent > 0 : entry.state !== 'begun' && entry.state !== 'in line';
    const isBusy = isOnItsWay && seat !== null && !seat.host.gone.aborted;
    if (!isBusy) {
      entry.release?.();
      entry.release = null;
    } else if (entry.release === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      entry.release = resolve;
      void seat.host.follow(promise);
    }
  }
}

/** Tells the stage when its runs begin. */
class StagedEngine extends RestateEngine {
  readonly #stage: RestateStage;

  constructor(
    settings: ConstructorParameters<typeof RestateEngine>[0],
    parts: ConstructorParameters<typeof RestateEngine>[1],
    stage: RestateStage,
  ) {
    super(settings, parts);
    this.#stage = stage;
  }

  override serve(advance: Advance): void {
    super.serve((runnable: Runnable, begun) => {
      this.#stage.begins(runnable.id, 'starting');
      return advance(runnable, () => {
        this.#stage.begins(runnable.id, 'begun');
        begun();
      });
    });
  }
}
