import type { SquadraEvent, StoredEvent } from '../../orchestrator/events.ts';
import { UiStep } from './ui-step.ts';
import type { UiChunk } from './ui-step.ts';

/** What a member is called in the message. */
export interface UiMember {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

export interface UiMessageParts {
  readonly executionId: string;
  readonly workflow: string;
  readonly members: ReadonlyMap<string, UiMember>;
}

type StepEvent = Extract<StoredEvent, { event: 'step' }>;
type MessageEvent = Extract<StoredEvent, { event: 'message' }>;

interface PlannedTool {
  readonly name: string;
  readonly input: unknown;
}

/**
 * An execution as one message of the AI SDK's UI message stream: what members say is text, what they call are tools, and
 * what a person is asked is data. Every reader gets it from its beginning, as the SDK expects of a stream that is resumed.
 */
export class UiMessage {
  readonly #parts: UiMessageParts;
  readonly #step = new UiStep();
  /** Who was asked, by the key of the ask. */
  readonly #asked = new Map<string, string>();
  /** Calls of tools that models asked for, by the key of their step. */
  readonly #tools = new Map<string, PlannedTool>();
  /** What tools returned, until their step is done. */
  readonly #results = new Map<string, string>();
  /** What people were asked, by the key of the step. */
  readonly #questions = new Map<string, object>();
  #failure: string | null = null;
  #ending: 'stop' | 'error' | 'abort' = 'stop';

  constructor(parts: UiMessageParts) {
    this.#parts = parts;
  }

  begin(): readonly UiChunk[] {
    const { executionId, workflow } = this.#parts;
    return [{ type: 'start', messageId: executionId, messageMetadata: { executionId, workflow } }];
  }

  take(event: SquadraEvent): readonly UiChunk[] {
    switch (event.event) {
      case 'message':
        return this.#takeMessage(event);
      case 'step':
        return this.#takeStep(event);
      case 'text-delta':
      case 'text-so-far':
        return this.#step.addText(event, this.#told(event.stepKey));
      case 'status':
        return this.#takeStatus(event);
      case 'done':
        return this.#end();
    }
  }

  #takeMessage({ message }: MessageEvent): readonly UiChunk[] {
    const { kind, memberId, stepKey, text } = message;
    if (stepKey === null) return [];
    if (kind === 'ask' && memberId !== null) this.#asked.set(stepKey, memberId);
    if (kind === 'tool-result') this.#results.set(stepKey, text);
    if (kind === 'answer' || kind === 'remark') return this.#step.setText(stepKey, text, this.#told(stepKey, memberId));
    return [];
  }

  #takeStep(event: StepEvent): readonly UiChunk[] {
    const { key, type, phase, attempt } = event;
    if (type === 'model' && phase === 'failed') return this.#step.dropText(key, attempt);
    if (type === 'model' && phase === 'completed') this.#planTools(event);
    if (type === 'tool') return this.#takeTool(event);
    if (type === 'approval') return this.#step.setData('approval', key, this.#approval(event));
    return [];
  }

  #planTools({ key, output }: StepEvent): void {
    const calls = (JSON.parse(output ?? 'null') as { calls?: unknown } | null)?.calls;
    const [ask, turn] = askAndTurn(key);
    if (!Array.isArray(calls)) return;
    for (const [place, call] of (calls as readonly { name?: unknown; input?: unknown }[]).entries())
      this.#tools.set(`${ask}/tool/${turn}.${place + 1}`, { name: String(call.name), input: parsed(call.input) });
  }

  #takeTool({ key, phase, output, details, error, dueAt }: StepEvent): readonly UiChunk[] {
    const planned = this.#tools.get(key) ?? { name: toolIn(details ?? output), input: {} };
    const begun = this.#step.beginTool(key, planned.name, planned.input, this.#told(key));
    if (phase === 'completed') {
      const result = this.#results.get(key) ?? '';
      this.#results.delete(key);
      this.#tools.delete(key);
      return [...begun, ...this.#step.endTool(key, { output: result })];
    }
    if (phase === 'failed' && dueAt === null)
      return [...begun, ...this.#step.endTool(key, { errorText: error?.message ?? 'It failed.' })];
    return begun;
  }

  /** The question stays with its answer. */
  #approval({ key, phase, details, output }: StepEvent): object {
    if (details !== null) this.#questions.set(key, JSON.parse(details) as object);
    const answer = output === null ? {} : { answer: JSON.parse(output) as unknown };
    return { ...this.#questions.get(key), status: phase, ...answer };
  }

  #takeStatus({ status, error, reason }: Extract<StoredEvent, { event: 'status' }>): readonly UiChunk[] {
    this.#failure = status === 'failed' ? (error?.message ?? 'The execution failed.') : null;
    this.#ending = status === 'failed' ? 'error' : status === 'cancelled' ? 'abort' : 'stop';
    return [
      { type: 'message-metadata', messageMetadata: { status, ...(reason === undefined ? {} : { reason }) } },
      ...(status === 'cancelled' ? [{ type: 'abort', ...(reason === undefined ? {} : { reason }) }] : []),
    ];
  }

  #end(): readonly UiChunk[] {
    return [
      ...this.#step.close(),
      ...(this.#failure === null ? [] : [{ type: 'error', errorText: this.#failure }]),
      {
        type: 'finish',
        finishReason: this.#ending === 'error' ? 'error' : this.#ending === 'abort' ? 'other' : 'stop',
      },
    ];
  }

  /** Whose words or calls they are, for who shows them. */
  #told(stepKey: string, said: string | null = null): Readonly<Record<string, string>> {
    const [ask] = askAndTurn(stepKey);
    const memberId = said ?? this.#asked.get(ask) ?? null;
    const member = memberId === null ? undefined : this.#parts.members.get(memberId);
    return {
      stepKey,
      ...(memberId === null ? {} : { memberId }),
      ...(member === undefined ? {} : { member: member.name, role: member.role }),
    };
  }
}

/** `review/model/2` is the second turn of the ask `review`. */
function askAndTurn(stepKey: string): readonly [ask: string, turn: string] {
  const parts = stepKey.split('/');
  return [parts.slice(0, -2).join('/'), parts.at(-1) ?? ''];
}

function toolIn(json: string | null): string {
  const tool = json === null ? null : (JSON.parse(json) as { tool?: unknown } | null)?.tool;
  return typeof tool === 'string' ? tool : 'tool';
}

/** A model writes the input of a tool as text, which may not be what it should be. */
function parsed(input: unknown): unknown {
  if (typeof input !== 'string') return input;
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return input;
  }
}
