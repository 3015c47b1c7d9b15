import { calcPrice, type Provider } from '@pydantic/genai-prices';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.ts';

/** Which model a price is asked for. `apiUrl` tells providers apart that are reached through the same adapter. */
export interface PricedModel {
  readonly provider: string;
  readonly model: string;
  readonly apiUrl: string | null;
}

/** Tokens of one call. `cachedTokens` are among the input tokens, `reasoningTokens` among the output tokens. */
export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Input written into the provider's cache, among the input tokens too: some charge more for it. */
  readonly cacheWriteTokens?: number;
}

/** An own price, in micro-dollars per million tokens: 2,500,000 is $2.50. Cached input costs like other input where absent. */
export interface OwnPrice {
  readonly inputMicroUsd: number;
  readonly cachedMicroUsd?: number;
  readonly outputMicroUsd: number;
}

/** What tokens cost. */
export interface Prices {
  /** Whole micro-dollars; null when the model has no known price. */
  costMicroUsd(model: PricedModel, tokens: TokenCounts): number | null;
  /** How many tokens the model can read and write in one call, as the price list says; null when it does not. */
  windowTokens(model: PricedModel): number | null;
}

/** Models whose place in the list is remembered. */
const maxListed = 100;
const free: OwnPrice = Object.freeze({ inputMicroUsd: 0, outputMicroUsd: 0 });

/** The public price list, under own prices by `provider/model` or by `provider` alone. The offline model is priced at zero. */
export function createPrices(clock: Clock, own: Readonly<Record<string, OwnPrice>> = {}): Prices {
  const table = new Map<string, OwnPrice>([['offline', free], ...Object.entries(own)]);
  const list = new PriceList();
  return {
    costMicroUsd(model, tokens) {
      const price = table.get(`${model.provider}/${model.model}`) ?? table.get(model.provider);
      return price === undefined ? list.cost(model, tokens, new Date(clock.now())) : ownCost(price, tokens);
    },
    windowTokens: (model) => list.window(model),
  };
}

function ownCost(price: OwnPrice, tokens: TokenCounts): number {
  const cached = tokens.cachedTokens * (price.cachedMicroUsd ?? price.inputMicroUsd);
  const input = (tokens.inputTokens - tokens.cachedTokens) * price.inputMicroUsd;
  return roundHalfUp((cached + input + tokens.outputTokens * price.outputMicroUsd) / 1e6);
}

/** The public list. Searching it takes longer than the sum, so what was found is kept; prices that change with the time still do. */
class PriceList {
  readonly #found = new LRUCache<string, { readonly provider: Provider | null }>({ max: maxListed });

  cost(priced: PricedModel, tokens: TokenCounts, timestamp: Date): number | null {
    const provider = this.#find(priced);
    if (provider === null) return null;
    const price = calcPrice(listUsage(tokens), priced.model, { provider, timestamp });
    return price === null ? null : roundHalfUp(price.total_price * 1e6);
  }

  window(priced: PricedModel): number | null {
    return this.#find(priced)?.models[0]?.context_window ?? null;
  }

  #find(priced: PricedModel): Provider | null {
    const key = JSON.stringify([priced.provider, priced.model, priced.apiUrl]);
    let found = this.#found.get(key);
    if (found === undefined) {
      found = { provider: searchList(priced) };
      this.#found.set(key, found);
    }
    return found.provider;
  }
}

/** The provider with this one model; null when the list does not have it. */
function searchList({ provider, model, apiUrl }: PricedModel): Provider | null {
  // The address first: a provider reached through the OpenAI-compatible adapter has prices of its own.
  const found =
    (apiUrl === null ? null : calcPrice({}, model, { providerApiUrl: apiUrl })) ??
    calcPrice({}, model, { providerId: provider });
  return found === null ? null : { ...found.provider, models: [found.model] };
}

function listUsage(tokens: TokenCounts) {
  return {
    input_tokens: tokens.inputTokens,
    output_tokens: tokens.outputTokens,
    cache_read_tokens: tokens.cachedTokens,
    cache_write_tokens: tokens.cacheWriteTokens ?? 0,
    output_reasoning_tokens: tokens.reasoningTokens,
  };
}

/** Half a micro-dollar counts as one, also where floating point fell just short of the half. */
function roundHalfUp(microUsd: number): number {
  return Math.floor(microUsd + 0.5 + 1e-7);
}
