import type { Clock } from '../kernel/clock.ts';
import type { History } from './history.ts';

/** The part of a run that says what the time was and is. */
interface TimedRun {
  readonly history: History;
  readonly services: { readonly clock: Clock };
}

/**
 * How long an ask has been at work. It begins with its first record and goes on while nobody runs it; the time in which
 * it waits for a person does not count, and a retry of the execution begins anew.
 */
export class AskClock {
  readonly #run: TimedRun;
  readonly #outer: AskClock | null;
  readonly #startedAt: number;
  #waitedMs = 0;

  /** `first` is the key of the ask's first call; `outer` that of the ask in which this one is made. */
  constructor(run: TimedRun, first: string, outer: AskClock | null) {
    this.#run = run;
    this.#outer = outer;
    const { steps, retriedAt } = run.history;
    this.#startedAt = Math.max(steps.get(first)?.since ?? run.services.clock.now(), retriedAt);
  }

  get elapsedMs(): number {
    return Math.max(0, this.#run.services.clock.now() - this.#startedAt - this.#waitedMs);
  }

  /** Leaves out the time in which the step `key` waits. */
  async pauseFor<T>(key: string, waiting: Promise<T>): Promise<T> {
    const past = this.#run.history.steps.get(key);
    const from = past?.since ?? this.#run.services.clock.now();
    const result = await waiting;
    this.#leaveOut(from, past?.final?.at ?? this.#run.services.clock.now());
    return result;
  }

  #leaveOut(from: number, to: number): void {
    this.#waitedMs += Math.max(0, to - Math.max(from, this.#startedAt));
    if (this.#outer !== null) this.#outer.#leaveOut(from, to);
  }
}
