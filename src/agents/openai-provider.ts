import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4 } from '@ai-sdk/provider';

const openaiUrl = 'https://api.openai.com/v1';
/** Models that think before they answer; the same rule as in OpenAI's own adapters. */
const reasoningModel = /^(?:gpt-5(?!-chat)|o\d)/;

/** A server that speaks OpenAI's chat completions. */
export interface OpenAIServer {
  /** Calls go to `{apiUrl}/chat/completions`. */
  readonly apiUrl: string;
  languageModel(modelId: string): LanguageModelV4;
}

/** OpenAI itself, or the compatible server at `baseUrl`, which may want no key. */
export function createOpenAIServer(options: {
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
}): OpenAIServer {
  const apiUrl = options.baseUrl ?? openaiUrl;
  const isOpenAI = URL.parse(apiUrl)?.hostname.endsWith('.openai.com') === true;
  const provider = createOpenAICompatible({
    name: 'openai',
    baseURL: apiUrl,
    ...(options.apiKey === null ? {} : { apiKey: options.apiKey }),
    // Without it, servers send no usage in a stream.
    includeUsage: true,
    supportsStructuredOutputs: true,
    transformRequestBody: (body) => (reasoningModel.test(String(body.model)) ? reasoningBody(body, isOpenAI) : body),
  });
  return { apiUrl, languageModel: (modelId) => provider.languageModel(modelId) };
}

/** Reasoning models refuse `max_tokens` wherever they are served; OpenAI's own servers also any temperature but theirs. */
function reasoningBody(body: Readonly<Record<string, unknown>>, isOpenAI: boolean): Record<string, unknown> {
  const { max_tokens: limit, temperature, ...rest } = body;
  return { ...rest, max_completion_tokens: limit, ...(isOpenAI ? {} : { temperature }) };
}
