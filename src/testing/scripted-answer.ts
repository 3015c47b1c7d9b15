import { APICallError } from '@ai-sdk/provider';
import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Json } from '../kernel/json.ts';

/** A tool that the scripted model calls. */
export interface ScriptedToolCall {
  readonly name: string;
  /** Sent as JSON; a text is sent as it is, so that broken JSON can be sent too. */
  readonly input: Json;
  /** `call-1`, `call-2` … where absent. */
  readonly id?: string;
}

/**
 * How a call fails: an HTTP status as a provider answers it, a stream that is `cut` in the middle or `hang`s there, or
 * any error, thrown before the first part.
 */
export type ScriptedFailure =
  | 'cut'
  | 'hang'
  | Error
  | { readonly status: number; readonly message?: string; readonly retryAfterMs?: number };

/** One answer in full. A text alone stands for `{ text }`. */
export interface ScriptedAnswerParts {
  readonly text?: string;
  /** Sent as JSON text, for asks with a schema. */
  readonly object?: Json;
  readonly reasoning?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** As the provider counts it; null reports none. Reckoned from the lengths where absent. */
  readonly usage?: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    readonly cachedTokens?: number;
    readonly reasoningTokens?: number;
  } | null;
  /** `tool-calls` where there are any, else `stop`. */
  readonly finishReason?: 'stop' | 'length' | 'content-filter' | 'tool-calls' | 'error' | 'other';
  /** In how many pieces the text comes; 4 where absent. */
  readonly chunks?: number;
  /** Before the first part, in milliseconds of the clock. */
  readonly latencyMs?: number;
  readonly fail?: ScriptedFailure;
}

export type ScriptedAnswer = string | ScriptedAnswerParts;

const defaultChunks = 4;
/** About four bytes to a token, the usual rule of thumb. */
const bytesPerToken = 4;

/** The parts that come before the end of the stream: reasoning, text, tool calls. */
export function contentParts(answer: ScriptedAnswerParts): LanguageModelV4StreamPart[] {
  const { reasoning, toolCalls = [] } = answer;
  return [
    { type: 'stream-start', warnings: [] },
    ...(reasoning === undefined ? [] : reasoningParts(reasoning)),
    ...textParts(textOf(answer), answer.chunks ?? defaultChunks),
    ...toolCalls.flatMap(toolParts),
  ];
}

/** The part that makes a stream whole. */
export function finishPart(answer: ScriptedAnswerParts, inputBytes: number): LanguageModelV4StreamPart {
  const { finishReason = (answer.toolCalls ?? []).length > 0 ? 'tool-calls' : 'stop' } = answer;
  return {
    type: 'finish',
    finishReason: { unified: finishReason, raw: finishReason },
    usage: usageOf(answer, inputBytes),
  };
}

/** The error of a failure that comes before the first part. */
export function failureError(failure: Exclude<ScriptedFailure, 'cut' | 'hang'>): Error {
  if (failure instanceof Error) return failure;
  const { status, message = `The script answers ${status}.`, retryAfterMs } = failure;
  return new APICallError({
    message,
    url: 'script:',
    requestBodyValues: {},
    statusCode: status,
    ...(retryAfterMs === undefined ? {} : { responseHeaders: { 'retry-after-ms': String(retryAfterMs) } }),
    responseBody: JSON.stringify({ error: { message } }),
  });
}

function textOf({ text, object }: ScriptedAnswerParts): string {
  return text ?? (object === undefined ? '' : JSON.stringify(object));
}

function reasoningParts(reasoning: string): LanguageModelV4StreamPart[] {
  return [
    { type: 'reasoning-start', id: 'reasoning' },
    { type: 'reasoning-delta', id: 'reasoning', delta: reasoning },
    { type: 'reasoning-end', id: 'reasoning' },
  ];
}

function textParts(text: string, chunks: number): LanguageModelV4StreamPart[] {
  if (text === '') return [];
  const width = Math.max(1, Math.ceil(text.length / chunks));
  const pieces = Array.from({ length: Math.ceil(text.length / width) }, (_, place) =>
    text.slice(place * width, (place + 1) * width),
  );
  return [
    { type: 'text-start', id: 'text' },
    ...pieces.map((delta) => ({ type: 'text-delta', id: 'text', delta }) as const),
    { type: 'text-end', id: 'text' },
  ];
}

function toolParts({ name, input, id }: ScriptedToolCall, place: number): LanguageModelV4StreamPart[] {
  const toolCallId = id ?? `call-${place + 1}`;
  const json = typeof input === 'string' ? input : JSON.stringify(input);
  return [
    { type: 'tool-input-start', id: toolCallId, toolName: name },
    { type: 'tool-input-delta', id: toolCallId, delta: json },
    { type: 'tool-input-end', id: toolCallId },
    { type: 'tool-call', toolCallId, toolName: name, input: json },
  ];
}

function usageOf(answer: ScriptedAnswerParts, inputBytes: number): LanguageModelV4Usage {
  const { usage } = answer;
  if (usage === null) {
    return {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    };
  }
  const outputBytes = Buffer.byteLength(
    `${textOf(answer)}${answer.reasoning ?? ''}${JSON.stringify(answer.toolCalls ?? '')}`,
  );
  const input = usage?.inputTokens ?? Math.ceil(inputBytes / bytesPerToken);
  const output = usage?.outputTokens ?? Math.ceil(outputBytes / bytesPerToken);
  const { cachedTokens = 0, reasoningTokens = 0 } = usage ?? {};
  return {
    inputTokens: { total: input, noCache: input - cachedTokens, cacheRead: cachedTokens, cacheWrite: 0 },
    outputTokens: { total: output, text: output - reasoningTokens, reasoning: reasoningTokens },
  };
}
