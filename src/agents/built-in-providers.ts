import type { Settings } from '../config/settings.ts';
import { createAnthropicServer } from './anthropic-provider.ts';
import type { Fetch, ModelServer } from './compatible-server.ts';
import { createGroqServer } from './groq-provider.ts';
import { createOllamaServer } from './ollama-provider.ts';
import { createOpenAIServer } from './openai-provider.ts';

/** The settings that make providers usable. */
export type ProviderSettings = Pick<
  Settings,
  | 'anthropicApiKey'
  | 'anthropicBaseUrl'
  | 'groqApiKey'
  | 'groqBaseUrl'
  | 'ollamaBaseUrl'
  | 'openaiApiKey'
  | 'openaiBaseUrl'
>;

/** A provider that is there as soon as it is configured. */
export interface BuiltInProvider {
  readonly name: string;
  /** The variables that configure it, for messages. */
  readonly keyVariable: string | null;
  readonly addressVariable: string;
  /** For members that name no model: able to use tools, and the cheap one of its family. */
  readonly defaultModel: string;
  /** Null where it is not configured. */
  open(settings: ProviderSettings, fetch: Fetch | undefined): ModelServer | null;
}

/** In the order in which they are taken where a member names none. */
export const builtInProviders: readonly BuiltInProvider[] = [
  {
    name: 'openai',
    keyVariable: 'OPENAI_API_KEY',
    addressVariable: 'OPENAI_BASE_URL',
    defaultModel: 'gpt-5-mini',
    open: ({ openaiApiKey: apiKey, openaiBaseUrl: baseUrl }, fetch) =>
      apiKey === null && baseUrl === null ? null : createOpenAIServer({ apiKey, baseUrl, fetch }),
  },
  {
    name: 'anthropic',
    keyVariable: 'ANTHROPIC_API_KEY',
    addressVariable: 'ANTHROPIC_BASE_URL',
    defaultModel: 'claude-haiku-4-5',
    open: ({ anthropicApiKey: apiKey, anthropicBaseUrl: baseUrl }, fetch) =>
      apiKey === null ? null : createAnthropicServer({ apiKey, baseUrl, fetch }),
  },
  {
    name: 'groq',
    keyVariable: 'GROQ_API_KEY',
    addressVariable: 'GROQ_BASE_URL',
    defaultModel: 'openai/gpt-oss-120b',
    open: ({ groqApiKey: apiKey, groqBaseUrl: baseUrl }, fetch) =>
      apiKey === null ? null : createGroqServer({ apiKey, baseUrl, fetch }),
  },
  {
    name: 'ollama',
    keyVariable: null,
    addressVariable: 'OLLAMA_BASE_URL',
    defaultModel: 'qwen3',
    open: ({ ollamaBaseUrl: baseUrl }, fetch) => (baseUrl === null ? null : createOllamaServer({ baseUrl, fetch })),
  },
];

/** Keys, and passwords in addresses: texts that must never appear in a message. */
export function secretsOf(settings: ProviderSettings): readonly string[] {
  const keys = [settings.openaiApiKey, settings.anthropicApiKey, settings.groqApiKey];
  const addresses = [settings.openaiBaseUrl, settings.anthropicBaseUrl, settings.groqBaseUrl, settings.ollamaBaseUrl];
  return [...keys, ...addresses.map(passwordOf)].filter((secret) => secret !== null);
}

function passwordOf(address: string | null): string | null {
  const password = address === null ? '' : (URL.parse(address)?.password ?? '');
  return password === '' ? null : decodeURIComponent(password);
}
