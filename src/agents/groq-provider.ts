import { createCompatibleServer, type Fetch, type ModelServer, withPath } from './compatible-server.ts';

const groqUrl = 'https://api.groq.com';

/** Groq, which speaks OpenAI's protocol below `/openai/v1`. */
export function createGroqServer(options: {
  readonly apiKey: string;
  readonly baseUrl: string | null;
  readonly fetch?: Fetch | undefined;
}): ModelServer {
  return createCompatibleServer({
    name: 'groq',
    apiUrl: withPath(options.baseUrl ?? groqUrl, '/openai/v1'),
    apiKey: options.apiKey,
    // Few of its models know schemas, and the others refuse the whole request; the prompt says the schema in words.
    knowsSchemas: false,
    adapt: withoutJsonModeBesideTools,
    fetch: options.fetch,
  });
}

/** Groq refuses a request that has both. */
function withoutJsonModeBesideTools(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { response_format: _, ...rest } = body;
  return body.tools === undefined ? body : rest;
}
