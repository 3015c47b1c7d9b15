import type { RateReport, ToldAllowance } from '../flow/rate-budget.ts';

type Headers = Readonly<Record<string, string>>;

/** What the head of an answer says about requests and tokens, in OpenAI's words (and those of its like) or Anthropic's. */
export function readRateHeaders(headers: Headers, now: number): RateReport {
  const anthropic = (kind: string) => toldBy(headers, (what) => `anthropic-ratelimit-${kind}-${what}`, now);
  const openai = (kind: string) => toldBy(headers, (what) => `x-ratelimit-${what}-${kind}`, now);
  return {
    requests: openai('requests') ?? anthropic('requests'),
    // Of Anthropic's the one that all of them are in; of those that do not send it, the one that runs out first.
    tokens: openai('tokens') ?? anthropic('tokens') ?? anthropic('input-tokens'),
  };
}

function toldBy(headers: Headers, nameOf: (what: string) => string, now: number): ToldAllowance | null {
  const limit = numberOf(headers[nameOf('limit')]);
  const remaining = numberOf(headers[nameOf('remaining')]);
  if (limit === null || remaining === null) return null;
  return { limit, remaining, fullInMs: timeUntil(headers[nameOf('reset')], now) };
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : null;
}

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** `6m0s`, `120ms`, `1.5s`, seconds without a unit, or a date. */
function timeUntil(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const seconds = numberOf(text);
  if (seconds !== null) return seconds * unitMs.s;
  if (/^\s*(?:\d+(?:\.\d+)?(?:ms|[dhms]))+\s*$/.test(text)) {
    const parts = text.matchAll(/(?<amount>\d+(?:\.\d+)?)(?<unit>ms|[dhms])/g);
    return [...parts].reduce(
      (sum, { groups }) => sum + Number(groups?.['amount']) * unitMs[groups?.['unit'] as keyof typeof unitMs],
      0,
    );
  }
  const date = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
