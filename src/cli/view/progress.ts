import type { ExecutionStatus } from '../../work/execution.ts';
import type { Journaled, StepRecord, StepType } from '../../work/journal.ts';
import { addUsage, noUsage } from '../../work/usage.ts';
import type { Usage } from '../../work/usage.ts';
import type { SquadraEvent } from '../../orchestrator/events.ts';

/** Text kept of an answer that streams: more than any panel shows. */
const maxTail = 8_000;

/** How a step stands, as somebody who watches wants to know it. */
export interface StepProgress {
  /** The key of the ask for a model call, that of the step otherwise. */
  readonly name: string;
  readonly type: StepType;
  memberId: string | null;
  state: 'working' | 'retrying' | 'waiting' | 'done' | 'failed';
  attempt: number;
  /** When it goes on by itself. */
  dueAt: number | null;
  /** The end of what streams now. */
  text: string;
  /** Characters that streamed so far. */
  length: number;
  usage: Usage;
  startedAt: number;
  endedAt: number | null;
  error: string | null;
  /** Whether the attempt that failed is one that a crash cut off. */
  wasInDoubt: boolean;
  warning: string | null;
  /** What a waiting step waits for (JSON). */
  details: string | null;
  /** Whether it came to this before this process began to look. */
  isEarlier: boolean;
}

/** What the events of one execution add up to. */
export class Progress {
  readonly steps = new Map<string, StepProgress>();
  status: ExecutionStatus = 'created';
  usage: Usage = noUsage;
  readonly #since: number;
  readonly #members = new Map<string, string>();

  /** Events before `since` (epoch ms) are what was there already. */
  constructor(since: number) {
    this.#since = since;
  }

  /** Takes an event; returns the step that it changed in a way that is worth a line. */
  take(event: SquadraEvent): StepProgress | null {
    switch (event.event) {
      case 'status':
        this.status = event.status;
        return null;
      case 'message': {
        const { memberId, stepKey, kind } = event.message;
        if (kind === 'ask' && memberId !== null && stepKey !== null) this.#takeMember(stepKey, memberId);
        return null;
      }
      case 'text-delta':
        this.#takeText(event.stepKey, event.attempt, event.text);
        return null;
      case 'step':
        return this.#takeStep(event);
      case 'done':
        return null;
    }
  }

  #takeMember(ask: string, memberId: string): void {
    this.#members.set(ask, memberId);
    const step = this.steps.get(ask);
    if (step !== undefined) step.memberId = memberId;
  }

  /** A higher attempt replaces what the one before had said. */
  #takeText(key: string, attempt: number, text: string): void {
    const step = this.steps.get(nameOf(key, 'model'));
    if (step === undefined || attempt < step.attempt || step.state === 'done') return;
    if (attempt > step.attempt) clearText(step);
    step.attempt = attempt;
    step.text = (step.text + text).slice(-maxTail);
    step.length += text.length;
  }

  #takeStep(record: Journaled<StepRecord>): StepProgress | null {
    const step = this.#step(record);
    if (record.usage !== null && record.phase !== 'intent') {
      step.usage = addUsage(step.usage, record.usage);
      this.usage = addUsage(this.usage, record.usage);
    }
    if (record.phase === 'warning') {
      step.warning = warningOf(record);
      return step;
    }
    step.attempt = record.attempt;
    step.details = record.details;
    step.dueAt = record.dueAt;
    step.error = record.error === null ? null : record.error.message;
    step.wasInDoubt = record.error?.code === 'IN_DOUBT';
    step.state = stateAfter(record);
    step.isEarlier = record.at < this.#since;
    clearText(step);
    step.endedAt = step.state === 'done' || step.state === 'failed' ? record.at : null;
    return step;
  }

  #step({ key, type, at, attempt }: Journaled<StepRecord>): StepProgress {
    const name = nameOf(key, type);
    let step = this.steps.get(name);
    if (step === undefined) {
      step = {
        name,
        type,
        memberId: this.#members.get(name) ?? null,
        state: 'working',
        attempt,
        dueAt: null,
        text: '',
        length: 0,
        usage: noUsage,
        startedAt: at,
        endedAt: null,
        error: null,
        wasInDoubt: false,
        warning: null,
        details: null,
        isEarlier: false,
      };
      this.steps.set(name, step);
    }
    return step;
  }
}

function clearText(step: StepProgress): void {
  step.text = '';
  step.length = 0;
}

/** The ask for its model calls; other steps have the name of their key. */
function nameOf(key: string, type: StepType): string {
  return type === 'model' ? key.replace(/\/model\/\d+$/, '') : key;
}

function stateAfter({ phase, dueAt }: StepRecord): StepProgress['state'] {
  if (phase === 'intent') return 'working';
  if (phase === 'waiting') return 'waiting';
  if (phase === 'failed') return dueAt === null ? 'failed' : 'retrying';
  return 'done';
}

function warningOf({ details }: StepRecord): string {
  // Written by the run as `{ text }`.
  const parsed: unknown = JSON.parse(details ?? '{}');
  return typeof parsed === 'object' && parsed !== null && 'text' in parsed ? String(parsed.text) : '';
}
