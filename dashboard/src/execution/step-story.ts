import type { ExecutionDocument } from '../../../src/client.ts';
import { failureOf } from './failure.ts';
import type { Failure } from './failure.ts';

export type StepType = ExecutionDocument['steps'][number]['type'];
export type StepUsage = ExecutionDocument['usage'];

/** An event of a step as the stream tells it. */
export interface StepEvent {
  readonly seq: number;
  readonly key: string;
  readonly type: StepType;
  readonly phase: 'intent' | 'waiting' | 'failed' | 'completed' | 'warning';
  readonly attempt: number;
  readonly createdAt: string;
  readonly dueAt?: string | null;
  readonly error?: unknown;
  readonly output?: unknown;
  readonly details?: unknown;
  readonly usage?: StepUsage | null;
}

/** One attempt. Times in epoch milliseconds; `endedAt` is null while it is under way. */
export interface Try {
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** `in-doubt`: a crash cut it off, and nobody knows how far it came. */
  readonly outcome: 'running' | 'waiting' | 'completed' | 'failed' | 'in-doubt';
  readonly error: Failure | null;
}

/** A call that a model asked for. `input` is what it gives, as JSON text. */
export interface ToolCall {
  readonly name: string;
  readonly input: string;
}

/** What happened to a step. */
export interface StepStory {
  readonly key: string;
  readonly type: StepType;
  readonly status: 'running' | 'waiting' | 'retrying' | 'completed' | 'failed';
  readonly tries: readonly Try[];
  /** When it goes on by itself, where it waits or is tried again; epoch milliseconds. */
  readonly dueAt: number | null;
  readonly waitsFor: unknown;
  readonly output: unknown;
  readonly error: Failure | null;
  readonly usage: StepUsage | null;
  readonly warnings: readonly string[];
  /** The tool that is called, of a tool call. */
  readonly tool: string | null;
  /** What it asked for, of a model call. */
  readonly calls: readonly ToolCall[];
  /** The provider's model, of a model call that was answered. */
  readonly model: string | null;
  /** The execution that it was taken over from. */
  readonly forkedFrom: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/**
 * A step at its first event. What runs in the workflow itself tells no beginning: it began no earlier than what was told `before`
 * it, in epoch milliseconds.
 */
export function newStep({ key, type, createdAt, phase, details }: StepEvent, before: number | null): StepStory {
  const isTold = phase === 'intent' || phase === 'waiting' || textOf(details, 'forkedFrom') !== null;
  return {
    key,
    type,
    status: 'running',
    tries: [],
    dueAt: null,
    waitsFor: null,
    output: null,
    error: null,
    usage: null,
    warnings: [],
    tool: null,
    calls: [],
    model: null,
    forkedFrom: null,
    startedAt: isTold || before === null ? Date.parse(createdAt) : before,
    endedAt: null,
  };
}

/** The step as it is after an event. */
export function afterEvent(step: StepStory, event: StepEvent): StepStory {
  const at = Date.parse(event.createdAt);
  if (event.phase === 'warning') return { ...step, warnings: [...step.warnings, textOf(event.details, 'text') ?? ''] };
  const dueAt = typeof event.dueAt === 'string' ? Date.parse(event.dueAt) : null;
  const error = failureOf(event.error);
  const tool = textOf(event.details, 'tool') ?? textOf(event.output, 'tool') ?? step.tool;
  const known = { ...step, dueAt, tool, usage: sumOf(step.usage, event.phase === 'intent' ? null : event.usage) };
  switch (event.phase) {
    case 'intent':
      return { ...known, status: 'running', endedAt: null, tries: withTry(step, event.attempt, at, 'running') };
    case 'waiting':
      return {
        ...known,
        status: 'waiting',
        endedAt: null,
        waitsFor: event.details ?? null,
        tries: withTry(step, event.attempt, at, 'waiting'),
      };
    case 'failed': {
      const outcome = error?.code === 'IN_DOUBT' ? 'in-doubt' : 'failed';
      const tries = endedTry(step, event.attempt, at, outcome, error);
      if (dueAt !== null) return { ...known, status: 'retrying', tries };
      return { ...known, status: 'failed', tries, error, endedAt: at };
    }
    case 'completed': {
      const forkedFrom = textOf(event.details, 'forkedFrom');
      return {
        ...known,
        status: 'completed',
        tries: endedTry(step, event.attempt, at, 'completed', null),
        output: event.output ?? null,
        error: null,
        calls: callsOf(event.output),
        model: textOf(event.output, 'model'),
        forkedFrom,
        endedAt: at,
      };
    }
  }
}

function withTry(step: StepStory, number: number, at: number, outcome: 'running' | 'waiting'): readonly Try[] {
  const last = step.tries.at(-1);
  // A wait that is looked at again is the same wait.
  if (last !== undefined && last.number === number && last.endedAt === null)
    return [...step.tries.slice(0, -1), { ...last, outcome }];
  return [...step.tries, { number, startedAt: at, endedAt: null, outcome, error: null }];
}

function endedTry(
  step: StepStory,
  number: number,
  at: number,
  outcome: 'completed' | 'failed' | 'in-doubt',
  error: Failure | null,
): readonly Try[] {
  const last = step.tries.at(-1);
  if (last !== undefined && last.endedAt === null)
    return [...step.tries.slice(0, -1), { ...last, endedAt: at, outcome, error }];
  // Without a word of its beginning it began when it was due.
  const startedAt = Math.min(at, step.dueAt ?? last?.endedAt ?? step.startedAt);
  return [...step.tries, { number, startedAt, endedAt: at, outcome, error }];
}

/** The ask that a call belongs to: calls are named `<ask>/<kind>/<place>`. Null for steps of other kinds. */
export function askOf({ key, type }: Pick<StepStory, 'key' | 'type'>): string | null {
  return type === 'model' || type === 'tool' ? key.split('/').slice(0, -2).join('/') : null;
}

function sumOf(one: StepUsage | null, other: StepUsage | null | undefined): StepUsage | null {
  if (one === null || other === null || other === undefined) return other ?? one;
  const sum: Record<string, number> = {};
  for (const [name, value] of Object.entries(one)) sum[name] = value + (Reflect.get(other, name) as number);
  return sum as StepUsage;
}

function textOf(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const found: unknown = Reflect.get(value, name);
  return typeof found === 'string' ? found : null;
}

function callsOf(output: unknown): readonly ToolCall[] {
  if (typeof output !== 'object' || output === null || !('calls' in output) || !Array.isArray(output.calls)) return [];
  return output.calls.map((call: unknown) => ({
    name: textOf(call, 'name') ?? '',
    input: textOf(call, 'input') ?? '',
  }));
}
