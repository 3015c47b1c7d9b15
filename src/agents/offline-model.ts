import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { Clock } from '../kernel/clock.ts';
import { bytesOf } from './conversation.ts';
import { offlineObject } from './offline-object.ts';
import { offlineAnswer } from './offline-script.ts';
import { type OfflineCall, offlineCalls, savedFiles } from './offline-tools.ts';

/** How the offline provider and its only model are called wherever they appear. */
export const offlineProvider = 'offline';
export const offlineModelId = 'script';

/** About a word and a half: a chunk as models send them. */
const chunkLength = 16;

/** The model for installations without a provider: it answers from a script, the same bytes for the same input, after `paceMs` for each chunk. */
export function createOfflineModel(clock: Clock, paceMs: number): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: offlineProvider,
    modelId: offlineModelId,
    supportedUrls: {},
    async doGenerate(options) {
      const { text, calls } = answer(options);
      return {
        content: calls.length > 0 ? calls.map(toolCall) : [{ type: 'text', text }],
        finishReason: finishOf(calls),
        usage: usageOf(options, text),
        warnings: [],
      };
    },
    async doStream(options) {
      options.abortSignal?.throwIfAborted();
      return { stream: ReadableStream.from(parts(options, clock, paceMs)) };
    },
  };
}

async function* parts(
  options: LanguageModelV4CallOptions,
  clock: Clock,
  paceMs: number,
): AsyncGenerator<LanguageModelV4StreamPart> {
  const { text, calls } = answer(options);
  yield { type: 'stream-start', warnings: [] };
  if (calls.length > 0) {
    yield* calls.map(toolCall);
    yield { type: 'finish', finishReason: finishOf(calls), usage: usageOf(options, JSON.stringify(calls)) };
    return;
  }
  yield { type: 'text-start', id: '0' };
  for (let start = 0; start < text.length; start += chunkLength) {
    if (paceMs > 0) await pause(clock, paceMs, options.abortSignal);
    yield { type: 'text-delta', id: '0', delta: text.slice(start, start + chunkLength) };
  }
  yield { type: 'text-end', id: '0' };
  yield { type: 'finish', finishReason: finishOf(calls), usage: usageOf(options, text) };
}

/** What the script says now: tool calls, or the answer. */
interface OfflineTurn {
  readonly text: string;
  readonly calls: readonly OfflineCall[];
}

function answer(options: LanguageModelV4CallOptions): OfflineTurn {
  const message = textOf(options, 'user');
  const format = options.responseFormat;
  if (format?.type === 'json')
    return { text: JSON.stringify(offlineObject(format.schema ?? {}, message), null, 2), calls: [] };
  const role = /^Role: (?<role>\S+)$/mu.exec(textOf(options, 'system'))?.groups?.role ?? '';
  const text = offlineAnswer(role, message);
  const calls = offlineCalls(options, role, text);
  if (calls.length > 0) return { text: '', calls };
  const saved = savedFiles(options).map((path) => `\`${path}\``);
  return { text: saved.length === 0 ? text : `${text}\nSaved in the workspace as ${saved.join(', ')}.\n`, calls };
}

function toolCall({ name, input }: OfflineCall, place: number) {
  const toolCallId = `${name}-${place + 1}`;
  return { type: 'tool-call', toolCallId, toolName: name, input: JSON.stringify(input) } as const;
}

function finishOf(calls: readonly OfflineCall[]): LanguageModelV4FinishReason {
  return calls.length > 0 ? { unified: 'tool-calls', raw: 'tool-calls' } : { unified: 'stop', raw: 'stop' };
}

function textOf(options: LanguageModelV4CallOptions, role: 'system' | 'user'): string {
  const message = options.prompt.find((candidate) => candidate.role === role);
  if (message === undefined) return '';
  if (typeof message.content === 'string') return message.content;
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function usageOf(options: LanguageModelV4CallOptions, text: string): LanguageModelV4Usage {
  const input = Math.ceil(bytesOf(options.prompt) / 4);
  const output = tokens(text);
  return {
    inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: output, text: output, reasoning: 0 },
  };
}

function tokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    timer.cancel();
    reject(signal?.reason);
  };
  const timer = clock.setTimer(delayMs, () => {
    signal?.removeEventListener('abort', abort);
    resolve();
  });
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return promise;
}
