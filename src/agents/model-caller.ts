import { APICallError } from '@ai-sdk/provider';
import type { LanguageModelV4CallOptions, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';
import type { Settings } from '../config/settings.ts';
import type { Admission, CallOutcome, CallTicket, Permit } from '../flow/admission.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { DurationHistogram } from '../telemetry/histogram.ts';
import type { DurationDistribution } from '../telemetry/histogram.ts';
import type { Usage } from '../work/usage.ts';
import type { AskRequest, CallAttempt } from '../workflows/asker.ts';
import type { Agent } from './agent.ts';
import { askTimeout, remainingMs } from './ask-limits.ts';
import { type ContextWindow, contextWindow, requireRoom } from './context-window.ts';
import { bytesOf } from './conversation.ts';
import { callModel, lengthOf, nothingReceived, type Received } from './model-call.ts';
import { modelError } from './model-errors.ts';
import type { ModelRegistry } from './model-registry.ts';
import { reserveUsage, settleUsage } from './model-usage.ts';
import { readRateHeaders } from './rate-headers.ts';
import type { Prices } from './pricing.ts';

/** What making model calls needs from its surroundings. */
export interface ModelCallerParts {
  readonly registry: ModelRegistry;
  readonly settings: Pick<
    Settings,
    | 'askTimeoutMs'
    | 'compactAt'
    | 'contextWindow'
    | 'maxModelReturns'
    | 'maxResultBytes'
    | 'modelFirstTokenTimeoutMs'
    | 'modelIdleTimeoutMs'
    | 'modelTimeoutMs'
  >;
  readonly clock: Clock;
  readonly prices: Prices;
  /** Passed by every call before it leaves. */
  readonly admission: Admission;
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

/** A call that may leave; `end` of the permit gives its place back when it does not. */
export interface AdmittedCall {
  readonly ticket: CallTicket;
  readonly permit: Permit;
}

/** What came back, whole. */
export interface MadeCall {
  readonly received: Received;
  readonly usage: Usage;
}

const withoutTools: Pick<CallOrder, 'tools' | 'responseFormat'> = { tools: [], responseFormat: { type: 'text' } };

/** Upper bounds: from a model on this machine to one that thinks for minutes. */
const answerBoundsMs = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 600_000];

/** Who has to stay away for longer waits as an attempt that failed: then nothing is kept in memory. */
const longestReturnMs = 30_000;

/** Calls models: waits for its turn, keeps to the limits, and says of a failed call what it cost. */
export class ModelCaller {
  readonly #parts: ModelCallerParts;
  readonly #answers = new DurationHistogram(answerBoundsMs);

  constructor(parts: ModelCallerParts) {
    this.#parts = parts;
  }

  /** How long answers took that came whole. */
  answers(): DurationDistribution {
    return this.#answers.distribution();
  }

  /** The call has limits of its own; before it comes the wait for its turn, which the ask's own limit bounds. */
  get stepTimeoutMs(): number {
    const { askTimeoutMs, modelTimeoutMs } = this.#parts.settings;
    return askTimeoutMs + modelTimeoutMs;
  }

  windowOf({ priced }: Agent): ContextWindow {
    return contextWindow(priced, this.#parts.prices, this.#parts.settings);
  }

  /** The most a call can cost: what is sent as if each byte were a token, and all the output it may write. */
  reserve(
    agent: Agent,
    prompt: LanguageModelV4Prompt,
    { tools, responseFormat }: Pick<CallOrder, 'tools' | 'responseFormat'> = withoutTools,
  ): Usage {
    const formatBytes = responseFormat.type === 'json' ? Buffer.byteLength(JSON.stringify(responseFormat)) : 0;
    const inputBytes = bytesOf(prompt) + toolBytes(tools) + formatBytes;
    return reserveUsage(agent.priced, inputBytes, this.windowOf(agent).outputTokens, this.#parts.prices);
  }

  /**
   * Resolves when the call may leave. Rejects with `ASK_TIMEOUT` when the time of the ask is up, and with the signal's reason.
   * It comes before the intent: who waits here has recorded nothing.
   */
  async admit(order: Pick<CallOrder, 'agent' | 'request' | 'tokens'>, signal: AbortSignal): Promise<AdmittedCall> {
    const { clock, settings, admission } = this.#parts;
    const ticket = ticketOf(order, clock.now());
    const tooLate = new AbortController();
    const timer = clock.setTimer(remainingMs(order.request, settings), () =>
      tooLate.abort(askTimeout(order.request, settings)),
    );
    try {
      return { ticket, permit: await admission.admit(ticket, AbortSignal.any([signal, tooLate.signal])) };
    } finally {
      timer.cancel();
    }
  }

  /**
   * Makes one attempt of a call that was admitted. Text goes to `attempt.delta` as it streams. A call that the provider turns
   * away comes back to its turn.
   */
  async make(order: CallOrder, attempt: CallAttempt, { ticket, permit: first }: AdmittedCall): Promise<MadeCall> {
    const { clock, settings, admission } = this.#parts;
    requireRoom(order.tokens, this.windowOf(order.agent), order.request.member.name, stepOf(order));
    for (let returns = 0, permit = first; ; returns += 1) {
      const tried = await this.#leave(order, attempt, permit);
      if (!('failure' in tried)) return tried;
      const returnMs = returns < settings.maxModelReturns ? tried.returnMs : null;
      if (returnMs === null) throw tried.failure;
      await pause(clock, returnMs, attempt.signal);
      remainingMs(order.request, settings);
      permit = await admission.admit({ ...ticket, isReturning: true }, attempt.signal);
    }
  }

  async #leave(
    order: CallOrder,
    attempt: CallAttempt,
    permit: Permit,
  ): Promise<MadeCall | { readonly failure: SquadraError; readonly returnMs: number | null }> {
    const { clock, settings } = this.#parts;
    const received = nothingReceived();
    const returned = order.agent.uses.begin(clock.now());
    let outcome: CallOutcome = { kind: 'other' };
    let leftMs = 0;
    const told = (headers: Headers): void => permit.told(readRateHeaders(headers, clock.now()));
    try {
      // The wait for its turn took from it.
      leftMs = remainingMs(order.request, settings);
      await callModel(
        {
          model: order.agent.model,
          options: optionsOf(order, this.windowOf(order.agent), attempt),
          limits: this.#limits(order, leftMs),
          clock,
          signal: attempt.signal,
          onText: (delta) => attempt.delta(delta),
          onHead: told,
        },
        received,
      );
      this.#answers.observe(received.durationMs);
      outcome = { kind: 'completed', firstTokenMs: received.firstTokenMs, tokens: reportedTokens(received) };
      return { received, usage: this.#settle(order, received) };
    } catch (error) {
      attempt.signal.throwIfAborted();
      const failure = this.#failure(error, order, received, leftMs);
      if (APICallError.isInstance(error)) told(error.responseHeaders ?? {});
      outcome = outcomeOf(failure);
      return { failure, returnMs: returnMsOf(outcome) };
    } finally {
      returned();
      permit.end(outcome);
    }
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

type Headers = Readonly<Record<string, string>>;

function ticketOf(
  { agent, request, tokens }: Pick<CallOrder, 'agent' | 'request' | 'tokens'>,
  askedAt: number,
): CallTicket {
  const { provider, model } = agent.priced;
  const { tenant, member, priority } = request;
  return { tenant, provider, model, memberId: member.id, priority, inputTokens: tokens, askedAt, isReturning: false };
}

/** What the provider counted, if it did. */
function reportedTokens({ usage }: Received): number | null {
  const [input, output] = [usage?.inputTokens.total, usage?.outputTokens.total];
  return input === undefined || output === undefined ? null : input + output;
}

/** What a failure says about the provider. */
function outcomeOf({ code, details }: SquadraError): CallOutcome {
  if (code === 'MODEL_BROKEN_STREAM') return { kind: 'failed' };
  if (code !== 'MODEL_UNAVAILABLE') return { kind: 'other' };
  const { status, retryAfterMs } = details;
  if (status === 429) return { kind: 'refused', retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null };
  return { kind: status === 503 || status === 529 ? 'overloaded' : 'failed' };
}

/** How long a call stays away before it waits for its turn again; null for one that does not come back by itself. */
function returnMsOf(outcome: CallOutcome): number | null {
  if (outcome.kind !== 'refused') return null;
  const retryAfterMs = outcome.retryAfterMs ?? 0;
  return retryAfterMs <= longestReturnMs ? retryAfterMs : null;
}

/** Resolves after so long; rejects with the signal's reason when that aborts first. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    timer.cancel();
    reject(signal.reason);
  };
  const timer = clock.setTimer(ms, () => {
    signal.removeEventListener('abort', abort);
    resolve();
  });
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return promise;
}

function stepOf({ request, name }: CallOrder): string {
  return `${request.key}/${name}`;
}

/** UTF-8 bytes that the descriptions of tools add to a call. */
export function toolBytes(tools: readonly LanguageModelV4FunctionTool[]): number {
  return tools.reduce((bytes, tool) => bytes + Buffer.byteLength(JSON.stringify(tool)), 0);
}
