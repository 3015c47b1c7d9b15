import type { Clock, Timer } from '../kernel/clock.ts';
import type { PendingSignal } from '../work/execution-store.ts';
import type { StepRecord } from '../work/journal.ts';

/** A branch that waits for a time, a signal, or whichever comes first. */
export interface OpenWait {
  readonly key: string;
  /** Epoch milliseconds; null waits for as long as it takes. */
  readonly dueAt: number | null;
  readonly signal: string | null;
  /** What has to be committed before the run may be parked; null when the journal has it. */
  readonly record: StepRecord | null;
  /** What for, where the journal does not say it. */
  readonly reason?: string;
  /** Called once: with the signal it took, or null when the time came. */
  readonly end: (signal: PendingSignal | null) => void;
}

/** The open waits of a run and the signals nobody took yet; signals of one name go to waits in the order they were opened. */
export class Waits {
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenWait>();
  readonly #unrecorded: StepRecord[] = [];
  readonly #signals: PendingSignal[];
  readonly #seen: Set<string>;
  #timer: Timer | null = null;

  constructor(clock: Clock, signals: readonly PendingSignal[]) {
    this.#clock = clock;
    this.#signals = [...signals];
    this.#seen = new Set(signals.map((signal) => signal.id));
  }

  get count(): number {
    return this.#open.size;
  }

  /** Ends it at once with a signal that is there already, otherwise opens it. */
  add(wait: OpenWait): void {
    const signal = this.#take(wait.signal);
    if (signal !== null) {
      wait.end(signal);
      return;
    }
    this.#open.set(wait.key, wait);
    if (wait.record !== null) this.#unrecorded.push(wait.record);
  }

  /** Signals from the store, of which some may be known already. */
  offer(signals: readonly PendingSignal[]): void {
    for (const signal of signals) {
      if (this.#seen.has(signal.id)) continue;
      this.#seen.add(signal.id);
      this.#signals.push(signal);
    }
    for (const wait of this.#open.values()) {
      const signal = this.#take(wait.signal);
      if (signal !== null) this.#end(wait, signal);
    }
  }

  /** Ends what is due, the earliest first: who comes first must not depend on how long nobody looked. */
  endDue(): void {
    const now = this.#clock.now();
    const due = [...this.#open.values()].filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    for (const wait of due.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))) this.#end(wait, null);
  }

  /** The records of waits that were opened since the last call. */
  takeUnrecorded(): StepRecord[] {
    return this.#unrecorded.splice(0);
  }

  /** Ends a wait before it is due; false when it is not open. */
  endNow(key: string): boolean {
    const wait = this.#open.get(key);
    if (wait !== undefined) this.#end(wait, null);
    return wait !== undefined;
  }

  /** What the first of those waits for of which the journal does not say it. */
  reason(): string | null {
    for (const { reason } of this.#open.values()) if (reason !== undefined) return reason;
    return null;
  }

  /** When the first of the open waits is due; null when none waits for a time. */
  nextDue(): number | null {
    let next: number | null = null;
    for (const { dueAt } of this.#open.values()) if (dueAt !== null && (next === null || dueAt < next)) next = dueAt;
    return next;
  }

  awaitedSignals(): string[] {
    return [...this.#open.values()].flatMap(({ signal }) => (signal === null ? [] : [signal]));
  }

  /** Ends waits as they become due, for as long as the run stays in memory. */
  watch(): void {
    this.unwatch();
    const due = this.nextDue();
    if (due === null) return;
    this.#timer = this.#clock.setTimer(due - this.#clock.now(), () => {
      this.endDue();
      this.watch();
    });
  }

  /** Leaves what becomes due to the next run. */
  unwatch(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  stop(): void {
    this.unwatch();
    this.#open.clear();
  }

  #end(wait: OpenWait, signal: PendingSignal | null): void {
    this.#open.delete(wait.key);
    // What has ended is not opened any more: its record would come after the one of its end.
    const unrecorded = wait.record === null ? -1 : this.#unrecorded.indexOf(wait.record);
    if (unrecorded >= 0) this.#unrecorded.splice(unrecorded, 1);
    wait.end(signal);
  }

  #take(name: string | null): PendingSignal | null {
    if (name === null || this.#signals.length === 0) return null;
    const place = this.#signals.findIndex((signal) => signal.name === name);
    return place < 0 ? null : (this.#signals.splice(place, 1)[0] ?? null);
  }
}
