import type { Clock } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Failure } from '../../kernel/failure.ts';
import { decodeJson } from '../../kernel/json.ts';
import { genAi } from '../../telemetry/gen-ai.ts';
import type { TraceContext } from '../../telemetry/trace-context.ts';
import type { FinishedSpan, SpanAttributes, Tracing } from '../../telemetry/tracing.ts';
import type { Execution } from '../../work/execution.ts';
import type { Commit } from '../../work/execution-store.ts';
import { askKeyOf } from '../../work/journal.ts';
import type { JournalRecord, StepRecord } from '../../work/journal.ts';
import type { History } from '../history.ts';
import type { CallSpan, RunWatcher, WatchedAsk } from '../run-watcher.ts';
import type { ExecutionTrace } from './execution-trace.ts';
import { convoyAttributes, executionAttributes, outputOf, usageAttributes } from './span-attributes.ts';

/** What spans are made with. */
export interface SpanParts {
  readonly tracing: Tracing;
  readonly clock: Pick<Clock, 'now'>;
}

interface OpenAsk extends WatchedAsk {
  readonly since: number;
}

/** How a span ended, and when it began: epoch milliseconds. */
interface Ended {
  readonly since: number;
  readonly at: number;
  readonly failure: FinishedSpan['failure'];
}

type Named = Pick<FinishedSpan, 'name' | 'kind' | 'attributes'>;

/**
 * Tells the spans of one execution.
 *
 * T1  A span is told once, when the commit that ends what it is about is stored; so what a crash cuts off is told by who goes on,
 *     from what the journal says of its beginning.
 * T2  Ids follow from what is stored (`ExecutionTrace`): a parent that is told days later, elsewhere, is still the parent.
 * T3  When the execution ends, all that is open ends with it: no span is left without its parent.
 */
export class RunSpans implements RunWatcher {
  readonly #parts: SpanParts;
  readonly #execution: Execution;
  readonly #trace: ExecutionTrace;
  readonly #history: History;
  readonly #asks = new Map<string, OpenAsk>();
  readonly #calls = new Map<string, () => CallSpan>();
  readonly #attempts = new Map<string, { readonly attempt: number; readonly since: number }>();
  readonly #waits = new Map<string, StepRecord & { readonly at: number }>();
  readonly #endedAsks = new Set<string>();

  constructor(parts: SpanParts, execution: Execution, history: History, trace: ExecutionTrace) {
    this.#parts = parts;
    this.#execution = execution;
    this.#history = history;
    this.#trace = trace;
    for (const [key, { waiting, final }] of history.steps)
      if (waiting !== null && final === null) this.#waits.set(key, waiting);
  }

  asked(ask: WatchedAsk, since = this.#sinceOf(ask.key)): void {
    this.#asks.set(ask.key, { ...ask, since });
  }

  working(key: string, describe: (() => CallSpan) | null): void {
    if (describe !== null) this.#calls.set(key, describe);
  }

