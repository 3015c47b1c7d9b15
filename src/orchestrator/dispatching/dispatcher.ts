import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Handover } from '../../engines/handover.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { retryDelayMs } from '../../kernel/retry.ts';
import type { RetryPolicy } from '../../kernel/retry.ts';
import type { Outbox, OutboxRow, TakenRows } from '../../work/outbox.ts';

export interface DispatcherParts {
  readonly outbox: Outbox;
  readonly handover: Handover;
  readonly clock: Clock;
  readonly random: () => number;
  /** The engine, or the database, cannot be reached; called once until it can. */
  readonly onDown: (error: unknown) => void;
  readonly onUp: () => void;
}

export interface DispatcherStatistics {
  /** Rows that the engine took from this process. */
  readonly handed: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** On their way now. */
  readonly inFlight: number;
  readonly isDown: boolean;
}

/** Who cannot be reached, and how often that was tried; `isBlind`: the last time there was nothing to try it with. */
interface Down {
  readonly who: 'engine' | 'database';
  readonly attempts: number;
  readonly isBlind: boolean;
}

/** Rows of one transaction. */
const batch = 256;
/** Handed over in one turn of the event loop: requests that came meanwhile go before the next ones. */
const slice = 16;
/** After a pass that found few, in milliseconds: what comes meanwhile goes together, here and all the way through the engine. */
const gatherMs = 20;
/** On their way at the same time; beyond that nothing more is taken. */
const maxOnTheWay = 512;
/** The backstop where nobody says that there is something: another process died, or has too much. */
const idleMs = 1_000;
/** Where something waits for room the pauses grow from here, as long as there is none. */
const shortestFullMs = 15;
const longestFullMs = 250;
/** Rows are overdue after seconds at the earliest. */
const overdueEveryMs = 1_000;
/** Most rows are gone by then, and long before the lease ends: only what the engine has not come to has to be marked. */
const markAfterMs = 2_000;
const shortestDownMs = 50;
const downPolicy: RetryPolicy = { retries: Number.POSITIVE_INFINITY, initialMs: 100, maxMs: 5_000, factor: 2 };

/**
 * Hands to the engine what the outbox holds. Every API process has one; they need not know of each other.
 *
 * H1  What it took has a lease: whoever dies with it loses nothing, it is taken again.
 * H2  One pass at a time; a nudge during a pass makes another one follow. What is on its way is bounded, and so is the memory.
 * H3  While the engine cannot be reached there are few attempts, at growing distances; nothing is lost and nobody is refused for it.
 */
