import { createAnthropic } from '@ai-sdk/anthropic';
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { type Fetch, type ModelServer, withPath } from './compatible-server.ts';

const anthropicUrl = 'https://api.anthropic.com';

/** Anthropic, or the server at `baseUrl` that speaks its messages protocol: calls go to `{baseUrl}/v1/messages`. */
export function createAnthropicServer(options: {
  readonly apiKey: string;
  readonly baseUrl: string | null;
  readonly fetch?: Fetch | undefined;
}): ModelServer {
  const apiUrl = withPath(options.baseUrl ?? anthropicUrl, '/v1');
  const { apiKey, fetch } = options;
  const provider = createAnthropic({ baseURL: apiUrl, apiKey, ...(fetch === undefined ? {} : { fetch }) });
  return { apiUrl, languageModel: (modelId) => cachingModel(provider.languageModel(modelId)) };
}

/**
 * Anthropic caches what it is told to. Turns of a conversation with tools send all of the former ones again, so there the
 * cache pays from the second turn on; a single question would only pay for writing it.
 */
function cachingModel(model: LanguageModelV4): LanguageModelV4 {
  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: (options) => model.doGenerate(withCache(options)),
    doStream: (options) => model.doStream(withCache(options)),
  };
}

function withCache(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  if (options.tools === undefined || options.tools.length === 0) return options;
  const last = options.prompt.length - 1;
  const prompt: LanguageModelV4Prompt = options.prompt.map((message, index) =>
    // Up to the end of what is the same for every ask, and up to the end of what the next turn repeats.
    message.role === 'system' || index === last ? { ...message, providerOptions: cacheHere } : message,
  );
  return { ...options, prompt };
}

const cacheHere = { anthropic: { cacheControl: { type: 'ephemeral' } } } as const;
