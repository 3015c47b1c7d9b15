import { derivedSpanId, readTraceparent, traceIdOf } from '../../telemetry/trace-context.ts';
import type { TraceContext } from '../../telemetry/trace-context.ts';
import type { Execution } from '../../work/execution.ts';

/**
 * Where an execution and its parts stand in a trace. All of it follows from what is stored, so whoever goes on with an execution
 * names the same spans. `round` is 0, and one more each time a failed execution is tried again: that is other spans of the same
 * trace.
 */
export class ExecutionTrace {
  readonly #id: string;
  readonly #round: number;
  readonly #traceparent: string | null;

  constructor({ id, traceparent }: Pick<Execution, 'id' | 'traceparent'>, round: number) {
    this.#id = id;
    this.#round = round;
    this.#traceparent = traceparent;
  }

  /** Who asked for the execution; null when the trace begins with it. */
  get parent(): TraceContext | null {
    return readTraceparent(this.#traceparent);
  }

  get traceId(): string {
    return this.parent?.traceId ?? traceIdOf(this.#id);
  }

  /** Whether who asked for it wants it recorded. */
  get isSampled(): boolean {
    return this.parent?.isSampled ?? true;
  }

  /** Of the execution itself. */
  get context(): TraceContext {
    return this.#of('execution');
  }

  askContext(key: string): TraceContext {
    return this.#of('ask', key);
  }

  /** Of an attempt of a step. */
  stepContext(key: string, attempt: number): TraceContext {
    return this.#of('step', key, attempt);
  }

  #of(...about: readonly (string | number)[]): TraceContext {
    const { parent } = this;
    const spanId = derivedSpanId(this.#id, this.#round, ...about);
    return { traceId: parent?.traceId ?? traceIdOf(this.#id), spanId, isSampled: parent?.isSampled ?? true };
  }
}
