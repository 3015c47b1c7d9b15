import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider';
import { LRUCache } from 'lru-cache';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { createOfflineModel, offlineModelId, offlineProvider } from './offline-model.ts';
import { createOpenAIServer } from './openai-provider.ts';
import type { PricedModel } from './pricing.ts';

const openai = 'openai';
/** Making a model compiles its schemas; members share models, so few are ever needed. */
const maxModels = 100;
/** Slow enough to be watched, fast enough not to be waited for. */
const defaultPaceMs = 8;

/** A model that can be called, and under which name its calls are counted. */
export interface ResolvedModel {
  readonly model: LanguageModelV4;
  readonly priced: PricedModel;
}

/** Turns the provider and model that a member names into a model. */
export interface ModelRegistry {
  /** The providers that can be used, in alphabetical order. */
  readonly providers: readonly string[];
  readonly defaultProvider: string;
  /** Texts that must never appear in a message. */
  readonly secrets: readonly string[];
  /** Null takes the installation's default. Throws `UNKNOWN_PROVIDER`, naming the known ones. */
  resolve(provider: string | null, model: string | null): ResolvedModel;
}

export interface ModelRegistryOptions {
  readonly settings: Pick<Settings, 'openaiApiKey' | 'openaiBaseUrl' | 'model'>;
  readonly clock: Clock;
  /** The user's own providers by name; they win over the built-in ones. */
  readonly models?: Readonly<Record<string, ProviderV4>>;
  /** How long the offline model takes for each chunk, in milliseconds; 0 is at once. */
  readonly offlinePaceMs?: number;
}

/** One way to make a model of a provider. */
type ModelSource = (modelId: string | null) => ResolvedModel;

/** The providers of this installation: `offline`, `openai` where it is configured, and the user's own. */
export function createModelRegistry(options: ModelRegistryOptions): ModelRegistry {
  const { openaiApiKey, openaiBaseUrl } = options.settings;
  const sources = collectSources(options);
  const providers = [...sources.keys()].toSorted();
  const defaultProvider = sources.has(openai) ? openai : offlineProvider;
  const cache = new LRUCache<string, ResolvedModel>({ max: maxModels });
  return {
    providers,
    defaultProvider,
    secrets: [openaiApiKey, openaiBaseUrl === null ? null : passwordOf(openaiBaseUrl)].filter(
      (secret) => secret !== null,
    ),
    resolve(provider, model) {
      const name = provider ?? defaultProvider;
      const key = JSON.stringify([name, model]);
      const cached = cache.get(key);
      if (cached !== undefined) return cached;
      const source = sources.get(name);
      if (source === undefined) throw unknownProvider(name, providers);
      const resolved = source(model);
      cache.set(key, resolved);
      return resolved;
    },
  };
}

function collectSources({
  settings,
  clock,
  models = {},
  offlinePaceMs = defaultPaceMs,
}: ModelRegistryOptions): Map<string, ModelSource> {
  const sources = new Map<string, ModelSource>();
  const offline = {
    model: createOfflineModel(clock, offlinePaceMs),
    priced: { provider: offlineProvider, model: offlineModelId, apiUrl: null },
  };
  // Whatever model a member names: an answer from the script must not bear the name of a real one.
  sources.set(offlineProvider, () => offline);
  if (settings.openaiApiKey !== null || settings.openaiBaseUrl !== null) {
    const server = createOpenAIServer({ apiKey: settings.openaiApiKey, baseUrl: settings.openaiBaseUrl });
    sources.set(openai, (modelId) => {
      const model = modelId ?? settings.model;
      return { model: server.languageModel(model), priced: { provider: openai, model, apiUrl: server.apiUrl } };
    });
  }
  for (const [name, provider] of Object.entries(models)) {
    sources.set(name, (modelId) => {
      const model = modelId ?? settings.model;
      return { model: provider.languageModel(model), priced: { provider: name, model, apiUrl: null } };
    });
  }
  return sources;
}

function unknownProvider(name: string, known: readonly string[]): SquadraError {
  const hint = name === openai ? ' Set OPENAI_API_KEY or OPENAI_BASE_URL to use it.' : '';
  return new SquadraError(
    'UNKNOWN_PROVIDER',
    `The provider ${JSON.stringify(name)} is not configured.${hint} Known are: ${known.join(', ')}.`,
    { details: { provider: name, known } },
  );
}

function passwordOf(url: string): string | null {
  const password = URL.parse(url)?.password ?? '';
  return password === '' ? null : decodeURIComponent(password);
}
