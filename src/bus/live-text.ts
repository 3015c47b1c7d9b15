import type { Clock, Timer } from '../kernel/clock.ts';
import type { CallPlace, Delta } from '../workflows/run-services.ts';
import type { Bus, TextSoFar } from './bus.ts';

export interface LiveTextSettings {
  /** What is kept of a call in flight for who comes late, in UTF-16 units; of a longer text the end. */
  readonly maxLiveTextBytes: number;
}

/** A call in flight: what it said, and what of it nobody was told yet. */
interface Call {
  readonly stepKey: string;
  readonly attempt: number;
  /** Where `told` begins. */
  start: number;
  told: string;
  untold: string;
}

/** How long pieces of one call are gathered before they travel as one. */
const windowMs = 25;
const widestWindowMs = 1_000;
/** Each millisecond that the event loop is late widens the window by so many. */
const widening = 10;
/** How much of what was before is remembered: one late moment is no load, and neither does one on time end it. */
const remembered = 0.5;
/** A timer is never on time to the millisecond; that is no load. */
const ordinaryLatenessMs = 5;

/**
 * The text of model calls on its way to who watches.
 *
 * L1  The first piece of a call travels at once; later ones are gathered over a window that widens as the event loop lags.
 * L2  All of a call's text has travelled when `end` returns, so none comes after the commit of its answer.
 * L3  What is kept goes with the end of the attempt: the stored answer, or the next attempt, takes its place.
 */
export class LiveText {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #maxKept: number;
  readonly #executions = new Map<string, Map<string, Call>>();
  /** Calls with untold text, and whose they are. */
  readonly #pending = new Map<Call, string>();
  #timer: Timer | null = null;
  #latenessMs = 0;

  constructor(bus: Bus, clock: Clock, { maxLiveTextBytes }: LiveTextSettings) {
    this.#bus = bus;
    this.#clock = clock;
    this.#maxKept = maxLiveTextBytes;
    bus.answerWith((executionId) => this.soFar(executionId));
  }

  /** How many milliseconds of text travel as one piece now. */
  get windowMs(): number {
    const lateness = Math.max(0, this.#latenessMs - ordinaryLatenessMs);
    return Math.min(widestWindowMs, windowMs + widening * lateness);
  }

  /** How many calls are in flight and have said something. */
  get size(): number {
    let size = 0;
    for (const calls of this.#executions.values()) size += calls.size;
    return size;
  }

  /** Takes a piece of a call's text. A higher attempt takes the place of the one before. */
  add({ executionId, stepKey, attempt, offset, text }: Delta): void {
    const calls = this.#executions.get(executionId) ?? new Map<string, Call>();
    const known = calls.get(stepKey);
    if (known !== undefined && known.attempt === attempt) {
      known.untold += text;
      this.#pending.set(known, executionId);
      this.#timer ??= this.#setTimer();
      return;
    }
    if (known !== undefined) this.#pending.delete(known);
    const call: Call = { stepKey, attempt, start: offset, told: '', untold: text };
    this.#executions.set(executionId, calls.set(stepKey, call));
    this.#tell(call, executionId);
  }

  /** The attempt is over: what is left of its text travels now, and is forgotten. */
  end({ executionId, stepKey, attempt }: CallPlace): void {
    const calls = this.#executions.get(executionId);
    const call = calls?.get(stepKey);
    if (calls === undefined || call === undefined || call.attempt !== attempt) return;
    this.#tell(call, executionId);
    calls.delete(stepKey);
    if (calls.size === 0) this.#executions.delete(executionId);
    if (this.#pending.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** What the calls in flight of an execution have said, all of which has travelled by then. */
  soFar(executionId: string): readonly TextSoFar[] {
    const calls = this.#executions.get(executionId);
    if (calls === undefined) return [];
    return Array.from(calls.values(), (call) => {
      this.#tell(call, executionId);
      const { stepKey, attempt, start, told } = call;
      return { event: 'text-so-far', executionId, stepKey, attempt, offset: start, text: told };
    });
  }

  #tell(call: Call, executionId: string): void {
    this.#pending.delete(call);
    const { stepKey, attempt, start, told, untold } = call;
    if (untold === '') return;
    const offset = start + told.length;
    call.told += untold;
    call.untold = '';
    // Twice as much, so that a long text is not cut anew with each piece.
    if (call.told.length > 2 * this.#maxKept) {
      call.start += call.told.length - this.#maxKept;
      call.told = call.told.slice(-this.#maxKept);
    }
    const delta = { event: 'text-delta', executionId, stepKey, attempt, offset, text: untold } as const;
    this.#bus.publish({ kind: 'delta', executionId, delta });
  }

  #setTimer(): Timer {
    const delayMs = this.windowMs;
    const due = this.#clock.now() + delayMs;
    return this.#clock.setTimer(delayMs, () => {
      this.#timer = null;
      const lateness = Math.max(0, this.#clock.now() - due);
      this.#latenessMs = remembered * this.#latenessMs + (1 - remembered) * lateness;
      for (const [call, executionId] of this.#pending) this.#tell(call, executionId);
    });
  }
}
