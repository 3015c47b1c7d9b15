import { hashJson, decodeJson, encodeJson } from '../kernel/json.ts';
import { durationMs } from '../kernel/duration.ts';
import { toError } from '../kernel/failure.ts';
import type { PendingSignal } from '../work/execution-store.ts';
import type { StepType } from '../work/journal.ts';
import { AttemptLoop } from './attempts.ts';
import type { Attempt, Succeeded, Work } from './attempt.ts';
import { stepRecord, stepSettings } from './effect.ts';
import type { Settler, StepSettings } from './effect.ts';
import type { StepHistory } from './history.ts';
import type { Run } from './run.ts';
import type { StepAttempt, StepOptions } from './step-api.ts';

/** Does a piece of work as a step: once, whatever crashes. `decode` reads the value back from the journal. */
export function performStep<T>(run: Run, work: Work<T>, decode: (past: StepHistory, output: string) => T): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settler: Settler<T> = { resolve, reject };
    run.reach(
      work.key,
      (past) => replay(settler, past, decode),
      (past) => new AttemptLoop(run, work, settler, past),
    );
    warnOfOtherInput(run, work.key, work.inputHash);
  });
}

/** `step.run` */
export function runStep<T>(
  run: Run,
  key: string,
  fn: (attempt: StepAttempt) => T | Promise<T>,
  options: StepOptions | undefined,
  defaults: StepSettings,
): Promise<T> {
  const limits = { maxBytes: run.services.limits.maxResultBytes, what: `the result of step '${key}'` };
  const succeed = (result: T): Succeeded<T> => {
    const output = encodeJson(result, limits);
    return { value: decodeResult<T>(result, output), output, records: [], usage: null };
  };
  const perform = (attempt: Attempt): Succeeded<T> | Promise<Succeeded<T>> => {
    const result = fn(attempt);
    return isThenable(result) ? Promise.resolve(result).then(succeed) : succeed(result);
  };
  const work: Work<T> = { key, type: 'run', inputHash: null, settings: stepSettings(key, options, defaults), perform };
  // What comes back is what encodeJson took: the type the author gave it, as JSON keeps it.
  return performStep(run, work, (_, output) => decodeJson(output) as T);
}

/** `step.sleep` */
export function sleepStep(run: Run, key: string, duration: Parameters<typeof durationMs>[0]): Promise<void> {
  const ms = durationMs(duration, `the duration of step '${key}'`);
  return waitStep(
    run,
    { key, type: 'sleep', input: { ms }, durationMs: ms, signal: null, details: null },
    () => undefined,
  );
}

/** A step that waits: for a time, for a signal, or for whichever comes first. */
export interface WaitWork {
  readonly key: string;
  readonly type: Extract<StepType, 'sleep' | 'wait' | 'approval'>;
  /** Hashed; a different one on replay is a warning. */
  readonly input: object;
  /** Null waits for as long as it takes. */
  readonly durationMs: number | null;
  readonly signal: string | null;
  /** Recorded while it waits (JSON). */
  readonly details: string | null;
}

/** Opens a wait; `decode` makes its value from the payload (JSON text), or from null when its time came. */
export function waitStep<T>(run: Run, work: WaitWork, decode: (payload: string | null) => T): Promise<T> {
  const { key, type, signal, details } = work;
  const inputHash = hashJson(work.input);
  return new Promise<T>((resolve, reject) => {
    const finish = (taken: PendingSignal | null): void => {
      run.hold(null);
      const record = stepRecord(key, type, 'completed', { inputHash, output: taken?.payload ?? null });
      const commit = taken === null ? { records: [record] } : { records: [record], takesSignal: taken.id };
      run.commit('wake', commit, () =>
        run.deliver(() => {
          run.release(null);
          resolve(decode(taken?.payload ?? null));
        }),
      );
    };
    run.reach(
      key,
      (past) => {
        if (past.final?.phase === 'failed') replay({ resolve, reject }, past, () => decode(null));
        else resolve(decode(past.final?.output ?? null));
      },
      (past) => {
        const opened = past?.waiting ?? null;
        const dueAt =
          opened !== null ? opened.dueAt : work.durationMs === null ? null : run.services.clock.now() + work.durationMs;
        const record = opened === null ? stepRecord(key, type, 'waiting', { inputHash, dueAt, details }) : null;
        run.waits.add({ key, dueAt, signal, record, end: finish });
      },
    );
    warnOfOtherInput(run, key, inputHash);
  });
}

function replay<T>(
  { resolve, reject }: Settler<T>,
  past: StepHistory,
  decode: (past: StepHistory, output: string) => T,
): void {
  const { final } = past;
  if (final === null) return;
  if (final.phase === 'failed') reject(toError(final.error ?? { name: 'Error', message: 'The step failed.' }));
  else resolve(decode(past, final.output ?? 'null'));
}

function warnOfOtherInput(run: Run, key: string, inputHash: string | null): void {
  const past = run.history.steps.get(key);
  if (
    past === undefined ||
    past.warned ||
    inputHash === null ||
    past.inputHash === null ||
    past.inputHash === inputHash
  )
    return;
  run.warn(
    key,
    past.attempts,
    `Step '${key}' was given something else than when it was recorded; the recorded result stands.`,
  );
}

/** The value as a replay will see it: `undefined`, `NaN` and a date come back as something else. */
function decodeResult<T>(result: T, output: string): T {
  return typeof result === 'string' || typeof result === 'boolean' ? result : (decodeJson(output) as T);
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
