import type { Failure } from '../kernel/failure.ts';
import type { ExecutionStatus } from './execution.ts';
import type { NewMessage } from './message.ts';
import type { Usage } from './usage.ts';

/** What a step does; decides how it is shown and what replay does with it. */
export type StepType = 'run' | 'sleep' | 'wait' | 'approval' | 'model' | 'tool';

/**
 * What happened to a step. `intent`: an attempt is about to leave. `waiting`: it is open until `dueAt`, a signal or an answer.
 * `failed`: an attempt failed; with `dueAt` there will be another then. `completed`: final. `warning`: something about it is odd, said in `details`.
 */
export type StepPhase = 'intent' | 'waiting' | 'failed' | 'completed' | 'warning';

/** One entry of a step in the journal. `output` and `details` are JSON text. */
export interface StepRecord {
  readonly kind: 'step';
  readonly key: string;
  readonly type: StepType;
  readonly phase: StepPhase;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Hash of what the step was given, where it was given something; a different one on replay is a warning. */
  readonly inputHash: string | null;
  readonly output: string | null;
  readonly error: Failure | null;
  /** Epoch ms: end of a sleep or of a time-out while waiting, time of the next attempt when failed. */
  readonly dueAt: number | null;
  /** JSON: the signal waited for or the approval asked for while waiting; the reservation of an intent; the text of a warning. */
  readonly details: string | null;
  readonly usage: Usage | null;
}

/** A change of status. `output` is JSON text. */
export interface StatusRecord {
  readonly kind: 'status';
  readonly status: ExecutionStatus;
  readonly output?: string;
  readonly error?: Failure;
  readonly reason?: string;
  readonly wakeAt?: number | null;
}

/** Something that was said. */
export interface MessageRecord {
  readonly kind: 'message';
  readonly message: NewMessage;
}

/** The ask that a model or tool call belongs to: calls are named `<ask>/<kind>/<place>`. Null for other steps. */
export function askKeyOf({ key, type }: Pick<StepRecord, 'key' | 'type'>): string | null {
  return type === 'model' || type === 'tool' ? key.split('/').slice(0, -2).join('/') : null;
}

export type JournalRecord = StepRecord | StatusRecord | MessageRecord;

/** A record as it lies in the journal: numbered without gaps from 1, stamped with epoch milliseconds. */
export type Journaled<R extends JournalRecord = JournalRecord> = R & { readonly seq: number; readonly at: number };
