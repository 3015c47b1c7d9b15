import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/kernel/clock.ts';
import { opsSchema } from './inngest-protocol.ts';
import type { Caller, CallAnswer, SentEvent, ServedFunction, StepOp } from './inngest-protocol.ts';

export interface ExecutorParts {
  /** On whose clock the runs of an event sleep. */
  readonly clockOf: (event: SentEvent) => Clock;
  /** The pause before an attempt that follows a failed one. */
  readonly retryMs: number;
  /** As many attempts as a function wants; with `false` any number. */
  readonly givesUp: boolean;
}

/** One run of a function. */
export interface Run {
  readonly id: string;
  readonly functionId: string;
  readonly event: SentEvent;
  /** Results of its steps, by their hashed names. */
  readonly steps: Readonly<Record<string, unknown>>;
  readonly calls: number;
  readonly status: 'open' | 'completed' | 'failed' | 'cancelled';
  readonly output: unknown;
}

interface OpenRun extends Run {
  readonly steps: Record<string, unknown>;
  readonly order: string[];
  attempt: number;
  calls: number;
  status: Run['status'];
  output: unknown;
}

/** Of a concurrency key: one call at a time. */
interface Line {
  isBusy: boolean;
  readonly waiting: OpenRun[];
}

/** Without a number of its own a function is tried five times. */
const defaultRetries = 4;

/**
 * What Inngest does with functions, in memory: it starts runs for events, calls the function again and again with the results of the
 * steps that it has done, keeps each result, sleeps, tries again, and lets one call at a time through where a function wants that.
 */
export class InngestExecutor {
  readonly #parts: ExecutorParts;
  readonly #served = new Map<string, { readonly served: ServedFunction; readonly call: Caller }>();
  readonly #lines = new Map<string, Line>();
  readonly #taken = new Set<string>();
  readonly #calls = new Set<Promise<void>>();
  readonly runs: OpenRun[] = [];
  #isStopped = false;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Takes functions, in place of those of the same ids. */
  serve(functions: readonly ServedFunction[], call: Caller): void {
    for (const served of functions) this.#served.set(served.id, { served, call });
  }

  get functions(): readonly ServedFunction[] {
    return [...this.#served.values()].map(({ served }) => served);
  }

  /** Starts a run of each function that wants such an event; of one id there is one run of each. */
  take(event: SentEvent): string {
    const id = event.id ?? randomUUID();
    const taken = { ...event, id };
    for (const { served } of this.#served.values()) {
      if (!served.triggers.some(({ event: name, expression }) => name === event.name && holds(expression, taken)))
        continue;
      const once = `${served.id} ${id}`;
      if (this.#taken.has(once)) continue;
      this.#taken.add(once);
      const run: OpenRun = {
        id: randomUUID(),
        functionId: served.id,
        event: taken,
        steps: {},
        order: [],
        attempt: 0,
        calls: 0,
        status: 'open',
        output: null,
      };
      this.runs.push(run);
      this.#queue(run);
    }
    return id;
  }

  /** As somebody would in the dashboard: what is being called comes to its end, and nothing follows. */
  cancel(run: Run): void {
    for (const open of this.runs)
      if (open === run && open.status === 'open') this.#giveUp(open, 'cancelled', 'function cancelled');
  }

  /** Calls nothing more, and resolves when what is being called has come to its end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#calls);
  }

  /** As it was told of last: who serves it may have changed since the run began. */
  #servedOf({ functionId }: OpenRun): { readonly served: ServedFunction; readonly call: Caller } {
    const found = this.#served.get(functionId);
    if (found === undefined) throw new Error(`Nobody serves ${functionId}.`);
    return found;
  }

  #lineOf(run: OpenRun): Line {
    const { event, id } = run;
    const { served } = this.#servedOf(run);
    const key = served.concurrency?.[0]?.key;
    const name = key === undefined ? id : `${served.id} ${String(valueAt(key, event))}`;
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const line: Line = { isBusy: false, waiting: [] };
    this.#lines.set(name, line);
    return line;
  }

