import type { Duration } from '../kernel/duration.ts';
import { durationMs } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Failure } from '../kernel/failure.ts';
import type { RetryPolicy } from '../kernel/retry.ts';
import { defaultRetryPolicy } from '../kernel/retry.ts';
import type { StepPhase, StepRecord, StepType } from '../work/journal.ts';
import type { StepOptions } from './step-api.ts';

/** How the promise of a step is settled. */
export interface Settler<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What a step runs with once its options and the workflow's are put together. */
export interface StepSettings {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly intent: boolean;
}

/** Options of the step over those of the workflow over the defaults. Throws `INVALID_STEP` or `INVALID_DURATION`. */
export function stepSettings(key: string, options: StepOptions | undefined, defaults: StepSettings): StepSettings {
  if (options === undefined) return defaults;
  const { retries = defaults.retry.retries, backoff = {}, timeout, intent = defaults.intent } = options;
  if (!Number.isInteger(retries) || retries < 0) throw invalid(key, `retries is ${retries}; use a whole number from 0`);
  const { factor = defaults.retry.factor } = backoff;
  if (!(factor >= 1)) throw invalid(key, `backoff.factor is ${factor}; use a number from 1`);
  const ms = (duration: Duration | undefined, otherwise: number, name: string): number =>
    duration === undefined ? otherwise : durationMs(duration, `${name} of step '${key}'`);
  return {
    retry: {
      retries,
      factor,
      initialMs: ms(backoff.initial, defaults.retry.initialMs, 'backoff.initial'),
      maxMs: ms(backoff.max, defaults.retry.maxMs, 'backoff.max'),
    },
    timeoutMs: ms(timeout, defaults.timeoutMs, 'timeout'),
    intent,
  };
}

/** What steps run with where nobody says anything. */
export function defaultStepSettings(stepTimeoutMs: number): StepSettings {
  return { retry: defaultRetryPolicy, timeoutMs: stepTimeoutMs, intent: false };
}

function invalid(key: string, why: string): SquadraError {
  return new SquadraError('INVALID_STEP', `The options of step '${key}' are wrong: ${why}.`);
}

interface RecordParts {
  readonly attempt?: number;
  readonly inputHash?: string | null;
  readonly output?: string | null;
  readonly error?: Failure | null;
  readonly dueAt?: number | null;
  readonly details?: string | null;
  readonly usage?: StepRecord['usage'];
}

/** A record of a step; what is not named is empty. */
export function stepRecord(key: string, type: StepType, phase: StepPhase, parts: RecordParts): StepRecord {
  const {
    attempt = 1,
    inputHash = null,
    output = null,
    error = null,
    dueAt = null,
    details = null,
    usage = null,
  } = parts;
  return { kind: 'step', key, type, phase, attempt, inputHash, output, error, dueAt, details, usage };
}
