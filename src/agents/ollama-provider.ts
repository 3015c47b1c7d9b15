import { createCompatibleServer, type Fetch, type ModelServer, withPath } from './compatible-server.ts';

/** Models on a machine of one's own. Ollama speaks OpenAI's protocol below `/v1`, beside its own below `/api`. */
export function createOllamaServer(options: {
  readonly baseUrl: string;
  readonly fetch?: Fetch | undefined;
}): ModelServer {
  return createCompatibleServer({
    name: 'ollama',
    apiUrl: withPath(options.baseUrl.replace(/\/api\/?$/, ''), '/v1'),
    apiKey: null,
    knowsSchemas: true,
    fetch: options.fetch,
  });
}
