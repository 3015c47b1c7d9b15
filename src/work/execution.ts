import type { Failure } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import type { Usage } from './usage.ts';

export const executionStatuses = [
  'created',
  'queued',
  'running',
  'waiting',
  'completed',
  'failed',
  'cancelled',
] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

/** The only transitions an execution makes; a crash makes none. */
export const executionTransitions: Readonly<Record<ExecutionStatus, readonly ExecutionStatus[]>> = {
  created: ['queued', 'cancelled'],
  queued: ['running', 'cancelled'],
  running: ['waiting', 'completed', 'failed', 'cancelled'],
  waiting: ['running', 'failed', 'cancelled'],
  completed: [],
  failed: ['queued'],
  cancelled: [],
};

/** True for the states in which nothing runs or will run by itself. */
export function isEnded(status: ExecutionStatus): status is 'completed' | 'failed' | 'cancelled' {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** One durable run of a workflow, as it is stored. Times are epoch milliseconds. */
export interface Execution {
  readonly id: string;
  readonly tenant: string;
  /** The user it was submitted for; null where none signed in. */
  readonly userId: string | null;
  readonly workflow: string;
  readonly squadId: string | null;
  readonly squadVersion: number | null;
  readonly status: ExecutionStatus;
  readonly priority: number;
  /** How often somebody began to advance it; every write of a run names its own. */
  readonly epoch: number;
  /** Moves with every change of status. */
  readonly version: number;
  readonly input: Json;
  readonly output: Json | null;
  readonly error: Failure | null;
  /** Why it was cancelled. */
  readonly reason: string | null;
  readonly metadata: Json;
  readonly usage: Usage;
  /** When it wants to run again, while it waits for a time. */
  readonly wakeAt: number | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Where in a trace it was asked for (W3C `traceparent`); null where nobody said. */
  readonly traceparent: string | null;
  /** The item of a convoy that it was started for. */
  readonly convoyItemId: string | null;
}
