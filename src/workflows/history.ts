import type { Journaled, JournalRecord, StepRecord } from '../work/journal.ts';
import type { NewMessage } from '../work/message.ts';

/** What the journal says about one step. */
export interface StepHistory {
  /** When the first record of it was written: epoch milliseconds. */
  readonly since: number;
  /** The record that ended it: completed, or failed for good. */
  final: Journaled<StepRecord> | null;
  /** The record that opened it, of a step that waits. */
  waiting: Journaled<StepRecord> | null;
  /** The last failed attempt of the present try of the execution. */
  failed: StepRecord | null;
  /** Failed attempts since the execution was last queued: what the retry policy counts. */
  failures: number;
  /** The highest attempt there was. */
  attempts: number;
  /** An attempt that left and of which nothing was heard: its intent, or the record that settled it when the execution ended. */
  inDoubt: StepRecord | null;
  inputHash: string | null;
  warned: boolean;
  messages: NewMessage[];
}

/** The journal of an execution, folded: what replay needs, by step. */
export interface History {
  readonly steps: ReadonlyMap<string, StepHistory>;
  /** Keys of the steps that ended, in the order of their commits. */
  readonly order: readonly string[];
  /** Characters of all outputs and texts. */
  readonly size: number;
  /** How often it was picked up after a crash without getting any further. */
  readonly resumes: number;
  /** When it was last queued, also again after a failure: epoch milliseconds, 0 when it was never queued. */
  readonly retriedAt: number;
  /** How often it was queued again. */
  readonly rounds: number;
  /** The last attempt of each step that left. */
  readonly intents: ReadonlyMap<string, { readonly attempt: number; readonly at: number }>;
}

const nothing: History = {
  steps: new Map(),
  order: [],
  size: 0,
  resumes: 0,
  retriedAt: 0,
  rounds: 0,
  intents: new Map(),
};

/** Folds a journal. A retry of the execution voids final failures: those steps run again, committed ones stay. */
export function historyOf(records: readonly Journaled[]): History {
  if (records.length === 0) return nothing;
  const steps = new Map<string, StepHistory>();
  const of = (key: string, since: number): StepHistory => {
    let step = steps.get(key);
    if (step === undefined) {
      step = {
        since,
        final: null,
        waiting: null,
        failed: null,
        failures: 0,
        attempts: 0,
        inDoubt: null,
        inputHash: null,
        warned: false,
        messages: [],
      };
      steps.set(key, step);
    }
    return step;
  };
  let size = 0;
  let resumes = 0;
  let retriedAt = 0;
  let queued = 0;
  const intents = new Map<string, { readonly attempt: number; readonly at: number }>();
  for (const record of records) {
    size += sizeOf(record);
    if (record.kind === 'step') {
      note(of(record.key, record.at), record);
      if (record.phase === 'intent') intents.set(record.key, { attempt: record.attempt, at: record.at });
      if (isProgress(record)) resumes = 0;
    } else if (record.kind === 'message') {
      if (record.message.stepKey !== null) of(record.message.stepKey, record.at).messages.push(record.message);
    } else if (record.status === 'queued') {
      voidFailures(steps.values());
      retriedAt = record.at;
      queued++;
    } else if (record.reason === 'resumed') resumes++;
    else resumes = 0;
  }
  return { steps, order: orderOf(steps), size, resumes, retriedAt, rounds: Math.max(0, queued - 1), intents };
}

/** What a record adds to the size of a journal, in characters. */
export function sizeOf(record: JournalRecord): number {
  if (record.kind === 'step') return (record.output?.length ?? 0) + (record.details?.length ?? 0);
  return record.kind === 'message' ? record.message.text.length : 0;
}

function note(step: StepHistory, record: Journaled<StepRecord>): void {
  step.attempts = Math.max(step.attempts, record.attempt);
  step.inputHash ??= record.inputHash;
  switch (record.phase) {
    case 'intent':
      step.inDoubt = record;
      break;
    case 'waiting':
      step.waiting = record;
      break;
    case 'failed':
      // What the end of the execution cut off may have taken effect all the same, and a retry must not forget that.
      step.inDoubt = record.error?.code === 'EXECUTION_CANCELLED' ? record : null;
      step.failed = record;
      // An attempt that a crash cut off says nothing about the step: it does not use up a retry.
      if (!isInDoubt(record)) step.failures++;
      if (record.dueAt === null) step.final = record;
      break;
    case 'completed':
      step.inDoubt = null;
      step.final = record;
      break;
    case 'warning':
      step.warned = true;
      break;
  }
}

/** Whether a run that wrote this got further; an intent, and what settles one after a crash, is no progress. */
function isProgress(record: StepRecord): boolean {
  return record.phase !== 'intent' && record.phase !== 'warning' && !isInDoubt(record);
}

function isInDoubt(record: StepRecord): boolean {
  return record.phase === 'failed' && record.error?.code === 'IN_DOUBT';
}

function voidFailures(steps: Iterable<StepHistory>): void {
  for (const step of steps) {
    if (step.final?.phase === 'completed') continue;
    step.final = null;
    step.failed = null;
    step.failures = 0;
  }
}

function orderOf(steps: ReadonlyMap<string, StepHistory>): string[] {
  const ended: [seq: number, key: string][] = [];
  for (const [key, { final }] of steps) if (final !== null) ended.push([final.seq, key]);
  return ended.sort(([a], [b]) => a - b).map(([, key]) => key);
}
