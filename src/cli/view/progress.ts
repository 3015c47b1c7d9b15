import type { TextDelta, TextSoFar } from '../../bus/bus.ts';
import type { ExecutionStatus } from '../../work/execution.ts';
import { askKeyOf } from '../../work/journal.ts';
import type { Journaled, StepRecord, StepType } from '../../work/journal.ts';
import { addUsage, noUsage } from '../../work/usage.ts';
import type { Usage } from '../../work/usage.ts';
import type { SquadraEvent } from '../../orchestrator/events.ts';
import { safeLine } from './safe-text.ts';

/** Text kept of an answer that streams: more than any panel shows. */
const maxTail = 8_000;

/** How a step stands, as somebody who watches wants to know it. */
export interface StepProgress {
  /** The key of the ask for its model and tool calls, that of the step otherwise. */
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
  /** What is odd about it, when that was the last thing that was said of it. */
  warning: string | null;
  /** The tool that is being used. */
  tool: string | null;
  /** The last tool and what it said, while nothing else has happened. */
  toolResult: string | null;
  toolCalls: number;
  /** What a waiting step waits for (JSON). */
  details: string | null;
  /** Whether it came to this before this process began to look, or in the execution that this one is forked from. */
  isEarlier: boolean;
}

/** What the events of one execution add up to. */
export class Progress {
  readonly steps = new Map<string, StepProgress>();
  status: ExecutionStatus = 'created';
  usage: Usage = noUsage;
  readonly #since: number;
  readonly #members = new Map<string, string>();
  /** The first line of what a tool said, by the key of its call. */
  readonly #toolResults = new Map<string, string>();

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
        const { memberId, stepKey, kind, text } = event.message;
        if (kind === 'ask' && memberId !== null && stepKey !== null) this.#takeMember(stepKey, memberId);
        if (kind === 'tool-result' && stepKey !== null) this.#toolResults.set(stepKey, firstLine(text));
        return null;
      }
      case 'text-delta':
      case 'text-so-far':
        this.#takeText(event);
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

  /** A higher attempt replaces what the one before had said, and what was said so far replaces its pieces. */
  #takeText({ event, stepKey, attempt, text }: TextDelta | TextSoFar): void {
    const step = this.steps.get(nameOf({ key: stepKey, type: 'model' }));
    if (step === undefined || attempt < step.attempt || step.state === 'done') return;
    if (attempt > step.attempt || event === 'text-so-far') clearText(step);
    step.attempt = attempt;
    step.text = (step.text + text).slice(-maxTail);
    step.length += text.length;
  }

  #takeStep(record: Journaled<StepRecord>): StepProgress | null {
    if (record.phase === 'warning') return this.#takeWarning(record);
    const isNew = !this.steps.has(nameOf(record));
    const step = this.#step(record);
    step.warning = null;
    if (record.usage !== null && record.phase !== 'intent') {
      step.usage = addUsage(step.usage, record.usage);
      this.usage = addUsage(this.usage, record.usage);
    }
    const goesOn = step.state === 'working' && step.attempt === record.attempt && record.phase === 'intent' && !isNew;
    step.attempt = record.attempt;
    step.details = record.details;
    step.dueAt = record.dueAt;
    step.error = record.error === null ? null : record.error.message;
    step.wasInDoubt = record.error?.code === 'IN_DOUBT';
    step.state = stateAfter(record);
    // What a fork took over was done elsewhere, however new its record is.
    step.isEarlier = record.at < this.#since || fieldOf(record.details, 'forkedFrom') !== undefined;
    clearText(step);
    step.endedAt = step.state === 'done' || step.state === 'failed' ? record.at : null;
    this.#takeTool(step, record);
    // The next call of an ask that is at work is no news; what a tool said is.
    const isNews = step.state !== 'working' || step.toolResult !== null || (record.phase === 'intent' && !goesOn);
    return isNews ? step : null;
  }

  /** A warning does not say of what type its step is: it may be a call of an ask. */
  #takeWarning(record: Journaled<StepRecord>): StepProgress {
    const ofCall = this.steps.get(nameOf({ key: record.key, type: 'model' }));
    const step = this.steps.get(record.key) ?? ofCall ?? this.#step(record);
    step.warning = warningOf(record);
    return step;
  }

  #takeTool(step: StepProgress, { key, type, phase, details, output }: Journaled<StepRecord>): void {
    step.tool = type === 'tool' && phase === 'intent' ? toolOf(details) : null;
    step.toolResult = null;
    if (type !== 'tool' || phase !== 'completed') return;
    step.toolCalls += 1;
    step.toolResult = `${toolOf(output)}: ${this.#toolResults.get(key) ?? ''}`;
    this.#toolResults.delete(key);
  }

  #step({ key, type, at, attempt }: Journaled<StepRecord>): StepProgress {
    const name = nameOf({ key, type });
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
        tool: null,
        toolResult: null,
        toolCalls: 0,
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

/** The ask for its calls; other steps have the name of their key. */
function nameOf(step: Pick<StepRecord, 'key' | 'type'>): string {
  return askKeyOf(step) ?? step.key;
}

/** An ask goes on until an answer of its model is accepted. */
function stateAfter({ phase, dueAt, type, output }: StepRecord): StepProgress['state'] {
  if (phase === 'intent') return 'working';
  if (phase === 'waiting') return 'waiting';
  if (phase === 'failed') return dueAt === null ? 'failed' : 'retrying';
  if (type === 'tool') return 'working';
  return type !== 'model' || fieldOf(output, 'accepted') === true ? 'done' : 'working';
}

/** The name of a tool in what is recorded of its call. */
function toolOf(recorded: string | null): string {
  const tool = fieldOf(recorded, 'tool');
  return typeof tool === 'string' ? safeLine(tool) : 'a tool';
}

/** Tools say long things; the first line tells what it was about. */
function firstLine(text: string): string {
  return safeLine(text.trimStart().split('\n', 1)[0] ?? '');
}

/** A field of an object that is stored as JSON. */
function fieldOf(json: string | null, field: string): unknown {
  const parsed: unknown = json === null ? null : JSON.parse(json);
  return typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, field) : undefined;
}

function warningOf({ details }: StepRecord): string {
  // Written by the run as `{ text }`.
  const text = fieldOf(details, 'text');
  return typeof text === 'string' ? text : '';
}
