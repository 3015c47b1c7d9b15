import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4 } from '@ai-sdk/provider';

/** What is called over HTTP; Node's own where nothing else is said. */
export type Fetch = typeof globalThis.fetch;

/** A server that answers as one or more models. */
export interface ModelServer {
  /** By which prices are looked up, too. */
  readonly apiUrl: string;
  languageModel(modelId: string): LanguageModelV4;
}

type Body = Readonly<Record<string, unknown>>;

/** A server that speaks OpenAI's chat completions: calls go to `{apiUrl}/chat/completions`. */
export function createCompatibleServer(options: {
  readonly name: string;
  readonly apiUrl: string;
  readonly apiKey: string | null;
  /** Whether a JSON Schema may be asked for, and not only JSON. */
  readonly knowsSchemas: boolean;
  /** The body as this server wants it. */
  readonly adapt?: (body: Body) => Body;
  readonly fetch?: Fetch | undefined;
}): ModelServer {
  const { name, apiUrl, apiKey, knowsSchemas, adapt, fetch } = options;
  const provider = createOpenAICompatible({
    name,
    baseURL: apiUrl,
    ...(apiKey === null ? {} : { apiKey }),
    // Without it, servers send no usage in a stream.
    includeUsage: true,
    supportsStructuredOutputs: knowsSchemas,
    ...(adapt === undefined ? {} : { transformRequestBody: (body) => ({ ...adapt(body) }) }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  return { apiUrl, languageModel: (modelId) => provider.languageModel(modelId) };
}

/** The address with the part behind the host that calls go below; one that has such a part already stays as it is. */
export function withPath(address: string, path: string): string {
  const url = URL.parse(address);
  return url === null || url.pathname !== '/' ? address : `${address.replace(/\/+$/, '')}${path}`;
}
