import type { Failure } from '../kernel/failure.ts';
import { decodeJson } from '../kernel/json.ts';
import type { Json } from '../kernel/json.ts';
import { readTraceparent, traceIdOf } from '../telemetry/trace-context.ts';
import type { Approval } from '../work/approval-store.ts';
import type { Execution } from '../work/execution.ts';
import { isEnded } from '../work/execution.ts';
import type { Journaled, JournalRecord, MessageRecord, StepRecord } from '../work/journal.ts';
import { addUsage, noUsage } from '../work/usage.ts';
import type { Usage } from '../work/usage.ts';
import type { WorkItem } from '../work/work-item.ts';

/** How a step stands: `running` is in hand (or in doubt, when nobody runs the state), `retrying` is tried again at `dueAt`. */
export type StepStatus = 'running' | 'waiting' | 'retrying' | 'completed' | 'failed';

/** A step as interfaces show it; times are ISO 8601. */
export interface StepDocument {
  readonly key: string;
  readonly type: StepRecord['type'];
  readonly status: StepStatus;
  /** How often it was tried. */
  readonly attempts: number;
  /** Attempts that failed, with those a crash cut off (their error is `IN_DOUBT`). */
  readonly failures: readonly { readonly attempt: number; readonly error: Failure | null; readonly at: string }[];
  readonly output: Json;
  readonly error: Failure | null;
  readonly warnings: readonly string[];
  /** What it waits for, while it waits. */
  readonly waitsFor: Json;
  readonly dueAt: string | null;
  readonly usage: Usage | null;
  /** The execution that it was taken over from; null for what was done here. */
  readonly forkedFrom: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** An execution without what happened in it. */
export function executionSummary(execution: Execution) {
  const { id, status, workflow, squadId, priority, input, output, error, reason, metadata, usage, version } = execution;
  return {
    id,
    status,
    workflow,
    squadId,
    priority,
    input,
    output,
    error,
    reason,
    metadata,
    usage,
    costMicroUsd: usage.costMicroUsd,
    version,
    traceId: readTraceparent(execution.traceparent)?.traceId ?? traceIdOf(id),
    wakeAt: execution.wakeAt === null || isEnded(status) ? null : iso(execution.wakeAt),
    createdAt: iso(execution.createdAt),
    startedAt: execution.startedAt === null ? null : iso(execution.startedAt),
    endedAt: execution.endedAt === null ? null : iso(execution.endedAt),
  };
}

/** An execution with its steps and items. */
export function executionDocument(execution: Execution, records: readonly Journaled[], items: readonly WorkItem[]) {
  return { ...executionSummary(execution), steps: stepDocuments(records), items: items.map(workItemDocument) };
}

export function messageDocument({ seq, at, message }: Journaled<MessageRecord>) {
  const { role, memberId, kind, text, stepKey } = message;
  return { seq, role, memberId, kind, text, stepKey, createdAt: iso(at) };
}

/** A work item as interfaces show it; times are ISO 8601. */
export function workItemDocument({ createdAt, updatedAt, ...item }: WorkItem) {
  return { ...item, createdAt: iso(createdAt), updatedAt: iso(updatedAt) };
}

/** A question to a person, and who answered what and when; times are ISO 8601. */
export function approvalDocument({ createdAt, answeredAt, ...approval }: Approval) {
  return { ...approval, createdAt: iso(createdAt), answeredAt: answeredAt === null ? null : iso(answeredAt) };
}

/** The steps of a journal in the order in which they began. */
export function stepDocuments(records: readonly Journaled<JournalRecord>[]): StepDocument[] {
  const steps = new Map<string, StepDocument>();
  for (const record of records)
    if (record.kind === 'step') steps.set(record.key, after(steps.get(record.key) ?? begun(record), record));
  return [...steps.values()];
}

function begun({ key, type, at }: Journaled<StepRecord>): StepDocument {
  return {
    key,
    type,
    status: 'running',
    attempts: 0,
    failures: [],
    output: null,
    error: null,
    warnings: [],
    waitsFor: null,
    dueAt: null,
    usage: null,
    forkedFrom: null,
    startedAt: iso(at),
    endedAt: null,
  };
}

function after(step: StepDocument, record: Journaled<StepRecord>): StepDocument {
  const { phase, attempt, error, dueAt, details, output, usage, at } = record;
  const tried = {
    ...step,
    attempts: Math.max(step.attempts, attempt),
    usage: usage === null || phase === 'intent' ? step.usage : addUsage(step.usage ?? noUsage, usage),
    dueAt: dueAt === null ? null : iso(dueAt),
  };
  switch (phase) {
    case 'warning':
      return { ...step, warnings: [...step.warnings, warningText(details)] };
    case 'intent':
      return { ...tried, status: 'running', endedAt: null };
    case 'waiting':
      return { ...tried, status: 'waiting', waitsFor: details === null ? null : decodeJson(details) };
    case 'failed': {
      const failures = [...step.failures, { attempt, error, at: iso(at) }];
      if (dueAt !== null) return { ...tried, status: 'retrying', failures };
      return { ...tried, status: 'failed', failures, error, endedAt: iso(at) };
    }
    case 'completed':
      return {
        ...tried,
        status: 'completed',
        output: output === null ? null : decodeJson(output),
        error: null,
        forkedFrom: originOf(details),
        endedAt: iso(at),
      };
  }
}

/** Written by a fork as `{ forkedFrom }`. */
function originOf(details: string | null): string | null {
  const parsed: unknown = details === null ? null : decodeJson(details);
  if (typeof parsed !== 'object' || parsed === null || !('forkedFrom' in parsed)) return null;
  return typeof parsed.forkedFrom === 'string' ? parsed.forkedFrom : null;
}

/** Written by the run as `{ text }`. */
function warningText(details: string | null): string {
  const parsed: unknown = details === null ? null : decodeJson(details);
  if (typeof parsed !== 'object' || parsed === null || !('text' in parsed)) return '';
  return typeof parsed.text === 'string' ? parsed.text : '';
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
