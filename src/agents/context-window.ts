import { SquadraError } from '../kernel/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { PricedModel, Prices } from './pricing.ts';

/** The longest answer that is asked for, so that the reservation of a call is a ceiling. About 25 pages. */
const maxOutputTokens = 8_192;
/** Of the window, where it is small: the rest is for reading. */
const outputShare = 1 / 4;

/** What a model can take in one call. */
export interface ContextWindow {
  /** Null when nobody knows. */
  readonly tokens: number | null;
  readonly outputTokens: number;
  /** From how many tokens on earlier turns are compacted; null never does. */
  readonly compactAt: number | null;
}

export function contextWindow(
  model: PricedModel,
  prices: Prices,
  settings: Pick<Settings, 'contextWindow' | 'compactAt'>,
): ContextWindow {
  const tokens = settings.contextWindow > 0 ? settings.contextWindow : prices.windowTokens(model);
  if (tokens === null) return { tokens, outputTokens: maxOutputTokens, compactAt: null };
  const outputTokens = Math.max(1, Math.min(maxOutputTokens, Math.floor(tokens * outputShare)));
  const room = Math.min(tokens - outputTokens, tokens * settings.compactAt);
  return { tokens, outputTokens, compactAt: settings.compactAt === 0 ? null : room };
}

/** Throws `CONTEXT_OVERFLOW` when what a call reads and may write does not fit. */
export function requireRoom(
  inputTokens: number,
  { tokens, outputTokens }: ContextWindow,
  who: string,
  step: string,
): void {
  if (tokens === null || inputTokens + outputTokens <= tokens) return;
  const message = `${who} would read about ${inputTokens} tokens at '${step}' and answer with up to ${outputTokens}; the model takes ${tokens}.`;
  throw new SquadraError('CONTEXT_OVERFLOW', message, {
    details: { step, inputTokens, outputTokens, windowTokens: tokens },
  });
}
