import { createCompatibleServer, type Fetch, type ModelServer } from './compatible-server.ts';

const openaiUrl = 'https://api.openai.com/v1';
/** Models that think before they answer; the same rule as in OpenAI's own adapters. */
const reasoningModel = /^(?:gpt-5(?!-chat)|o\d)/;

/** OpenAI itself, or the compatible server at `baseUrl`, which may want no key. */
export function createOpenAIServer(options: {
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
  readonly fetch?: Fetch | undefined;
}): ModelServer {
  const apiUrl = options.baseUrl ?? openaiUrl;
  const isOpenAI = URL.parse(apiUrl)?.hostname.endsWith('.openai.com') === true;
  return createCompatibleServer({
    name: 'openai',
    apiUrl,
    apiKey: options.apiKey,
    knowsSchemas: true,
    adapt: (body) => (reasoningModel.test(String(body.model)) ? reasoningBody(body, isOpenAI) : body),
    fetch: options.fetch,
  });
}

/** Reasoning models refuse `max_tokens` wherever they are served; OpenAI's own servers also any temperature but theirs. */
function reasoningBody(body: Readonly<Record<string, unknown>>, isOpenAI: boolean): Record<string, unknown> {
  const { max_tokens: limit, temperature, ...rest } = body;
  return { ...rest, max_completion_tokens: limit, ...(isOpenAI ? {} : { temperature }) };
}
