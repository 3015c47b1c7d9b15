import { calcPrice } from '@pydantic/genai-prices';
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
}

const free: OwnPrice = Object.freeze({ inputMicroUsd: 0, outputMicroUsd: 0 });

/** The public price list, under own prices by `provider/model` or by `provider` alone. The offline model is priced at zero. */
export function createPrices(clock: Clock, own: Readonly<Record<string, OwnPrice>> = {}): Prices {
  const table = new Map<string, OwnPrice>([['offline', free], ...Object.entries(own)]);
  return {
    costMicroUsd(model, tokens) {
      const price = table.get(`${model.provider}/${model.model}`) ?? table.get(model.provider);
      return price === undefined ? listedCost(model, tokens, clock.now()) : ownCost(price, tokens);
    },
  };
}

function ownCost(price: OwnPrice, tokens: TokenCounts): number {
  const cached = tokens.cachedTokens * (price.cachedMicroUsd ?? price.inputMicroUsd);
  const input = (tokens.inputTokens - tokens.cachedTokens) * price.inputMicroUsd;
  return roundHalfUp((cached + input + tokens.outputTokens * price.outputMicroUsd) / 1e6);
}

function listedCost({ provider, model, apiUrl }: PricedModel, tokens: TokenCounts, now: number): number | null {
  const usage = {
    input_tokens: tokens.inputTokens,
    output_tokens: tokens.outputTokens,
    cache_read_tokens: tokens.cachedTokens,
    output_reasoning_tokens: tokens.reasoningTokens,
  };
  const timestamp = new Date(now);
  // The address first: a provider reached through the OpenAI-compatible adapter has prices of its own.
  const found =
    (apiUrl === null ? null : calcPrice(usage, model, { providerApiUrl: apiUrl, timestamp })) ??
    calcPrice(usage, model, { providerId: provider, timestamp });
  return found === null ? null : roundHalfUp(found.total_price * 1e6);
}

/** Half a micro-dollar counts as one, also where floating point fell just short of the half. */
function roundHalfUp(microUsd: number): number {
  return Math.floor(microUsd + 0.5 + 1e-7);
}
