import type { LanguageModelV4FunctionTool } from '@ai-sdk/provider';
import type { Json } from '../kernel/json.ts';
import type { Settings } from '../config/settings.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { NewMessage } from '../work/message.ts';
import type { Usage } from '../work/usage.ts';
import type { AskRequest, CallAttempt, CallResult, JournaledCall, RecordedCall, Reserved } from '../workflows/asker.ts';
import type { Agent } from './agent.ts';
import { modelCallRefusal } from './ask-limits.ts';
import { type Conversation, promptOf } from './conversation.ts';
import { modelCallSpan } from './call-spans.ts';
import type { Received } from './model-call.ts';
import { Admitted } from './admitted.ts';
import { type AdmittedCall, type MadeCall, type ModelCaller, toolBytes } from './model-caller.ts';
import { estimatedTokens } from './model-usage.ts';
import type { CheckedAnswer, OutputFormat } from './output-format.ts';
import { type PlannedCall, planCalls } from './planned-call.ts';
import type { ToolDescriptions, ToolSet } from './tool-set.ts';
import { readTurn, type RecordedReasoning } from './turn-record.ts';

/** What the steps of an agent need beside a way to call models. */
export interface ModelStepParts {
  readonly settings: Pick<Settings, 'maxModelCallsPerAsk' | 'maxToolCallsPerAsk' | 'stepTimeoutMs'>;
  readonly descriptions: ToolDescriptions;
  readonly toolsOf: (request: AskRequest) => Promise<ToolSet>;
}

/** One turn of an agent: what it is given, and where its step stands. */
export interface Turn {
  readonly agent: Agent;
  readonly request: AskRequest;
  readonly format: OutputFormat;
  readonly conversation: Conversation;
  /** From 1. */
  readonly number: number;
  /** Tool calls of the turns before. */
  readonly toolCalls: number;
  /** Whether an answer that does not match leads to another turn, instead of failing the step. */
  readonly canRepair: boolean;
  readonly begin: NonNullable<JournaledCall['begin']>;
}

/** What a committed turn says. */
export type TurnResult = { readonly text: string; readonly usage: Usage } & (
  | { readonly kind: 'answer'; readonly value: { readonly object?: unknown } }
  | { readonly kind: 'repair'; readonly problems: readonly string[] }
  | { readonly kind: 'tools'; readonly calls: readonly PlannedCall[]; readonly reasoning: readonly RecordedReasoning[] }
);

/** Makes one model call as one journaled step. */
export class ModelStep {
  readonly #parts: ModelStepParts;
  readonly #caller: ModelCaller;

  constructor(parts: ModelStepParts, caller: ModelCaller) {
    this.#parts = parts;
    this.#caller = caller;
  }

  async take(turn: Turn): Promise<TurnResult> {
    const { request, format, conversation } = turn;
    const refusal = modelCallRefusal(turn.number, request, this.#parts.settings);
    const admitted = new Admitted();
    const recorded = await request.call({
      name: nameOf(turn),
      type: 'model',
      input: { conversation: conversation.fingerprint },
      begin: turn.begin,
      describe: () =>
        modelCallSpan({
          agent: turn.agent,
          request,
          maxTokens: this.#caller.windowOf(turn.agent).outputTokens,
          isJson: format.responseFormat.type === 'json',
          prompt: () => promptOf(conversation),
        }),
      failed: (reason) => ({ change: 'fail', id: request.itemId, reason }),
      timeoutMs: this.#caller.stepTimeoutMs,
      ...(refusal === null
        ? {
            reservation: (signal: AbortSignal) => this.#reserve(turn, admitted, signal),
            make: (attempt: CallAttempt) => admitted.use((call) => this.#make(turn, attempt, call)),
          }
        : { intent: false, make: () => Promise.reject(refusal) }),
    });
    return readRecorded(recorded, format, request);
  }

  /** Of the prompt and what goes with it; tools have to be looked up, unless there are none. Then it waits for its turn. */
  async #reserve(turn: Turn, admitted: Admitted, signal: AbortSignal): Promise<Reserved> {
    const { agent, request, format, conversation } = turn;
    const { member, options } = request;
    const hasTools = member.tools.length > 0 || (options.tools ?? []).length > 0;
    // Where they cannot be looked up, the call fails of it, for it needs them too; it costs nothing.
    const tools = hasTools ? await this.#parts.toolsOf(request).catch(() => null) : null;
    const offered = tools?.offer(this.#parts.descriptions) ?? [];
    signal.throwIfAborted();
    const usage = this.#caller.reserve(agent, promptOf(conversation), {
      tools: offered,
      responseFormat: format.responseFormat,
    });
    return admitted.take(usage, await this.#caller.admit({ agent, request, tokens: tokensOf(turn, offered) }, signal));
  }

  async #make(turn: Turn, attempt: CallAttempt, admitted: AdmittedCall): Promise<CallResult> {
    const { agent, request, format, conversation } = turn;
    const { settings, descriptions, toolsOf } = this.#parts;
    const tools = await toolsOf(request);
    attempt.signal.throwIfAborted();
    const offered = tools.offer(descriptions);
    const made = await this.#caller.make(
      {
        agent,
        request,
        name: nameOf(turn),
        prompt: promptOf(conversation),
        tokens: tokensOf(turn, offered),
        tools: offered,
        responseFormat: format.responseFormat,
        maxToolCalls: settings.maxToolCallsPerAsk - turn.toolCalls,
      },
      attempt,
      admitted,
    );
    const { received } = made;
    if (received.calls.length === 0) return finalResult(turn, made);
    const calls = await planCalls(received.calls, tools, {
      member: request.member,
      colleagues: request.colleagues,
      defaultTimeoutMs: settings.stepTimeoutMs,
      turn: turn.number,
    });
    return toolResult(turn, made, calls);
  }
}