export class Dispatcher implements AsyncDisposable {
  readonly #parts: DispatcherParts;
  readonly #sending = new Set<Promise<void>>();
  #unmarked: number[] = [];
  #timer: Timer | null = null;
  #markTimer: Timer | null = null;
  #pass: Promise<void> | null = null;
  #again = false;
  #closed = false;
  #lookedForOverdueAt = Number.NEGATIVE_INFINITY;
  #fullMs = shortestFullMs;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #down: Down | null = null;
  #handed = 0;
  #failed = 0;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#run();
  }

  /** Something was committed that wants to be handed over. */
  nudge(): void {
    if (this.#down !== null && !this.#down.isBlind) return;
    this.#again = true;
    // Whoever waits for room would not find more of it.
    if (this.#pass === null && this.#fullMs === shortestFullMs) this.#runSoon();
  }

  statistics(): DispatcherStatistics {
    return {
      handed: this.#handed,
      failed: this.#failed,
      inFlight: this.#sending.size,
      isDown: this.#down !== null,
    };
  }

  /** Takes nothing more, and resolves when what is on its way has arrived or failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#pass;
    await Promise.all(this.#sending);
    await this.#mark();
  }

  #run(): void {
    if (this.#closed || this.#pass !== null) return;
    this.#timer?.cancel();
    this.#again = false;
    this.#pass = this.#work()
      .catch((error: unknown) => this.#failure('database', error))
      .then((pauseMs) => {
        this.#pass = null;
        if (this.#closed) return;
        if (pauseMs === 0) this.#run();
        else if (this.#isHurried()) this.#runSoon();
        else this.#timer = this.#parts.clock.setTimer(pauseMs, () => this.#run());
      });
  }

  /** At once, or where the pass before found few, when some have come together. */
  #runSoon(): void {
    const waitMs = this.#restsUntil - this.#parts.clock.now();
    if (waitMs <= 0) this.#run();
    else {
      this.#timer?.cancel();
      this.#timer = this.#parts.clock.setTimer(waitMs, () => this.#run());
    }
  }

  /** Somebody nudged during the pass, and what it found does not say that this is of no use. */
  #isHurried(): boolean {
    return this.#again && this.#down === null && this.#fullMs === shortestFullMs;
  }

  /** One pass; resolves with how long to pause after it. */
  async #work(): Promise<number> {
    if (this.#down !== null) return this.#probe(this.#down);
    if (this.#sending.size >= maxOnTheWay) {
      await Promise.race(this.#sending);
      return 0;
    }
    await this.#takeOverdue();
    const taken = await this.#take();
    await this.#sendAll(taken.rows);
    if (taken.rows.length > 0 && taken.rows.length < slice) this.#restsUntil = this.#parts.clock.now() + gatherMs;
    return this.#pauseAfter(taken);
  }

  #pauseAfter({ rows, left }: TakenRows): number {
    if (left === 'more') return 0;
    if (left === 'busy') return shortestFullMs;
    if (left === 'none') {
      this.#fullMs = shortestFullMs;
      return idleMs;
    }
    this.#fullMs = rows.length > 0 ? shortestFullMs : Math.min(longestFullMs, this.#fullMs * 2);
    return this.#fullMs;
  }

  #take(): Promise<TakenRows> {
    return this.#parts.outbox.take(Math.min(batch, maxOnTheWay - this.#sending.size));
  }

  async #takeOverdue(): Promise<void> {
    const now = this.#parts.clock.now();
    if (now - this.#lookedForOverdueAt < overdueEveryMs) return;
    const rows = await this.#parts.outbox.takeOverdue(batch);
    if (rows.length < batch) this.#lookedForOverdueAt = now;
    await this.#sendAll(rows);
  }

  /** One row tells whether the engine is back. Without one nothing is known of it, and nothing is missed. */
  async #probe(down: Down): Promise<number> {
    const { outbox } = this.#parts;
    const [overdue] = await outbox.takeOverdue(1);
    const row = overdue ?? (await outbox.take(1)).rows[0];
    if (down.who === 'database') this.#success();
    if (row === undefined) {
      if (this.#down === null) return 0;
      this.#down = { ...down, isBlind: true };
      return this.#pauseMs(down);
    }
    this.#down = this.#down === null ? null : { ...down, isBlind: false, attempts: down.attempts + 1 };
    this.#send(row);
    await Promise.all(this.#sending);
    return this.#down === null ? 0 : this.#pauseMs(this.#down);
  }

  async #sendAll(rows: readonly OutboxRow[]): Promise<void> {
    for (const [place, row] of rows.entries()) {
      if (place > 0 && place % slice === 0) await nextTurn();
      this.#send(row);
    }
  }

  #send({ no, tenant, executionId, priority }: OutboxRow): void {
    const { handover } = this.#parts;
    const sending = handover.hand({ tenant, id: executionId, priority, key: `outbox-${no}` }).then(
      () => {
        this.#sending.delete(sending);
        this.#handed += 1;
        this.#success();
        this.#markLater(no);
      },
      (error: unknown) => {
        this.#sending.delete(sending);
        this.#failed += 1;
        const pauseMs = this.#failure('engine', error);
        return this.#parts.outbox.defer([no], this.#parts.clock.now() + pauseMs).catch(() => {});
      },
    );
    this.#sending.add(sending);
  }

  #success(): void {
    if (this.#down === null) return;
    this.#down = null;
    this.#lookedForOverdueAt = Number.NEGATIVE_INFINITY;
    this.#parts.onUp();
  }

  /** Many fail at once where the engine is gone: that counts as one attempt, and is told once. */
  #failure(who: Down['who'], error: unknown): number {
    if (this.#down === null) {
      this.#down = { who, attempts: 1, isBlind: false };
      this.#parts.onDown(error);
    } else if (who === 'database') this.#down = { ...this.#down, attempts: this.#down.attempts + 1 };
    return this.#pauseMs(this.#down);
  }

  #pauseMs({ attempts }: Down): number {
    return Math.max(shortestDownMs, retryDelayMs(downPolicy, attempts, this.#parts.random));
  }

  #markLater(no: number): void {
    this.#unmarked.push(no);
    this.#markTimer ??= this.#parts.clock.setTimer(markAfterMs, () => void this.#mark());
  }

  async #mark(): Promise<void> {
    this.#markTimer?.cancel();
    this.#markTimer = null;
    const nos = this.#unmarked;
    this.#unmarked = [];
    // Where that fails the lease runs out, and the engine is told again what it knows.
    if (nos.length > 0) await this.#parts.outbox.handed(nos).catch(() => {});
  }
}
