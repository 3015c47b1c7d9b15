import type { SquadraError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { JournalRecord, StepType } from '../work/journal.ts';
import type { Usage } from '../work/usage.ts';
import type { ItemChange } from '../work/work-item.ts';
import type { Reservation } from './asker.ts';
import type { StepSettings } from './effect.ts';
import type { Run, Stoppable } from './run.ts';
import type { CallSpan } from './run-watcher.ts';
import type { StepAttempt } from './step-api.ts';

/** What an attempt that succeeded leaves. `value` is what the workflow gets; it is what a replay would decode from the records. */
export interface Succeeded<T> {
  readonly value: T;
  readonly output: string;
  readonly records: readonly JournalRecord[];
  readonly usage: Usage | null;
  readonly item?: ItemChange;
}

/** A step that does something: what it does, and what is recorded around it. */
export interface Work<T> {
  readonly key: string;
  readonly type: StepType;
  readonly inputHash: string | null;
  readonly settings: StepSettings;
  readonly perform: (attempt: Attempt) => Succeeded<T> | Promise<Succeeded<T>>;
  /** Committed with the first intent. */
  readonly begin?: { readonly records: readonly JournalRecord[]; readonly item?: ItemChange };
  /** What an attempt may cost, and what it counts as when a crash cuts it off. */
  readonly reservation?: Reservation;
  /** Who decides when a budget that may be raised has no room for an attempt; where absent the step fails. */
  readonly ceiling?: Ceiling;
  /** Committed with the last failure. */
  readonly failed?: (reason: string) => ItemChange;
  /** What is recorded of an attempt beside its intent, for who watches (JSON). */
  readonly details?: Readonly<Record<string, Json>>;
  /** What is told of it to who traces it. */
  readonly describe?: () => CallSpan;
  /** How an attempt of which nothing was heard is settled; where absent it failed, and another one is made. */
  readonly doubt?: Doubt<T>;
}

/** What is to be done about an attempt that a budget has no room for; `retry`: there may be room by now. */
export type CeilingDecision = 'raise' | 'retry' | 'refuse';

/** Asks a person, or waits for the next period. `times`: how often it was asked for this attempt before. */
export interface Ceiling {
  decide(attempt: number, times: number, refusal: SquadraError): Promise<CeilingDecision>;
}

/** What is to be done about an attempt that left and of which nothing was heard. */
export type DoubtDecision = 'retry' | 'skip' | 'fail';

/** Who decides about attempts in doubt, and what the step gives when one is passed over. */
export interface Doubt<T> {
  decide(attempt: number): Promise<DoubtDecision>;
  skipped(): Succeeded<T>;
}

/** One try of a step. The abort controller is made when somebody asks for the signal. */
export class Attempt implements StepAttempt, Stoppable {
  readonly number: number;
  /** Whether the step fails for good if this attempt fails. */
  readonly isLast: boolean;
  readonly #run: Run;
  readonly #key: string;
  readonly #onStop: () => void;
  #controller: AbortController | null = null;
  #stopped: Error | null = null;

  constructor(run: Run, key: string, number: number, isLast: boolean, onStop: () => void) {
    this.#run = run;
    this.#key = key;
    this.number = number;
    this.isLast = isLast;
    this.#onStop = onStop;
  }

  get idempotencyKey(): string {
    return `${this.#run.executionId}/${this.#key}`;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#stopped !== null) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  stop(reason: Error): void {
    this.#stopped = reason;
    this.#onStop();
    this.#controller?.abort(reason);
  }
}
