import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  ProviderV4,
} from '@ai-sdk/provider';

/** What a fake model does with a call: its stream, or a promise of it. */
export type FakeStream = (
  options: LanguageModelV4CallOptions,
) => ReadableStream<LanguageModelV4StreamPart> | Promise<ReadableStream<LanguageModelV4StreamPart>>;

/** A provider whose every model streams what it is told. */
export function fakeProvider(stream: FakeStream): ProviderV4 {
  const refuse = (): never => {
    throw new Error('There is none.');
  };
  const languageModel = (modelId: string): LanguageModelV4 => ({
    specificationVersion: 'v4',
    provider: 'fake',
    modelId,
    supportedUrls: {},
    doGenerate: refuse,
    doStream: async (options) => ({ stream: await stream(options) }),
  });
  return { specificationVersion: 'v4', languageModel, embeddingModel: refuse, imageModel: refuse };
}

/** The parts of a whole answer. */
export function wholeAnswer(text: string): readonly LanguageModelV4StreamPart[] {
  return [
    { type: 'stream-start', warnings: [] },
    { type: 'text-delta', id: '0', delta: text },
    {
      type: 'finish',
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 5, text: 5, reasoning: 0 },
      },
    },
  ];
}
