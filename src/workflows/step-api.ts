import type { Duration } from '../kernel/duration.ts';

/** One try of a step. */
export interface StepAttempt {
  /** 1 for the first try. */
  readonly number: number;
  /** Aborts when the attempt is out of time, or its execution is cancelled, fenced or over. */
  readonly signal: AbortSignal;
  /** `<execution>/<step>`: the same for every attempt, for services that recognise a repeated request. */
  readonly idempotencyKey: string;
}

export interface StepOptions {
  /** Tries after the first one; 4 where nothing is said. */
  readonly retries?: number;
  /** First pause, longest pause, and the factor between pauses: 1 s, 60 s, 2 where nothing is said; with full jitter. */
  readonly backoff?: { readonly initial?: Duration; readonly max?: Duration; readonly factor?: number };
  /** How long one attempt may take; the setting `stepTimeout` where nothing is said. */
  readonly timeout?: Duration;
  /** Commits an intent before each attempt, so that an attempt a crash cut off is visible and counted. */
  readonly intent?: boolean;
}

export type WaitResult<T> = { readonly payload: T; readonly timedOut: false } | { readonly timedOut: true };

export type ApprovalResult =
  | {
      readonly choice: string;
      readonly by: string;
      readonly comment?: string;
      readonly text?: string;
      readonly timedOut?: false;
    }
  | { readonly timedOut: true };

export interface ApprovalOptions {
  readonly title: string;
  readonly details?: string;
  /** `approve` and `reject` where nothing is said. */
  readonly choices?: readonly string[];
  readonly timeout?: Duration;
}

/** What a call asks a person: it may wait until a time (epoch milliseconds) instead of for a duration. */
export interface CallApproval extends ApprovalOptions {
  readonly until?: number | null;
}

/** `step` in a workflow. Names are the author's, unique within their scope, and find the committed result again. */
export interface StepApi {
  /** Runs `fn` until it succeeds once; its result (JSON) is committed before the workflow goes on, and never computed again. */
  run<T>(name: string, fn: (attempt: StepAttempt) => T | Promise<T>, options?: StepOptions): Promise<T>;
  /** Waits until a point in time that is fixed when the step is first reached. */
  sleep(name: string, duration: Duration): Promise<void>;
  /** Takes the oldest signal of this name, also one that came before; its payload is given as it was sent. */
  waitFor<T>(signal: string, options?: { readonly name?: string; readonly timeout?: Duration }): Promise<WaitResult<T>>;
  /** Asks a person, and waits for the answer. */
  approve(name: string, options: ApprovalOptions): Promise<ApprovalResult>;
  /** Steps inside get `name/` before their own names. */
  scope<T>(name: string, fn: (step: StepApi) => Promise<T>): Promise<T>;
}
