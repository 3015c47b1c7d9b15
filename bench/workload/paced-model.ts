import { setTimeout as pause } from 'node:timers/promises';
import type { LanguageModelV4, LanguageModelV4StreamPart, ProviderV4 } from '@ai-sdk/provider';

const usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 10, text: 10, reasoning: 0 },
};
const parts: readonly LanguageModelV4StreamPart[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'Done, as it was asked for.' },
  { type: 'text-end', id: '1' },
  { type: 'finish', usage, finishReason: { unified: 'stop', raw: 'stop' } },
];

/** Models that answer in this process after so many milliseconds: what is left is what Squadra costs. */
export function pacedProvider(latencyMs: number): ProviderV4 {
  const refuse = (): never => {
    throw new Error('This provider has language models only.');
  };
  const model = (modelId: string): LanguageModelV4 => ({
    specificationVersion: 'v4',
    provider: 'paced',
    modelId,
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('Squadra streams.')),
    doStream: async () => {
      if (latencyMs > 0) await pause(latencyMs);
      return { stream: ReadableStream.from(parts) };
    },
  });
  return { specificationVersion: 'v4', languageModel: model, embeddingModel: refuse, imageModel: refuse };
}
