import { RetryAfterError } from 'inngest';
import type { Inngest } from 'inngest';
import { agentFunctions } from '../../../src/engines/inngest/agent-functions.ts';
import { openInngestClient } from '../../../src/engines/inngest/inngest-client.ts';
import { InngestEngine } from '../../../src/engines/inngest/inngest-engine.ts';
import type { Turn } from '../../../src/engines/inngest/inngest-engine.ts';
import { InngestHandover } from '../../../src/engines/inngest/inngest-handover.ts';
import { eventName } from '../../../src/engines/inngest/inngest-order.ts';
import type { Advance, Runnable } from '../../../src/engines/engine.ts';
import type { Order } from '../../../src/engines/ordered/order.ts';
import type { Clock, Timer } from '../../../src/kernel/clock.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import type { EngineFactory, EngineHost } from '../../support/assembly.ts';
import type { SentEvent } from './inngest-protocol.ts';
import type { StageInngest } from './stage-inngest.ts';

/** A real Inngest would wait for longer before it tries again. */
const soonMs = 1_000;

/** One process of a play. */
interface Seat {
  readonly engine: InngestEngine;
  readonly host: EngineHost;
}

/** What the stage knows of the orders of one execution. */
interface Entry {
  /** Clocks tell plays apart: whoever is on the same one may carry an order out. */
  readonly world: Clock;
  /** Who sent the last order. */
  sender: Seat;
  /** Calls that Inngest will make and that did not come yet, but for those that wait for a time. */
  coming: number;
  /** Those of them that begin a run, for whatever there is to do. */
  fresh: number;
  /** Those of them that go on at once, for whatever there is to do. */
  again: number;
  /** Whether the one that is carried out is a wake, which may turn out not to be needed. */
  isWake: boolean;
  /** Where its order is. `interrupted`: its process died, and Inngest calls again. */
  state: 'idle' | 'unseated' | 'starting' | 'in line' | 'begun' | 'interrupted';
  seat: Seat | null;
  /** Lets the test go on, while it waits for something of this execution. */
  release: (() => void) | null;
}

/**
 * An Inngest for plays on a clock of their own: one worker in the process of the test that takes each order to a process of its play
 * which is alive. Where Inngest sleeps it does so on the clock of the play; a real one, which has only its own, is called again then.
 */
export class InngestStage {
  readonly #open: (clockOf: (event: SentEvent) => Clock) => Promise<StageInngest>;
  readonly #seats: Seat[] = [];
  readonly #entries = new Map<string, Entry>();
  #onSeat: (() => void)[] = [];
  #inngest: StageInngest | null = null;
  #client: Inngest | null = null;
  readonly #posts = new Set<Promise<void>>();
  #no = 0;
  #isClosed = false;
  /** Said by the SDK, or by Inngest. */
  readonly problems: string[] = [];

  constructor(open: (clockOf: (event: SentEvent) => Clock) => Promise<StageInngest>) {
    this.#open = open;
  }

  /** Starts it all. */
  async open(): Promise<void> {
    this.#inngest = await this.#open((event) => this.#clockOf(event));
    this.#client = await openInngestClient(this.#inngest.settings, (problem) => this.problems.push(problem));
    await this.#inngest.bring(
      this.#client,
      agentFunctions(this.#client, (order) => this.#perform(order)),
    );
  }

