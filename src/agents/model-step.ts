import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Semaphore } from '../flow/semaphore.ts';
import type { Usage } from '../work/usage.ts';
import type { AskRequest, CallAttempt, CallResult, JournaledCall, RecordedCall } from '../workflows/asker.ts';
import type { Agent } from './agent.ts';
import { callModel, nothingReceived, type Received } from './model-call.ts';
import { modelError } from './model-errors.ts';
import type { ModelRegistry } from './model-registry.ts';
import { reserveUsage, settleUsage } from './model-usage.ts';
import type { CheckedAnswer, OutputFormat } from './output-format.ts';
import type { Prices } from './pricing.ts';

/** Sent as the limit of every answer, so that the reservation of a call is a ceiling. About 25 pages. */
const maxOutputTokens = 8_192;
/** A reasoning token's text is not kept; its length is, and most of it is one byte a unit. */
const bytesPerUnit = 1;

/** What making model calls needs from its surroundings. */
export interface ModelStepParts {
  readonly registry: ModelRegistry;
  readonly settings: Pick<Settings, 'maxResultBytes' | 'modelIdleTimeoutMs' | 'modelTimeoutMs'>;
  readonly clock: Clock;
  readonly prices: Prices;
}

/** One turn of an agent: what it is given, and where its step stands. */
export interface Turn {
  readonly agent: Agent;
  readonly request: AskRequest;
  readonly format: OutputFormat;
  readonly prompt: LanguageModelV4Prompt;
  readonly name: string;
  /** Whether an answer that does not match fails the step, instead of leading to another turn. */
  readonly isLast: boolean;
  readonly begin?: NonNullable<JournaledCall['begin']>;
}

/** What a committed turn says. */
export type TurnResult = { readonly text: string; readonly usage: Usage } & (
  | { readonly accepted: true; readonly value: { readonly object?: unknown } }
  | { readonly accepted: false; readonly problems: readonly string[] }
);

/** Makes one model call as one journaled step. */
export class ModelStep {
  readonly #parts: ModelStepParts;
  readonly #places: Semaphore;

  constructor(parts: ModelStepParts, places: Semaphore) {
    this.#parts = parts;
    this.#places = places;
  }

  async take(turn: Turn): Promise<TurnResult> {
    const { request, format, prompt, name } = turn;
    const inputBytes = promptBytes(prompt);
    const recorded = await request.call({
      name,
      type: 'model',
      // Without the system prompt: another release's wording of a role is no change of the workflow.
      input: {
        messages: prompt.slice(1).map((message) => ({ role: message.role, text: textOf(message) })),
        format: format.hash,
      },
      ...(turn.begin === undefined ? {} : { begin: turn.begin }),
      failed: (reason) => ({ change: 'fail', id: request.itemId, reason }),
      reservation: reserveUsage(turn.agent.priced, inputBytes, maxOutputTokens, this.#parts.prices),
      // The call has limits of its own; this one adds the wait for a place, which takes as long as others' calls do.
      timeoutMs: 2 * this.#parts.settings.modelTimeoutMs,
      make: (attempt) => this.#make(turn, inputBytes, attempt),
    });
    return readRecorded(recorded, format, request);
  }

  async #make(turn: Turn, inputBytes: number, attempt: CallAttempt): Promise<CallResult> {
    const { agent, request, format } = turn;
    const received = nothingReceived();
    const settle = (): Usage => {
      const outputBytes = Buffer.byteLength(received.text) + received.reasoningLength * bytesPerUnit;
      return settleUsage(
        { model: agent.priced, inputBytes, outputBytes, reported: received.usage },
        this.#parts.prices,
      );
    };
    await this.#call(turn, attempt, received, settle);
    const checked = format.check(received.text);
    if (!checked.ok && turn.isLast) throw invalidOutput(request, checked.problems, settle());
    return {
      output: { accepted: checked.ok, ...describeCall(agent, received) },
      messages: [
        {
          role: 'assistant',
          kind: 'answer',
          memberId: request.member.id,
          text: received.text,
          stepKey: `${request.key}/${turn.name}`,
        },
      ],
      usage: settle(),
      ...(checked.ok ? { item: { change: 'complete', id: request.itemId } } : {}),
    };
  }

  async #call(
    { agent, format, prompt }: Turn,
    attempt: CallAttempt,
    received: Received,
    settle: () => Usage,
  ): Promise<void> {
    const { settings, clock, registry } = this.#parts;
    const release = await this.#places.acquire(attempt.signal);
    try {
      await callModel(
        {
          model: agent.model,
          options: {
            prompt,
            maxOutputTokens,
            temperature: agent.temperature,
            responseFormat: format.responseFormat,
            headers: { 'Idempotency-Key': attempt.idempotencyKey },
          },
          limits: {
            idleMs: settings.modelIdleTimeoutMs,
            totalMs: settings.modelTimeoutMs,
            maxTextBytes: settings.maxResultBytes,
          },
          clock,
          signal: attempt.signal,
          onText: (delta) => attempt.delta(delta),
        },
        received,
      );
    } catch (error) {
      attempt.signal.throwIfAborted();
      const failure = modelError(error, {
        model: agent.priced,
        secrets: registry.secrets,
        now: clock.now(),
        answering: received.answering,
      });
      // What was answered, or may have been, is paid for although it failed.
      throw received.answering || failure.code === 'MODEL_TIMEOUT' ? withUsage(failure, settle()) : failure;
    } finally {
      release();
    }
  }
}

/** A pure function of what was committed, so that a replay goes the same way. */
function readRecorded(recorded: RecordedCall, format: OutputFormat, request: AskRequest): TurnResult {
  const text = recorded.messages.find((message) => message.kind === 'answer')?.text ?? '';
  const { usage } = recorded;
  const checked = format.check(text);
  if (wasAccepted(recorded)) {
    if (!checked.ok)
      throw invalidOutput(request, ['The answer was accepted before the schema changed.', ...checked.problems]);
    return { accepted: true, text, usage, value: checked.value };
  }
  return { accepted: false, text, usage, problems: problemsOf(checked) };
}

function wasAccepted({ output }: RecordedCall): boolean {
  return typeof output === 'object' && output !== null && 'accepted' in output && output.accepted === true;
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

function withUsage(error: SquadraError, usage: Usage): SquadraError {
  return new SquadraError(error.code, error.message, { cause: error.cause, details: { ...error.details, usage } });
}

function promptBytes(prompt: LanguageModelV4Prompt): number {
  return prompt.reduce((bytes, message) => bytes + Buffer.byteLength(textOf(message)), 0);
}

function textOf(message: LanguageModelV4Message): string {
  if (typeof message.content === 'string') return message.content;
  return message.content.map((part) => ('text' in part ? part.text : '')).join('\n');
}
