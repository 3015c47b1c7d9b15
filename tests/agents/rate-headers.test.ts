import { describe, expect, it } from 'vitest';
import { readRateHeaders } from '../../src/agents/rate-headers.ts';

const now = Date.UTC(2026, 0, 1);

describe('the headers about rates', () => {
  it.each([
    ['6m0s', 360_000],
    ['120ms', 120],
    ['1.5s', 1_500],
    ['7', 7_000],
    ['1h1m', 3_660_000],
    [new Date(now + 30_000).toISOString(), 30_000],
    [new Date(now - 30_000).toISOString(), 0],
    ['soon', null],
  ])('of OpenAI are read, with a reset of %s', (reset, fullInMs) => {
    const headers = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '499',
      'x-ratelimit-reset-requests': reset,
    };
    expect(readRateHeaders(headers, now)).toEqual({
      requests: { limit: 500, remaining: 499, fullInMs },
      tokens: null,
    });
  });

  it('of Anthropic are read, of all tokens where it says that, else of those that are sent', () => {
    const told = (kind: string, limit: string) => ({
      [`anthropic-ratelimit-${kind}-limit`]: limit,
      [`anthropic-ratelimit-${kind}-remaining`]: '7',
      [`anthropic-ratelimit-${kind}-reset`]: '2026-01-01T00:00:12Z',
    });
    const input = { ...told('requests', '50'), ...told('input-tokens', '30000') };
    expect(readRateHeaders(input, now)).toEqual({
      requests: { limit: 50, remaining: 7, fullInMs: 12_000 },
      tokens: { limit: 30_000, remaining: 7, fullInMs: 12_000 },
    });
    expect(readRateHeaders({ ...input, ...told('tokens', '40000') }, now).tokens?.limit).toBe(40_000);
  });

  it.each([{}, { 'x-ratelimit-limit-requests': 'many', 'x-ratelimit-remaining-requests': '-1' }])(
    'that are missing or make no sense say nothing',
    (headers) => expect(readRateHeaders(headers, now)).toEqual({ requests: null, tokens: null }),
  );
});