  async close(): Promise<void> {
    // The last test may have ended before Inngest said that it has its order.
    await Promise.all(this.#posts);
    // What plays left unfinished is still asked for.
    this.#isClosed = true;
    for (const tell of this.#onSeat.splice(0)) tell();
    await this.#inngest?.[Symbol.asyncDispose]();
  }

  readonly makeEngine: EngineFactory = (settings, clock, host) => {
    const parts = {
      clock,
      onRunnable: (runnable: Runnable) => this.#send(seat, runnable),
      queue: () => ({ ready: 0, queued: 0, taken: 0, sleeping: 0 }),
      look: host.look,
    };
    const engine: InngestEngine = new StagedEngine(settings, parts, this);
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
  #send(sender: Seat, runnable: Runnable): void {
    if (sender.host.gone.aborted) return;
    const entry = this.#entryOf(sender, runnable.id);
    entry.sender = sender;
    if (entry.fresh > 0 || (entry.state !== 'idle' && entry.state !== 'begun' && !entry.isWake)) return;
    entry.fresh += 1;
    this.#no += 1;
    const key = `order-${this.#no}`;
    const handover = new InngestHandover({ client: this.#sdk(), look: sender.host.look });
    this.#post(entry, () => handover.hand({ ...runnable, key }));
  }

  #post(entry: Entry, send: () => Promise<unknown>): void {
    entry.coming += 1;
    this.#hold(entry);
    const post = send()
      .then(() => {})
      .finally(() => this.#posts.delete(post));
    this.#posts.add(post);
  }

  async #perform(order: Order): Promise<Turn> {
    const entry = this.#entries.get(order.id);
    if (entry === undefined) return { kind: 'done' };
    if (entry.state !== 'interrupted') {
      entry.coming -= 1;
      if (order.epoch === null && entry.again > 0) entry.again -= 1;
      else if (order.epoch === null) entry.fresh -= 1;
    }
    entry.isWake = order.epoch !== null;
    this.#move(entry, 'unseated');
    const seat = await this.#seatFor(entry);
    entry.seat = seat;
    this.#move(entry, 'starting');
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(new RetryAfterError('The process that carried it out is gone.', soonMs));
    seat.host.gone.addEventListener('abort', leave, { once: true });
    if (seat.host.gone.aborted) leave();
    try {
      const performing = seat.engine.perform(order);
      if (seat.engine.statistics().ready > 0) this.#move(entry, 'in line');
      const turn = await Promise.race([performing, gone.promise]);
      const answer = this.#follow(entry, order, turn);
      this.#move(entry, 'idle');
      return answer;
    } catch (error) {
      this.#move(entry, 'interrupted');
      throw error;
    } finally {
      seat.host.gone.removeEventListener('abort', leave);
      entry.seat = null;
      this.#hold(entry);
    }
  }

  /** What is answered to Inngest, and what comes of it. */
  #follow(entry: Entry, order: Order, turn: Turn): Turn {
    if (turn.kind === 'done') return turn;
    if (turn.kind === 'wake' && this.#inngest?.sleepsOnClock !== true) {
      this.#wakeAt(entry, order, turn.at, turn.epoch);
      return { kind: 'done' };
    }
    // It goes on at once, or first to sleep.
    entry.coming += 1;
    if ((turn.kind === 'elsewhere' ? order : turn).epoch === null) entry.again += 1;
    return turn;
  }

  /** Calls an Inngest that sleeps on a clock of its own when the play has come to that time. */
  #wakeAt(entry: Entry, { id, tenant, priority }: Order, at: number, epoch: number): void {
    const data = { executionId: id, squadId: null, userId: null, tenantId: tenant, priority, epoch };
    entry.world.setTimer(at - entry.world.now(), () =>
      this.#post(entry, () => this.#sdk().send({ name: eventName, data })),
    );
  }

  /** On which Inngest sleeps: the test goes on when it does, and waits when something wakes. */
  #clockOf({ data }: SentEvent): Clock {
    const entry = this.#entries.get(String(data['executionId']));
    if (entry === undefined) return systemClock;
    const setTimer = (delayMs: number, fire: () => void): Timer => {
      const timer = entry.world.setTimer(delayMs, () => {
        entry.coming += 1;
        this.#hold(entry);
        fire();
      });
      entry.coming -= 1;
      this.#hold(entry);
      return timer;
    };
    return { now: () => entry.world.now(), setTimer };
  }

  #sdk(): Inngest {
    if (this.#client === null) throw new Error('The stage is not open.');
    return this.#client;
  }

  #entryOf(sender: Seat, id: string): Entry {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const { world } = sender.host;
    const nothing = { coming: 0, fresh: 0, again: 0, isWake: false, seat: null, release: null };
    const entry: Entry = { ...nothing, world, sender, state: 'idle' };
    this.#entries.set(id, entry);
    return entry;
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
      if (this.#isClosed) throw new Error('The play is over.');
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
    const isOnItsWay = entry.state === 'idle' ? entry.coming > 0 : entry.state !== 'begun' && entry.state !== 'in line';
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
class StagedEngine extends InngestEngine {
  readonly #stage: InngestStage;

  constructor(
    settings: ConstructorParameters<typeof InngestEngine>[0],
    parts: ConstructorParameters<typeof InngestEngine>[1],
    stage: InngestStage,
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