  attempted<T>(key: string, attempt: number, perform: () => T): T {
    const { tracing, clock } = this.#parts;
    this.#attempts.set(key, { attempt, since: clock.now() });
    return tracing.within(this.#trace.stepContext(key, attempt), perform);
  }

  committed({ records, items = [] }: Commit): void {
    const at = this.#parts.clock.now();
    for (const record of records) if (record.kind === 'step') this.#step(record, records, at);
    for (const item of items) {
      if (item.change !== 'complete' && item.change !== 'fail') continue;
      const ask = this.#askOf(item.id);
      if (ask !== undefined) this.#endAsk(ask, at, item.change === 'fail' ? failureIn(records, ask.key) : null);
    }
    for (const record of records) {
      if (record.kind !== 'status') continue;
      if (record.status === 'completed') this.end(at, null);
      else if (record.status === 'failed') this.end(at, record.error ?? unknownFailure);
    }
  }

  over(reason: Error | null): void {
    // Who shuts down leaves it to the next run; a cancel is final.
    if (reason instanceof SquadraError && reason.code === 'EXECUTION_CANCELLED')
      this.#endAttempts(this.#parts.clock.now());
  }

  /** The execution has ended, and with it all that is open. */
  end(at: number, error: Failure | null): void {
    this.#endAttempts(at);
    const cut = this.#failure(cancelled);
    for (const record of this.#waits.values()) this.#wait(record, { since: record.at, at, failure: cut });
    for (const ask of this.#asks.values()) if (!this.#isEnded(ask.key)) this.#endAsk(ask, at, error ?? cancelled);
    const { workflow, createdAt } = this.#execution;
    this.#tell(this.#trace.context, this.#trace.parent, {
      name: `invoke_workflow ${workflow}`,
      kind: 'internal',
      attributes: executionAttributes(this.#execution),
      since: this.#history.rounds > 0 ? this.#history.retriedAt : createdAt,
      at,
      failure: error === null ? null : this.#failure(error),
    });
  }

  #step(record: StepRecord, records: readonly JournalRecord[], at: number): void {
    const { key, phase, type } = record;
    if (phase === 'waiting') this.#waits.set(key, { ...record, at });
    if (phase !== 'completed' && phase !== 'failed') return;
    const failure = phase === 'failed' ? this.#failure(record.error ?? unknownFailure) : null;
    if (type === 'sleep' || type === 'wait' || type === 'approval') {
      const opened = this.#waits.get(key);
      this.#waits.delete(key);
      this.#wait(opened ?? { ...record, at }, { since: opened?.at ?? at, at, failure });
    } else this.#attempt(record, records, { since: this.#takeSince(record, at), at, failure });
  }

  #attempt(record: StepRecord, records: readonly JournalRecord[], ended: Ended): void {
    const { key, attempt, phase, usage } = record;
    const call = this.#calls.get(key)?.() ?? null;
    // What it holds to describe itself is let go with the step.
    if (phase === 'completed' || record.dueAt === null) this.#calls.delete(key);
    const result = phase === 'completed' ? (call?.result(outputOf(record), messagesOf(records, key)) ?? null) : null;
    const isWanted = this.#parts.tracing.takesContent;
    const failure = ended.failure ?? (result?.failure == null ? null : { type: result.failure, message: null });
    this.#tell(this.#trace.stepContext(key, attempt), this.#parentOf(key), {
      name: call?.name ?? `step ${key}`,
      kind: call?.kind ?? 'internal',
      attributes: {
        ...this.#place(key),
        'squadra.step.type': record.type,
        'squadra.step.attempt': attempt,
        ...call?.attributes,
        ...result?.attributes,
        ...(usage === null ? {} : usageAttributes(usage, phase === 'completed')),
        ...(isWanted ? { ...call?.content(), ...result?.content() } : {}),
      },
      ...ended,
      failure,
    });
  }

  #wait(record: StepRecord, ended: Ended): void {
    const { key, type } = record;
    const convoy = convoyAttributes(record);
    this.#tell(this.#trace.stepContext(key, 1), this.#parentOf(key), {
      name: `${convoy === null ? type : 'convoy'} ${key}`,
      kind: 'internal',
      attributes: { ...this.#place(key), 'squadra.step.type': type, ...convoy },
      ...ended,
    });
  }

  #endAttempts(at: number): void {
    for (const [key, { attempt, since }] of this.#attempts) {
      const call = this.#calls.get(key)?.() ?? null;
      this.#tell(this.#trace.stepContext(key, attempt), this.#parentOf(key), {
        name: call?.name ?? `step ${key}`,
        kind: call?.kind ?? 'internal',
        attributes: { ...this.#place(key), 'squadra.step.attempt': attempt, ...call?.attributes },
        since,
        at,
        failure: this.#failure(cancelled),
      });
    }
    this.#attempts.clear();
  }

  #endAsk({ key, member, since }: OpenAsk, at: number, error: Failure | null): void {
    this.#endedAsks.add(key);
    this.#tell(this.#trace.askContext(key), this.#parentOf(key), {
      name: `invoke_agent ${member.name}`,
      kind: 'internal',
      attributes: {
        ...this.#place(key),
        [genAi.operation]: 'invoke_agent',
        [genAi.agentName]: member.name,
        'squadra.member.id': member.id,
        'squadra.member.role': member.role,
      },
      since,
      at,
      failure: error === null ? null : this.#failure(error),
    });
  }

  #tell(context: TraceContext, parent: TraceContext | null, { since, at, ...span }: Named & Ended): void {
    this.#parts.tracing.record({ ...span, context, parent, startedAt: since, endedAt: at });
  }

  #place(key: string): SpanAttributes {
    const { id } = this.#execution;
    return { [genAi.conversationId]: id, 'squadra.execution.id': id, 'squadra.step.key': key };
  }

  /** The innermost ask that a step or an ask is made in, or the execution. */
  #parentOf(key: string): TraceContext {
    for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
      const outer = key.slice(0, end);
      if (this.#asks.has(outer)) return this.#trace.askContext(outer);
    }
    return this.#trace.context;
  }

  #failure({ code, name, message }: Failure): NonNullable<FinishedSpan['failure']> {
    return { type: code ?? name, message: this.#parts.tracing.takesContent ? message : null };
  }

  /** When the attempt left, also where that was before a crash; the end where it did not leave. */
  #takeSince({ key, attempt }: StepRecord, at: number): number {
    const begun = this.#attempts.get(key);
    if (begun?.attempt === attempt) {
      this.#attempts.delete(key);
      return begun.since;
    }
    const lost = this.#history.intents.get(key);
    return lost?.attempt === attempt ? lost.at : at;
  }

  #sinceOf(key: string): number {
    const first = this.#history.steps.get(`${key}/model/1`)?.since ?? this.#parts.clock.now();
    return Math.max(first, this.#history.rounds > 0 ? this.#history.retriedAt : 0);
  }

  #askOf(itemId: string): OpenAsk | undefined {
    for (const ask of this.#asks.values()) if (ask.itemId === itemId) return ask;
    return undefined;
  }

  /** In this run, or in one before: then one of its calls brought the answer, or failed for good. */
  #isEnded(key: string): boolean {
    if (this.#endedAsks.has(key)) return true;
    for (const [step, { final }] of this.#history.steps) {
      if (final === null || !step.startsWith(`${key}/`) || askKeyOf(final) !== key) continue;
      if (final.phase === 'failed') return true;
      if (final.type !== 'model' || final.output === null) continue;
      const output = decodeJson(final.output);
      if (typeof output === 'object' && output !== null && 'accepted' in output && output['accepted'] === true)
        return true;
    }
    return false;
  }
}

const cancelled: Failure = { name: 'SquadraError', code: 'EXECUTION_CANCELLED', message: 'The execution has ended.' };
const unknownFailure: Failure = { name: 'Error', message: 'It failed.' };

function failureIn(records: readonly JournalRecord[], askKey: string): Failure {
  for (const record of records)
    if (record.kind === 'step' && record.phase === 'failed' && askKeyOf(record) === askKey && record.error !== null)
      return record.error;
  return unknownFailure;
}

function messagesOf(records: readonly JournalRecord[], key: string) {
  return records.flatMap((record) =>
    record.kind === 'message' && record.message.stepKey === key ? [record.message] : [],
  );
}
