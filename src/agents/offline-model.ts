import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { Clock } from '../kernel/clock.ts';
import { offlineObject } from './offline-object.ts';
import { offlineAnswer } from './offline-script.ts';

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
      const text = answer(options);
      return {
        content: [{ type: 'text', text }],
        finishReason: { unified: 'stop', raw: 'stop' },
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
  const text = answer(options);
  yield { type: 'stream-start', warnings: [] };
  yield { type: 'text-start', id: '0' };
  for (let start = 0; start < text.length; start += chunkLength) {
    if (paceMs > 0) await pause(clock, paceMs, options.abortSignal);
    yield { type: 'text-delta', id: '0', delta: text.slice(start, start + chunkLength) };
  }
  yield { type: 'text-end', id: '0' };
  yield { type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage: usageOf(options, text) };
}

function answer(options: LanguageModelV4CallOptions): string {
  const message = textOf(options, 'user');
  const format = options.responseFormat;
  if (format?.type === 'json') return JSON.stringify(offlineObject(format.schema ?? {}, message), null, 2);
  const role = /^Role: (?<role>\S+)$/mu.exec(textOf(options, 'system'))?.groups?.role;
  return offlineAnswer(role ?? '', message);
}

function textOf(options: LanguageModelV4CallOptions, role: 'system' | 'user'): string {
  const message = options.prompt.find((candidate) => candidate.role === role);
  if (message === undefined) return '';
  if (typeof message.content === 'string') return message.content;
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function usageOf(options: LanguageModelV4CallOptions, text: string): LanguageModelV4Usage {
  const input = tokens(textOf(options, 'system') + textOf(options, 'user'));
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