  #queue(run: OpenRun): void {
    const line = this.#lineOf(run);
    line.waiting.push(run);
    if (!line.isBusy) this.#next(line);
  }

  #next(line: Line): void {
    const run = line.waiting.shift();
    line.isBusy = run !== undefined && !this.#isStopped;
    if (run === undefined || this.#isStopped) return;
    if (run.status !== 'open') return this.#next(line);
    const calling = this.#call(run).finally(() => {
      this.#calls.delete(calling);
      this.#next(line);
    });
    this.#calls.add(calling);
  }

  async #call(run: OpenRun): Promise<void> {
    run.calls += 1;
    const { id, event, steps, order, attempt } = run;
    const { served, call } = this.#servedOf(run);
    const answer = await call(served, {
      version: 2,
      event,
      events: [event],
      steps: { ...steps },
      ctx: {
        run_id: id,
        fn_id: served.id,
        attempt,
        max_attempts: this.#maxAttempts(run),
        qi_id: `${id}-${run.calls}`,
        disable_immediate_execution: false,
        use_api: false,
        stack: { stack: [...order], current: order.length },
      },
    }).catch((error: unknown): CallAnswer => ({ status: 503, body: String(error), mayRetry: true }));
    if (run.status !== 'open') return;
    if (answer.status === 200) {
      run.status = 'completed';
      run.output = answer.body;
    } else if (answer.status === 206)
      for (const op of opsSchema.parse(answer.body)) this.#take(run, op, answer.mayRetry);
    else this.#tryAgain(run, answer.mayRetry, answer.body);
  }

  #take(run: OpenRun, { id, op, name = '', data, error }: StepOp, mayRetry: boolean): void {
    if (op === 'StepRun') this.#keep(run, id, { type: 'data', data: data ?? null });
    else if (op === 'StepFailed') this.#keep(run, id, { type: 'error', error });
    else if (op === 'StepError')
      this.#tryAgain(run, mayRetry, error, () => this.#keep(run, id, { type: 'error', error }));
    else {
      const clock = this.#parts.clockOf(run.event);
      clock.setTimer(sleepMs(name, clock.now()), () => this.#keep(run, id, null));
    }
  }

  #keep(run: OpenRun, stepId: string, result: unknown): void {
    run.steps[stepId] = result;
    run.order.push(stepId);
    run.attempt = 0;
    this.#queue(run);
  }

  #tryAgain(run: OpenRun, mayRetry: boolean, error: unknown, over = () => this.#giveUp(run, 'failed', error)): void {
    if (!mayRetry || run.attempt + 1 >= this.#maxAttempts(run)) return over();
    run.attempt += 1;
    const { clockOf, retryMs } = this.#parts;
    if (retryMs === 0) this.#queue(run);
    else clockOf(run.event).setTimer(retryMs, () => this.#queue(run));
  }

  #giveUp(run: OpenRun, status: 'failed' | 'cancelled', error: unknown): void {
    run.status = status;
    run.output = error;
    const { id, functionId, event } = run;
    this.take({ name: `inngest/function.${status}`, data: { function_id: functionId, run_id: id, error, event } });
  }

  #maxAttempts(run: OpenRun): number {
    const { served } = this.#servedOf(run);
    if (!this.#parts.givesUp) return Number.MAX_SAFE_INTEGER;
    return (served.steps['step']?.retries?.attempts ?? defaultRetries) + 1;
  }
}

/** What a path as `event.data.executionId` names. */
function valueAt(path: string, event: SentEvent): unknown {
  const [root, ...parts] = path.split('.');
  if (root !== 'event') throw new Error(`Unknown in this executor: ${path}`);
  let value: unknown = event;
  for (const part of parts) value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}

/** An expression of the one form that functions use: `event.data.a == 'b'`. */
function holds(expression: string | undefined, event: SentEvent): boolean {
  if (expression === undefined) return true;
  const found = /^(event[\w.]*) == '([^']*)'$/.exec(expression);
  if (found === null) throw new Error(`Unknown in this executor: ${expression}`);
  return valueAt(found[1] ?? '', event) === found[2];
}

/** Until a time, or a length of it as the SDK writes it: `1h30m`. */
function sleepMs(name: string, now: number): number {
  if (name.includes('T')) return Date.parse(name) - now;
  const units: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
  return [...name.matchAll(/(\d+)([wdhms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0),
    0,
  );
}
