import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Usage } from '../work/usage.ts';
import type { PricedModel, Prices, TokenCounts } from './pricing.ts';

/** Without the provider's own count: about four bytes to a token, the usual rule of thumb. */
const bytesPerToken = 4;

/** What is known of a call when it is settled. */
export interface SpentCall {
  readonly model: PricedModel;
  /** UTF-8 bytes of everything that was sent. */
  readonly inputBytes: number;
  /** UTF-8 bytes of everything that came back, reasoning included. */
  readonly outputBytes: number;
  /** The provider's count; null when none arrived. */
  readonly reported: LanguageModelV4Usage | null;
}

/** The usage of one call: as the provider counted it, else computed from the text and marked estimated. */
export function settleUsage(call: SpentCall, prices: Prices): Usage {
  const input = call.reported?.inputTokens;
  const output = call.reported?.outputTokens;
  const inputCount = reportedCount(input?.total, call.inputBytes);
  const outputCount = reportedCount(output?.total, call.outputBytes);
  const inputTokens = inputCount ?? estimatedTokens(call.inputBytes);
  const outputTokens = outputCount ?? estimatedTokens(call.outputBytes);
  const tokens: TokenCounts = {
    inputTokens,
    outputTokens,
    cachedTokens: partOf(input?.cacheRead, inputTokens),
    reasoningTokens: partOf(output?.reasoning, outputTokens),
    cacheWriteTokens: partOf(input?.cacheWrite, inputTokens),
  };
  return priced(call.model, tokens, inputCount === null || outputCount === null, prices);
}

/** The most a call can cost: one token per byte sent, and all the output it may write. What a call lost in a crash counts as. */
export function reserveUsage(model: PricedModel, inputBytes: number, maxOutputTokens: number, prices: Prices): Usage {
  const tokens = { inputTokens: inputBytes, outputTokens: maxOutputTokens, cachedTokens: 0, reasoningTokens: 0 };
  return priced(model, tokens, true, prices);
}

function priced(model: PricedModel, tokens: TokenCounts, estimated: boolean, prices: Prices): Usage {
  const cost = prices.costMicroUsd(model, tokens);
  // What was written into the cache matters for the price alone.
  const { cacheWriteTokens: _, ...counted } = tokens;
  return {
    ...counted,
    costMicroUsd: cost ?? 0,
    modelCalls: 1,
    estimatedCalls: estimated ? 1 : 0,
    unpricedCalls: cost === null ? 1 : 0,
  };
}

/** Null for what cannot be true: no number, a negative one, or no tokens for some text. */
function reportedCount(count: number | undefined, bytes: number): number | null {
  if (count === undefined || !Number.isFinite(count) || count < 0) return null;
  return count === 0 && bytes > 0 ? null : Math.round(count);
}

function partOf(count: number | undefined, total: number): number {
  return count === undefined || !(count > 0) ? 0 : Math.min(Math.round(count), total);
}

/** About how many tokens a text of so many UTF-8 bytes takes. */
export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / bytesPerToken);
}
