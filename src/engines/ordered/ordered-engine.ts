import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import { isEnded } from '../../work/execution.ts';
import type { Execution } from '../../work/execution.ts';
import type { Advanced } from '../../workflows/run-services.ts';
import type { Advance, Engine, EngineStatistics, Runnable } from '../engine.ts';
import type { Order } from './order.ts';
import { PlaceLine } from './place-line.ts';

export interface OrderedEngineSettings {
  /** In this process. */
  readonly maxConcurrentExecutions: number;
}

/** How the queue of the whole fleet stands, as far as this process knows. */
export type FleetQueue = Pick<EngineStatistics, 'ready' | 'queued' | 'taken' | 'sleeping'>;

/** Where orders reach this process. */
export interface Reception {
  /** Lets nothing more in: who orders takes it to another process. */
  refuse(): void;
  /** Resolves when what was let in is answered. */
  close(): Promise<void>;
}

/** What follows from an order that was carried out. */
export type Next =
  /** Somebody else says when it goes on, or it has ended. */
  | { readonly kind: 'nothing' }
  /** It was woken while it ran. */
  | { readonly kind: 'again' }
  /** It waits for a time (epoch ms), since the claim of this epoch. */
  | { readonly kind: 'wake'; readonly at: number; readonly epoch: number }
  /** The order was one no more: somebody has advanced it since, and it waits for this time. */
  | { readonly kind: 'overtaken'; readonly at: number; readonly epoch: number };

export interface OrderedEngineParts {
  readonly clock: Clock;
  /**
   * Something was committed that wants to be handed over: an execution that is new to the queue (`isStart`), or one that waits.
   * What makes an execution runnable has noted that in its own commit, so nothing is lost where nobody hears this.
   */
  readonly onRunnable: (runnable: Runnable, isStart: boolean) => void;
  readonly queue: () => FleetQueue;
  /** How an execution stands; null where there is none. */
  readonly look: (tenant: string, id: string) => Promise<Pick<Execution, 'epoch' | 'status' | 'wakeAt'> | null>;
  /** Sees to what follows from an order, before that order is done. A rejection means that it is not done. */
  readonly follow: (order: Order, next: Next) => Promise<void>;
}

/** After so long it is looked after an execution that another run has: that one may be forgotten, and dead. */
const forgottenMs = 30_000;

/** An execution that is being advanced here. */
interface Running {
  /** It was woken meanwhile. */
  again: boolean;
  readonly done: Promise<void>;
}

/**
 * The engine of a fleet, as one of its processes sees it: somebody else gives orders, and each is carried out here or refused.
 *
 * R1  One order for an execution is given at a time, and again until it was carried out: the store is the journal, who orders has none.
 * R2  An order that comes again while its run still goes on here (who gave it lost its connection) joins that run. A wake is looked at
 *     again after it: where who orders has lost sight of the run, the wake comes before the run that ordered it has come to its end.
 * R3  A wake at a time names the epoch that parked. When somebody has advanced the execution since it does nothing, but tells of the
 *     next wake: whoever parked may have died before. A status `running` is what a run left that died.
 * R4  What is refused, or could not begin, is given again, to whichever process is there: nothing here ends an order but its run,
 *     and what follows from it is seen to before.
 * R5  A run that a shutdown interrupted was not carried out.
 * R6  Where a run lost its execution to another one, that one is looked after half a minute later: one order is given at a time, so
 *     one of the two is forgotten by who gave it, and nobody can tell which. If it was the other one, and its process died, nobody
 *     else would go on.
 */
export class OrderedEngine implements Engine {
  readonly capabilities = { eagerStart: false, remembers: true };
  readonly #parts: OrderedEngineParts;
  readonly #places: PlaceLine;
  readonly #running = new Map<string, Running>();
  #advance: Advance | null = null;
  #reception: Reception | null = null;
  #draining = false;
  #drained: () => void = () => {};

  constructor(settings: OrderedEngineSettings, parts: OrderedEngineParts) {
    this.#parts = parts;
    this.#places = new PlaceLine(settings.maxConcurrentExecutions, parts.clock);
  }

  /** Work goes over the database: whoever has room takes it. */
  reserve(): null {
    return null;
  }

