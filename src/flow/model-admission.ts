import type { Clock, Timer } from '../kernel/clock.ts';
import type { Admission, AdmissionStatistics, CallOutcome, CallTicket, Permit } from './admission.ts';
import { MemberLines } from './member-lines.ts';
import { poolName, ProviderPool } from './provider-pool.ts';
import type { PlaceTaken } from './provider-pool.ts';
import type { Draw, Drawn, SharedBuckets } from './shared-buckets.ts';
import { waitingId } from './waiting-call.ts';
import type { WaitingCall } from './waiting-call.ts';

export interface AdmissionSettings {
  readonly maxConcurrentModelCalls: number;
  readonly agentRateLimitPerMinute: number;
  readonly agentRateLimitBurst: number;
  /** Of each (provider, model); 0 leaves it to what the provider says. */
  readonly modelRequestsPerMinute: number;
  readonly modelTokensPerMinute: number;
}

/** Of so many calls of a model others are asked at the same time whether they may leave. */
const maxAsking = 16;
/** Models are named by users: those that nobody calls at the moment are forgotten beyond this. */
const maxPools = 1_000;

interface Asking extends WaitingCall {
  readonly pool: ProviderPool<Asking>;
  /** Stops listening for its cancelling. */
  readonly ignore: () => void;
  readonly resolve: (permit: Permit) => void;
}

/**
 * Lets model calls leave when their member, their provider and this process have room for them.
 *
 * A1  A call waits first for a token of its member, then in the queue of its (provider, model): fair over tenants, then by
 *     priority, then by age. Nothing that waits fails for it.
 * A2  At most `maxConcurrentModelCalls` are in flight; where that is what holds calls back, providers take turns.
 * A3  Who is cancelled is out at once, and whatever was set aside for it is free.
 * A4  One timer for each provider that is held back by time, none for others.
 * A5  Where processes share limits, a call that may leave as far as is known here draws from what all have: its member's token,
 *     and what was configured for its provider. What comes of it is what is known here from then on; who gets nothing waits in
 *     line again. Where nobody can tell, what is known here counts.
 */
export class ModelAdmission implements Admission {
  readonly #settings: AdmissionSettings;
  readonly #clock: Clock;
  readonly #shared: SharedBuckets | null;
  readonly #members: MemberLines<Asking>;
  readonly #pools = new Map<string, ProviderPool<Asking>>();
  /** With calls in their queues; the one that had its turn goes last. */
  readonly #busy = new Set<ProviderPool<Asking>>();
  readonly #timers = new Map<ProviderPool<Asking>, Timer>();
  #taken = 0;
  #place = 0;
  #admitted = 0;
  #refused = 0;

  constructor(settings: AdmissionSettings, clock: Clock, shared: SharedBuckets | null) {
    this.#settings = settings;
    this.#clock = clock;
    this.#shared = shared;
    const rate = { perMinute: settings.agentRateLimitPerMinute, burst: settings.agentRateLimitBurst };
    this.#members = new MemberLines(rate, clock, (call) => this.#queue(call));
  }

