import type { ZodType } from 'zod';
import type { Json } from '../kernel/json.ts';
import type { Member } from '../squads/squad.ts';
import type { NewMessage } from '../work/message.ts';
import type { Usage } from '../work/usage.ts';
import type { ItemChange } from '../work/work-item.ts';

/** What an ask ends with. `object` is there when a schema was given. */
export interface Answer {
  readonly text: string;
  readonly object?: unknown;
  readonly usage: Usage;
  readonly itemId: string;
}

export interface AskOptions {
  /** The name of the step; the role where absent. */
  readonly name?: string;
  /** What the answer has to match; given back parsed as `object`. */
  readonly schema?: ZodType;
}

/** One try of a journaled call. `signal` aborts when the run is cancelled, fenced or out of time. */
export interface CallAttempt {
  /** 1 for the first try. */
  readonly number: number;
  readonly signal: AbortSignal;
  /** `<execution>/<step key>`: the same for every attempt of a step. */
  readonly idempotencyKey: string;
  /** Passes on text as it streams; not stored. */
  delta(text: string): void;
}

/** What a call leaves behind, all in one commit. `output` must not repeat the text of the messages. */
export interface CallResult {
  readonly output: Json;
  readonly messages: readonly NewMessage[];
  readonly usage: Usage;
  readonly item?: ItemChange;
}

/** A call with its intent committed before it leaves and its result committed before anything else happens. */
export interface JournaledCall {
  /** Added to the key of the ask: `model/1`, `tool/1.2`. */
  readonly name: string;
  readonly type: 'model' | 'tool';
  /** What the call is given; hashed, not stored. */
  readonly input: Json;
  /** Committed together with the first intent. */
  readonly begin?: { readonly messages: readonly NewMessage[]; readonly item?: ItemChange };
  /** Committed when the last attempt failed. */
  readonly failed?: (reason: string) => ItemChange;
  /** What an attempt whose outcome was lost in a crash counts as. */
  readonly reservation: Usage;
  readonly timeoutMs: number;
  readonly make: (attempt: CallAttempt) => Promise<CallResult>;
}

/** What a committed call gives back, in the first run and in every replay: its output and the messages it left. */
export interface RecordedCall {
  readonly output: Json;
  readonly messages: readonly NewMessage[];
  readonly usage: Usage;
}

/** One ask: which member is asked what, and the way to make calls that happen once. */
export interface AskRequest {
  readonly tenant: string;
  readonly executionId: string;
  /** The full key of the ask, such as `review` or `round-2/review`. */
  readonly key: string;
  /** Derived from the execution and the key, so the same in every replay. */
  readonly itemId: string;
  readonly member: Member;
  readonly message: string;
  readonly options: AskOptions;
  readonly call: (call: JournaledCall) => Promise<RecordedCall>;
}

/** The port through which `squad.ask` is filled: the agents floor implements it. Calls of one ask come one after the other. */
export interface Asker {
  ask(request: AskRequest): Promise<Answer>;
}
