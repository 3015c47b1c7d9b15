import type { Json } from '../kernel/json.ts';
import type { Member } from '../squads/squad.ts';
import type { SpanAttributes } from '../telemetry/tracing.ts';
import type { Claim, Commit } from '../work/execution-store.ts';
import type { NewMessage } from '../work/message.ts';
import type { History } from './history.ts';
import type { ExecutionTrace } from './tracing/execution-trace.ts';

/** What a model or tool call tells about itself to who traces it. */
export interface CallSpan {
  readonly name: string;
  /** Whether it leaves this process. */
  readonly kind: 'client' | 'internal';
  readonly attributes: SpanAttributes;
  /** What it is given; asked for only where content is wanted. */
  content(): SpanAttributes;
  /** What is told of a result that was committed; `failure` is the kind of what went wrong although the step went on. */
  result(output: Json, messages: readonly NewMessage[]): CallSpanResult;
}

/** What is told of a result. */
export interface CallSpanResult {
  readonly attributes: SpanAttributes;
  readonly failure: string | null;
  /** What came of it; asked for only where content is wanted. */
  content(): SpanAttributes;
}

/** An ask as the run came by it. */
export interface WatchedAsk {
  readonly key: string;
  readonly itemId: string;
  readonly member: Pick<Member, 'id' | 'name' | 'role'>;
}

/** Hears what one run does. What it hears it must take quickly, and throw nothing. */
export interface RunWatcher {
  /** The workflow asks a member, in a replay too. */
  asked(ask: WatchedAsk): void;
  /** A step that has no result yet is worked on; `describe` is there for calls. */
  working(key: string, describe: (() => CallSpan) | null): void;
  /** An attempt leaves: `perform` is it. */
  attempted<T>(key: string, attempt: number, perform: () => T): T;
  /** This is stored. */
  committed(commit: Commit): void;
  /** The run is over; a reason says that it was stopped. */
  over(reason: Error | null): void;
}

/** Who watches a run; null when nobody does. */
export type WatchRun = (claim: Claim, history: History, trace: ExecutionTrace) => RunWatcher | null;