  get places(): number {
    const now = this.#clock.now();
    const pools = [...this.#busy];
    if (pools.every((pool) => pool.waiting === 0)) return this.#settings.maxConcurrentModelCalls;
    const places = pools.reduce((sum, pool) => sum + pool.places(now), 0);
    return Math.min(this.#settings.maxConcurrentModelCalls, places);
  }

  async admit(ticket: CallTicket, signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Permit>();
    const leave = (): void => {
      asking.isGone = true;
      if (asking.isQueued) this.#withdraw(asking);
      this.#members.gone(asking);
      reject(signal.reason);
    };
    const asking: Asking = {
      id: waitingId(ticket.askedAt, this.#place++),
      tenant: ticket.tenant,
      priority: ticket.priority,
      ticket,
      isOffered: false,
      isGone: false,
      isQueued: false,
      pool: this.#poolOf(ticket),
      ignore: () => signal.removeEventListener('abort', leave),
      resolve,
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#members.add(asking);
    return promise;
  }

  statistics(): AdmissionStatistics {
    const now = this.#clock.now();
    const providers = [...this.#pools.values()].map((pool) => pool.state(now));
    return {
      places: this.#settings.maxConcurrentModelCalls,
      taken: this.#taken,
      waiting: this.#members.waiting + providers.reduce((sum, { waiting }) => sum + waiting, 0),
      waitingForMember: this.#members.waiting,
      admitted: this.#admitted,
      refused: this.#refused,
      providers,
    };
  }

  #poolOf({ provider, model }: CallTicket): ProviderPool<Asking> {
    const key = poolName(provider, model);
    const found = this.#pools.get(key);
    if (found !== undefined) return found;
    const { maxConcurrentModelCalls, modelRequestsPerMinute, modelTokensPerMinute } = this.#settings;
    const rate = {
      requestsPerMinute: modelRequestsPerMinute === 0 ? null : modelRequestsPerMinute,
      tokensPerMinute: modelTokensPerMinute === 0 ? null : modelTokensPerMinute,
    };
    if (this.#pools.size >= maxPools) this.#forgetIdle();
    const now = this.#clock.now();
    const pool = new ProviderPool<Asking>({ provider, model }, maxConcurrentModelCalls, rate, this.#shared, now);
    this.#pools.set(key, pool);
    return pool;
  }

  #forgetIdle(): void {
    for (const [key, pool] of this.#pools) if (pool.inFlight === 0 && pool.queue.size === 0) this.#pools.delete(key);
  }

  #queue(call: Asking): void {
    call.isQueued = true;
    call.pool.queue.add(call);
    call.pool.waiting += 1;
    this.#busy.add(call.pool);
    this.#pump();
  }

  #withdraw(call: Asking): void {
    const { pool } = call;
    pool.waiting -= 1;
    // What is gone leaves when its turn comes, or when it is more than half of what is there.
    if (pool.queue.size > 2 * pool.waiting + 16 || pool.waiting === 0) pool.queue.sweep();
    if (pool.waiting === 0) this.#rest(pool);
    else this.#pump();
  }

  #rest(pool: ProviderPool<Asking>): void {
    this.#busy.delete(pool);
    this.#timers.get(pool)?.cancel();
    this.#timers.delete(pool);
  }

  /** Lets leave who may. Whoever let one go stands at the end again, so one pass goes on in turns until nobody can. */
  #pump(): void {
    for (const pool of this.#busy) this.#letOneGo(pool);
  }

  #letOneGo(pool: ProviderPool<Asking>): void {
    if (this.#taken >= this.#settings.maxConcurrentModelCalls) return;
    if (pool.inFlight >= pool.limit) return;
    if (pool.asking >= (pool.isScarce ? 1 : maxAsking)) return;
    const now = this.#clock.now();
    const heldMs = pool.heldMs(now);
    this.#timers.get(pool)?.cancel();
    this.#timers.delete(pool);
    if (heldMs > 0) {
      this.#timers.set(
        pool,
        this.#clock.setTimer(heldMs, () => this.#pump()),
      );
      return;
    }
    const call = pool.queue.take();
    if (call === undefined) {
      this.#rest(pool);
      return;
    }
    this.#letGo(call, pool, now);
  }

  #letGo(call: Asking, pool: ProviderPool<Asking>, now: number): void {
    pool.waiting -= 1;
    call.isQueued = false;
    // Behind the others.
    this.#busy.delete(pool);
    if (pool.waiting > 0) this.#busy.add(pool);
    else this.#rest(pool);
    this.#taken += 1;
    const place = pool.hold(call, now);
    if (this.#shared === null) this.#leave(call, place, []);
    else void this.#draw(call, place, this.#shared);
    this.#members.left(call);
  }

  /** A5 */
  async #draw(call: Asking, place: PlaceTaken, shared: SharedBuckets): Promise<void> {
    const { pool } = call;
    const ofMember = this.#members.drawOf(call);
    const ofProvider = pool.drawsOf(place);
    const draws = ofMember === null ? ofProvider : [...ofProvider, ofMember];
    pool.asking += 1;
    const drawn = await shared.draw(draws, pool.name);
    pool.asking -= 1;
    pool.isScarce = drawn?.isTaken === false;
    if (drawn?.isTaken === false || call.isGone) {
      this.#taken -= 1;
      pool.giveBack(place, this.#clock.now());
      this.#adopt(call, ofProvider.length, drawn);
      if (!call.isGone) this.#members.add(call);
      else if (drawn?.isTaken !== false) this.#putBack(call, drawn === null ? [] : draws);
    } else {
      this.#adopt(call, ofProvider.length, drawn);
      this.#leave(call, place, drawn === null ? [] : draws);
    }
    this.#pump();
  }

  #adopt(call: Asking, ofProvider: number, drawn: Drawn | null): void {
    if (drawn === null) return;
    const ofMember = drawn.left[ofProvider];
    call.pool.adopt(drawn.left.slice(0, ofProvider), drawn.pausedMs, this.#clock.now());
    if (ofMember !== undefined) this.#members.adopt(call, ofMember);
  }

  /** It wanted to leave, and does not in the end. */
  #putBack(call: Asking, drawn: readonly Draw[]): void {
    this.#members.giveBack(call);
    if (drawn.length > 0) this.#shared?.correct(drawn.map((draw) => ({ ...draw, tokens: -draw.tokens })));
  }

  #leave(call: Asking, place: PlaceTaken, drawn: readonly Draw[]): void {
    const { pool } = call;
    const flight = pool.leave(place, drawn.length > 0, this.#clock.now());
    this.#admitted += 1;
    call.ignore();
    let isOver = false;
    call.resolve({
      told: (report) => {
        if (!isOver) pool.told(flight, report, this.#clock.now());
      },
      end: (outcome: CallOutcome) => {
        if (isOver) return;
        isOver = true;
        this.#taken -= 1;
        if (outcome.kind === 'refused') this.#refused += 1;
        else if (outcome.kind === 'unsent') this.#putBack(call, drawn);
        pool.end(flight, outcome, this.#clock.now());
        this.#pump();
      },
    });
  }
}
