import type { LanguageModelV4, ProviderV4 } from '@ai-sdk/provider';
import { LRUCache } from 'lru-cache';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import { SquadraError } from '../kernel/errors.ts';
import { type BuiltInProvider, builtInProviders, type ProviderSettings, secretsOf } from './built-in-providers.ts';
import { modelFetch } from './model-fetch.ts';
import { createOfflineModel, offlineModelId, offlineProvider } from './offline-model.ts';
import type { PricedModel } from './pricing.ts';
import type { ModelThreads } from './threads/model-threads.ts';

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
  readonly settings: ProviderSettings & Pick<Settings, 'model' | 'provider'>;
  readonly clock: Clock;
  /** The user's own providers by name; they win over the built-in ones. */
  readonly models?: Readonly<Record<string, ProviderV4>>;
  /** Where calls of the built-in providers are made; in this thread where nothing is said. */
  readonly threads?: Pick<ModelThreads, 'model'>;
  /** How long the offline model takes for each chunk, in milliseconds; 0 is at once. */
  readonly offlinePaceMs?: number;
}

/** One way to make a model of a provider. */
type ModelSource = (modelId: string | null) => ResolvedModel;

/** A model of one's own that nobody named: what such a provider makes of it is its affair. */
const unnamedModel = 'default';

/** The providers of this installation: `offline`, the built-in ones that are configured, and the user's own. */
export function createModelRegistry(options: ModelRegistryOptions): ModelRegistry {
  const { settings } = options;
  const sources = collectSources(options);
  const providers = [...sources.keys()].toSorted();
  const first = builtInProviders.find(({ name }) => sources.has(name))?.name ?? offlineProvider;
  const defaultProvider = settings.provider ?? first;
  if (!sources.has(defaultProvider)) throw unknownProvider(defaultProvider, providers);
  const cache = new LRUCache<string, ResolvedModel>({ max: maxModels });
  return {
    providers,
    defaultProvider,
    secrets: secretsOf(settings),
    resolve(provider, model) {
      const name = provider ?? defaultProvider;
      // The model of the settings is one of the default provider; another one does not know it.
      const modelId = model ?? (name === defaultProvider ? settings.model : null);
      const key = JSON.stringify([name, modelId]);
      const cached = cache.get(key);
      if (cached !== undefined) return cached;
      const source = sources.get(name);
      if (source === undefined) throw unknownProvider(name, providers);
      const resolved = source(modelId);
      cache.set(key, resolved);
      return resolved;
    },
  };
}

function collectSources({
  settings,
  clock,
  models = {},
  threads,
  offlinePaceMs = defaultPaceMs,
}: ModelRegistryOptions): Map<string, ModelSource> {
  const sources = new Map<string, ModelSource>();
  const offline = {
    model: createOfflineModel(clock, offlinePaceMs),
    priced: { provider: offlineProvider, model: offlineModelId, apiUrl: null },
  };
  // Whatever model a member names: an answer from the script must not bear the name of a real one.
  sources.set(offlineProvider, () => offline);
  const fetch = modelFetch();
  for (const provider of builtInProviders) {
    const server = provider.open(settings, fetch);
    if (server === null) continue;
    sources.set(provider.name, (modelId) => {
      const model = modelId ?? provider.defaultModel;
      const called = threads?.model(provider.name, model) ?? server.languageModel(model);
      return { model: called, priced: { provider: provider.name, model, apiUrl: server.apiUrl } };
    });
  }
  for (const [name, provider] of Object.entries(models)) {
    const builtIn = builtInProviders.find((one) => one.name === name);
    sources.set(name, (modelId) => {
      const model = modelId ?? builtIn?.defaultModel ?? unnamedModel;
      return { model: provider.languageModel(model), priced: { provider: name, model, apiUrl: null } };
    });
  }
  return sources;
}

function unknownProvider(name: string, known: readonly string[]): SquadraError {
  const builtIn = builtInProviders.find((one) => one.name === name);
  const hint = builtIn === undefined ? '' : ` Set ${howToConfigure(builtIn)} to use it.`;
  return new SquadraError(
    'UNKNOWN_PROVIDER',
    `The provider ${JSON.stringify(name)} is not configured.${hint} Known are: ${known.join(', ')}.`,
    { details: { provider: name, known } },
  );
}

function howToConfigure({ name, keyVariable, addressVariable }: BuiltInProvider): string {
  if (keyVariable === null) return addressVariable;
  return name === 'openai' ? `${keyVariable} or ${addressVariable}` : keyVariable;
}
