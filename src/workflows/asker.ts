import type { ZodType } from 'zod';
import type { Json } from '../kernel/json.ts';
import type { Member } from '../squads/squad.ts';
import type { NewMessage } from '../work/message.ts';
import type { Usage } from '../work/usage.ts';
import type { ItemChange } from '../work/work-item.ts';
import type { CallSpan } from './run-watcher.ts';
import type { ApprovalResult, CallApproval } from './step-api.ts';
import type { AnyTool, InDoubtPolicy } from './tool.ts';

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
  /** What it may call beside the tools of the member; of two with one name this one counts. */
  readonly tools?: readonly AnyTool[];
}

/** One try of a journaled call. `signal` aborts when the run is cancelled, fenced or out of time. */
export interface CallAttempt {
  /** 1 for the first try. */
  readonly number: number;
  /** Whether the step fails for good if this try fails. */
  readonly isLast: boolean;
  readonly signal: AbortSignal;
  /** `<execution>/<step key>`: the same for every attempt of a step. */
  readonly idempotencyKey: string;
  /** Passes on text as it streams; not stored. */
  delta(text: string): void;
}

/** What an attempt ends with that left, and of which no more will be heard although nothing crashed. */
export class LostAttempt extends Error {}

/** What a call leaves behind, all in one commit. `output` must not repeat the text of the messages. */
export interface CallResult {
  readonly output: Json;
  readonly messages: readonly NewMessage[];
  /** Null for a call that costs no tokens. */
  readonly usage: Usage | null;
  readonly item?: ItemChange;
}

/** What is done about an attempt of which nothing was heard, because of a crash or a `LostAttempt`. */
export interface LostCall {
  /** `ask` opens the approval `<call>/in-doubt-<attempt>` with the choices retry, skip and fail. */
  readonly policy: InDoubtPolicy;
  /** What the person is asked. */
  readonly question: { readonly title: string; readonly details: string };
  /** What the call gives when the person says skip. */
  readonly skipped: () => CallResult;
}

/** What an attempt may cost, and what it holds until it leaves. */
export interface Reserved {
  readonly usage: Usage;
  /** Called when the attempt does not leave. */
  readonly giveBack: () => void;
}

/** Where an attempt has to wait before it may leave, or to look at tools, it is made for each one; rejects when the signal aborts. */
export type Reservation = Usage | ((signal: AbortSignal) => Promise<Reserved>);

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
  /** What an attempt may cost at most: held by the budgets from its intent on, and what it counts as when its outcome is lost. */
  readonly reservation?: Reservation;
  /** Recorded with each intent, for who watches. */
  readonly details?: Readonly<Record<string, Json>>;
  /** What is told of it to who traces it. */
  readonly describe?: () => CallSpan;
  /** Calls are made again where absent. */
  readonly lost?: LostCall;
  /** False for what touches nothing outside: nothing has to be committed before it. */
  readonly intent?: boolean;
  readonly timeoutMs: number;
  readonly make: (attempt: CallAttempt) => Promise<CallResult>;
}

/** What a committed call gives back, in the first run and in every replay: its output and the messages it left. */
export interface RecordedCall {
  readonly output: Json;
  readonly messages: readonly NewMessage[];
  readonly usage: Usage;
}

/** One ask: which member is asked what, and the way to make calls that happen once. Names are added to its key. */
export interface AskRequest {
  readonly tenant: string;
  readonly executionId: string;
  /** Of the execution. Higher goes first within its tenant. */
  readonly priority: number;
  /** The full key of the ask, such as `review` or `round-2/review`. */
  readonly key: string;
  /** 0 for an ask of the workflow, one more for each agent in between. */
  readonly depth: number;
  /** Derived from the execution and the key, so the same in every replay. */
  readonly itemId: string;
  readonly member: Member;
  /** The squad that the member is of. */
  readonly squadId: string;
  /** The members of the squad. */
  readonly colleagues: readonly Member[];
  readonly message: string;
  readonly options: AskOptions;
  /** How long it has been at work, waiting for people aside, also before a restart. Not the same in a replay: for calls only. */
  readonly elapsedMs: () => number;
  /** Whether the journal knows the step: what was decided on the way to it stands. */
  readonly isRecorded: (name: string) => boolean;
  readonly call: (call: JournaledCall) => Promise<RecordedCall>;
  /** Asks a person, and waits. */
  readonly approve: (name: string, options: CallApproval) => Promise<ApprovalResult>;
  /** Asks a colleague, as an ask within this one. */
  readonly ask: (member: Member, name: string, message: string) => Promise<Answer>;
}

/** The port through which `squad.ask` is filled: the agents floor implements it. Calls of one ask come one after the other. */
export interface Asker {
  ask(request: AskRequest): Promise<Answer>;
}
