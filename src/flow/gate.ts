import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { DrainRate } from './drain-rate.ts';
import type { QueueReading } from './drain-rate.ts';

/** Closes for submissions while too many executions are queued. */
export interface GateState {
  readonly isOpen: boolean;
  readonly queued: number;
  /** The gate is closed at this many. */
  readonly closesAt: number;
}

/** What decides where the gate closes. */
export interface GateSettings {
  readonly maxQueuedExecutions: number;
  readonly backpressureThreshold: number;
}

export function gateState(queued: number, settings: GateSettings): GateState {
  const closesAt = Math.ceil(settings.backpressureThreshold * settings.maxQueuedExecutions);
  return { isOpen: queued < closesAt, queued, closesAt };
}

/** What every submission passes before anything is stored of it, and what tells those who do not when to come back. */
export class Gate {
  readonly #settings: GateSettings;
  readonly #read: () => QueueReading;
  readonly #drain: DrainRate;
  /** On their way to the queue: they count, or a burst would pass as one. */
  #arriving = 0;

  constructor(settings: GateSettings, clock: Clock, read: () => QueueReading) {
    this.#settings = settings;
    this.#read = read;
    this.#drain = new DrainRate(clock);
  }

  /** As it stands, those on their way to the queue included. */
  state(): GateState {
    return gateState(this.#read().queued + this.#arriving, this.#settings);
  }

  /** Throws `QUEUE_FULL` when the gate is closed, with `details.retryAfterMs`: when there is likely to be a place. */
  pass(): void {
    const reading = this.#read();
    const state = gateState(reading.queued + this.#arriving, this.#settings);
    if (state.isOpen) {
      this.#drain.observe(reading);
      return;
    }
    const { queued, closesAt } = state;
    throw new SquadraError(
      'QUEUE_FULL',
      `${queued} executions are queued and the gate closes at ${closesAt}; nothing of this submission was stored.`,
      { details: { queued, closesAt, retryAfterMs: this.#drain.retryAfterMs(reading, queued - closesAt + 1) } },
    );
  }

  /** Counts one as queued until the function that is given back is called: when the queue has it, or it failed. */
  arrive(): () => void {
    this.#arriving += 1;
    return () => {
      this.#arriving -= 1;
    };
  }
}