/** Later turns go by what the provider counted, and that includes the tools. */
function tokensOf({ conversation, number }: Turn, offered: readonly LanguageModelV4FunctionTool[]): number {
  return conversation.tokens + (number === 1 ? estimatedTokens(toolBytes(offered)) : 0);
}

function nameOf({ number }: Turn): string {
  return `model/${number}`;
}

function finalResult(turn: Turn, { received, usage }: MadeCall): CallResult {
  const { request, format, agent } = turn;
  const text = received.text.toWellFormed();
  const checked = format.check(text);
  if (!checked.ok && !turn.canRepair) throw invalidOutput(request, checked.problems, usage);
  return {
    output: { accepted: checked.ok, ...describeCall(agent, received) },
    messages: [messageOf(turn, 'answer', text)],
    usage,
    ...(checked.ok ? { item: { change: 'complete', id: request.itemId } } : {}),
  };
}

function toolResult(turn: Turn, { received, usage }: MadeCall, calls: readonly PlannedCall[]): CallResult {
  const reasoning = [...received.reasoning.values()].map(({ text, metadata }) => ({
    text,
    // A provider's own metadata is JSON by its type.
    ...(metadata === null ? {} : { metadata: metadata as Json }),
  }));
  return {
    output: {
      accepted: false,
      calls,
      ...(reasoning.length === 0 ? {} : { reasoning }),
      ...describeCall(turn.agent, received),
    },
    messages: received.text === '' ? [] : [messageOf(turn, 'remark', received.text.toWellFormed())],
    usage,
  };
}

/** The text is well-formed: half a character pair cannot be stored, and a replay has to see what the first run saw. */
function messageOf(turn: Turn, kind: 'answer' | 'remark', text: string): NewMessage {
  const { request } = turn;
  const stepKey = `${request.key}/${nameOf(turn)}`;
  return { role: 'assistant', kind, memberId: request.member.id, text, stepKey };
}

/** A pure function of what was committed, so that a replay goes the same way. */
function readRecorded(recorded: RecordedCall, format: OutputFormat, request: AskRequest): TurnResult {
  const { accepted, calls, reasoning = [], text } = readTurn(recorded);
  const { usage } = recorded;
  if (calls !== undefined) return { kind: 'tools', text, usage, calls, reasoning };
  const checked = format.check(text);
  if (!accepted) return { kind: 'repair', text, usage, problems: problemsOf(checked) };
  if (!checked.ok)
    throw invalidOutput(request, ['The answer was accepted before the schema changed.', ...checked.problems]);
  return { kind: 'answer', text, usage, value: checked.value };
}

function problemsOf(checked: CheckedAnswer): readonly string[] {
  return checked.ok ? [] : checked.problems;
}

function describeCall(agent: Agent, received: Received) {
  const { provider, model } = agent.priced;
  const { finishReason, responseId, firstTokenMs, durationMs } = received;
  return { provider, model, finishReason, responseId, firstTokenMs, durationMs };
}

function invalidOutput(request: AskRequest, problems: readonly string[], usage?: Usage): SquadraError {
  const message = `${request.member.name}'s answer to ${JSON.stringify(request.key)} does not match its schema: ${problems.join('; ')}`;
  return new SquadraError('INVALID_OUTPUT', message, {
    details: { problems, ...(usage === undefined ? {} : { usage }) },
  });
}
