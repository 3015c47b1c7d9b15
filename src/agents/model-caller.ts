import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Settings } from '../config/settings.ts';
import type { Semaphore } from '../flow/semaphore.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { Usage } from '../work/usage.ts';
import type { AskRequest, CallAttempt } from '../workflows/asker.ts';
import type { Agent } from './agent.ts';
import { remainingMs } from './ask-limits.ts';
import { type ContextWindow, contextWindow, requireRoom } from './context-window.ts';
import { bytesOf } from './conversation.ts';
import { callModel, lengthOf, nothingReceived, type Received } from './model-call.ts';
import { modelError } from './model-errors.ts';
import type { ModelRegistry } from './model-registry.ts';
import { reserveUsage, settleUsage } from './model-usage.ts';
import type { Prices } from './pricing.ts';

/** What making model calls needs from its surroundings. */
export interface ModelCallerParts {
  readonly registry: ModelRegistry;
  readonly settings: Pick<
    Settings,
    | 'askTimeoutMs'
    | 'compactAt'
    | 'contextWindow'
    | 'maxResultBytes'
    | 'modelFirstTokenTimeoutMs'
    | 'modelIdleTimeoutMs'
    | 'modelTimeoutMs'
  >;
  readonly clock: Clock;
  readonly prices: Prices;
}

/** One call: what the model is given, for which step of which ask. */
export interface CallOrder {
  readonly agent: Agent;
  readonly request: AskRequest;
  /** The name of the step within the ask. */
  readonly name: string;
  readonly prompt: LanguageModelV4Prompt;
  /** About how many tokens the prompt has. */
  readonly tokens: number;
  readonly tools: readonly LanguageModelV4FunctionTool[];
  readonly responseFormat: NonNullable<LanguageModelV4CallOptions['responseFormat']>;
  readonly maxToolCalls: number;
}

/** What came back, whole. */
export interface MadeCall {
  readonly received: Received;
  readonly usage: Usage;
}

/** Calls models: waits for a place, keeps to the limits, and says of a failed call what it cost. */
export class ModelCaller {
  readonly #parts: ModelCallerParts;
  readonly #places: Semaphore;

  constructor(parts: ModelCallerParts, places: Semaphore) {
    this.#parts = parts;
    this.#places = places;
  }

  /** The call has limits of its own; this one adds the wait for a place, which takes as long as others' calls do. */
  get stepTimeoutMs(): number {
    return 2 * this.#parts.settings.modelTimeoutMs;
  }

  windowOf({ priced }: Agent): ContextWindow {
    return contextWindow(priced, this.#parts.prices, this.#parts.settings);
  }

  /** The most a call can cost. */
  reserve(agent: Agent, prompt: LanguageModelV4Prompt): Usage {
    return reserveUsage(agent.priced, bytesOf(prompt), this.windowOf(agent).outputTokens, this.#parts.prices);
  }

  /** Makes one attempt. Text goes to `attempt.delta` as it streams. */
  async make(order: CallOrder, attempt: CallAttempt): Promise<MadeCall> {
    const received = nothingReceived();
    const window = this.windowOf(order.agent);
    requireRoom(order.tokens, window, order.request.member.name, stepOf(order));
    const leftMs = remainingMs(order.request, this.#parts.settings);
    const release = await this.#places.acquire(attempt.signal);
    try {
      await callModel(
        {
          model: order.agent.model,
          options: optionsOf(order, window, attempt),
          limits: this.#limits(order, leftMs),
          clock: this.#parts.clock,
          signal: attempt.signal,
          onText: (delta) => attempt.delta(delta),
        },
        received,
      );
    } catch (error) {
      attempt.signal.throwIfAborted();
      throw this.#failure(error, order, received, leftMs);
    } finally {
      release();
    }
    return { received, usage: this.#settle(order, received) };
  }

  #limits({ maxToolCalls }: CallOrder, leftMs: number) {
    const { settings } = this.#parts;
    return {
      firstTokenMs: settings.modelFirstTokenTimeoutMs,
      idleMs: settings.modelIdleTimeoutMs,
      totalMs: Math.min(settings.modelTimeoutMs, leftMs),
      maxLength: settings.maxResultBytes,
      maxToolCalls,
    };
  }

  #settle({ agent, prompt, tools }: CallOrder, received: Received): Usage {
    const inputBytes = bytesOf(prompt) + toolBytes(tools);
    // Of reasoning and arguments the length is known, and most of it is one byte a unit.
    const outputBytes = Buffer.byteLength(received.text) + lengthOf(received) - received.text.length;
    return settleUsage({ model: agent.priced, inputBytes, outputBytes, reported: received.usage }, this.#parts.prices);
  }

  #failure(error: unknown, order: CallOrder, received: Received, leftMs: number): SquadraError {
    const { registry, clock, settings } = this.#parts;
    const failure = modelError(error, {
      model: order.agent.priced,
      secrets: registry.secrets,
      now: clock.now(),
      answering: received.answering,
    });
    const isTimeout = failure.code === 'MODEL_TIMEOUT';
    // What was answered, or may have been, is paid for although it failed.
    const details =
      received.answering || isTimeout ? { ...failure.details, usage: this.#settle(order, received) } : failure.details;
    if (isTimeout && failure.details.limit === 'total' && leftMs < settings.modelTimeoutMs) {
      const message = `${order.request.member.name} was still at '${stepOf(order)}' when the time of the ask was up (SQUADRA_ASK_TIMEOUT).`;
      return new SquadraError('ASK_TIMEOUT', message, { cause: failure, details });
    }
    const where = failure.code === 'CONTEXT_OVERFLOW' ? ` (${order.request.member.name}, at '${stepOf(order)}')` : '';
    return new SquadraError(failure.code, `${failure.message}${where}`, { cause: failure.cause, details });
  }
}

function optionsOf(
  { agent, prompt, tools, responseFormat }: CallOrder,
  { outputTokens }: ContextWindow,
  { idempotencyKey }: CallAttempt,
): Omit<LanguageModelV4CallOptions, 'abortSignal'> {
  return {
    prompt,
    maxOutputTokens: outputTokens,
    temperature: agent.temperature,
    responseFormat,
    ...(tools.length === 0 ? {} : { tools: [...tools] }),
    headers: { 'Idempotency-Key': idempotencyKey },
  };
}

function stepOf({ request, name }: CallOrder): string {
  return `${request.key}/${name}`;
}

/** UTF-8 bytes that the descriptions of tools add to a call. */
export function toolBytes(tools: readonly LanguageModelV4FunctionTool[]): number {
  return tools.reduce((bytes, tool) => bytes + Buffer.byteLength(JSON.stringify(tool)), 0);
}
