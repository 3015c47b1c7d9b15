import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';

/** Far above any model there is: a price beyond it was meant in another unit. */
const maxUsd = 100_000;

const usd = z.number().min(0).max(maxUsd);
const price = z.strictObject({
  input: usd,
  output: usd,
  /** Input read from the provider's cache; costs like other input where absent. */
  cached: usd.exactOptional(),
});
const namePattern = /^[^\s/]+(?:\/\S+)?$/;

/** Own prices as people write them: US dollars per million tokens, by `provider/model` or by `provider` alone. */
export const priceTable = z.record(z.string(), price).superRefine((table, { addIssue }) => {
  for (const name of Object.keys(table)) {
    if (namePattern.test(name)) continue;
    const message = "is no name of a model: write 'provider/model', or 'provider' for all of its models";
    addIssue({ code: 'custom', path: [name], message });
  }
});

/** `{ 'openai/gpt-5-mini': { input: 0.25, cached: 0.025, output: 2 } }`, in US dollars per million tokens. */
export type PriceOptions = Readonly<
  Record<string, { readonly input: number; readonly output: number; readonly cached?: number }>
>;

/** One price as it is reckoned with, in micro-dollars per million tokens. */
interface PriceSettings {
  readonly inputMicroUsd: number;
  readonly cachedMicroUsd: number;
  readonly outputMicroUsd: number;
}

/** Checks own prices. Throws `INVALID_SETTING` with every problem at once. */
export function readPrices(prices: PriceOptions = {}): Readonly<Record<string, PriceSettings>> {
  const parsed = priceTable.safeParse(prices);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `prices.${path.join('.')}: ${message}`);
    throw new SquadraError('INVALID_SETTING', `The prices cannot be used: ${problems.join('; ')}.`, {
      details: { problems },
    });
  }
  const rows = Object.entries(parsed.data).map(([model, { input, output, cached = input }]) => {
    const price = { inputMicroUsd: micro(input), cachedMicroUsd: micro(cached), outputMicroUsd: micro(output) };
    return [model, price] as const;
  });
  return Object.fromEntries(rows);
}

/** Prices are given to a hundredth of a cent at most, so whole micro-dollars lose nothing. */
function micro(dollars: number): number {
  return Math.round(dollars * 1_000_000);
}