  start(runnable: Runnable): void {
    this.#parts.onRunnable(runnable, true);
  }

  wake(runnable: Runnable): void {
    const running = this.#running.get(runnable.id);
    if (running !== undefined) running.again = true;
    else this.#parts.onRunnable(runnable, false);
  }

  serve(advance: Advance): void {
    this.#advance = advance;
  }

  /** Orders come through it; it is closed by `drain`. */
  receiveFrom(reception: Reception): void {
    this.#reception = reception;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.#reception?.refuse();
    this.#places.close();
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    await this.#reception?.close();
  }

  statistics(): EngineStatistics {
    const { ready, queued, taken, sleeping } = this.#parts.queue();
    return { running: this.#places.taken, ready: ready + this.#places.waiting, queued, taken, sleeping };
  }

  /**
   * Carries an order out, unless it was taken back before it began (`gone`): it may have been given to another process then, from
   * which it would be taken away. A rejection means: give it again, maybe elsewhere.
   */
  async carryOut(order: Order, gone?: AbortSignal): Promise<Next> {
    const joined = this.#running.get(order.id);
    // What it orders may have come about after the run had parked, or be the wake that the run itself has ordered: done or not, the
    // store says.
    if (joined !== undefined) await joined.done;
    const advance = this.#ready();
    if (joined !== undefined || order.epoch !== null) {
      const instead = await this.#lookFirst(order);
      if (instead !== null) return instead;
    }
    const { tenant, id, priority } = order;
    const vacate = await this.#places.take({ tenant, id, priority });
    // The same order may have come again while this one waited for its place.
    if (this.#running.has(id)) {
      vacate();
      return this.carryOut(order, gone);
    }
    if (gone?.aborted === true) {
      vacate();
      throw refusal();
    }
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    // Who joins hears of it; where nobody does it is told by the rejection below.
    done.catch(() => {});
    const running: Running = { again: false, done };
    this.#running.set(id, running);
    try {
      const advanced = await advance({ tenant, id, priority }, () => {}, gone);
      const next = await this.#nextAfter(order, advanced, running);
      await this.#parts.follow(order, next);
      resolve();
      return next;
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      this.#running.delete(id);
      vacate();
      if (this.#draining && this.#running.size === 0) this.#drained();
    }
  }

  /**
   * What there is to do instead of an order that is one no more; null where it still is one. What is not a wake always is, unless the
   * execution has ended.
   */
  async #lookFirst(order: Order): Promise<Next | null> {
    const { tenant, id, epoch } = order;
    const found = await this.#parts.look(tenant, id);
    if (found === null || isEnded(found.status)) return { kind: 'nothing' };
    if (epoch === null || found.epoch === epoch || found.status === 'running') return null;
    if (found.status !== 'waiting' || found.wakeAt === null) return { kind: 'nothing' };
    const next: Next = { kind: 'overtaken', at: found.wakeAt, epoch: found.epoch };
    await this.#parts.follow(order, next);
    return next;
  }

  /** Sees to it that what a run elsewhere has, or has parked until a time, is not left lying. */
  async #lookAfter({ tenant, id }: Order): Promise<Next> {
    const found = await this.#parts.look(tenant, id);
    const soonest = this.#parts.clock.now() + forgottenMs;
    const at = found?.status === 'running' ? soonest : found?.status === 'waiting' ? found.wakeAt : null;
    if (found === null || at === null) return { kind: 'nothing' };
    return { kind: 'overtaken', at: Math.max(at, soonest), epoch: found.epoch };
  }

  #ready(): Advance {
    if (this.#advance === null || this.#draining) throw refusal();
    return this.#advance;
  }

  async #nextAfter(order: Order, advanced: Advanced, running: Running): Promise<Next> {
    if (advanced.kind === 'lost' && this.#draining) throw refusal();
    if (running.again) return { kind: 'again' };
    if (advanced.kind === 'lost') return this.#lookAfter(order);
    if (advanced.kind !== 'parked' || advanced.wakeAt === null) return { kind: 'nothing' };
    return { kind: 'wake', at: advanced.wakeAt, epoch: advanced.epoch };
  }
}

function refusal(): SquadraError {
  return new SquadraError('SHUTTING_DOWN', 'This process takes no work now; another one does.');
}
