import { SquadraError } from './errors.ts';
/** How often and how patiently failed work is tried again. */
export interface RetryPolicy {
  /** Tries after the first one: 4 means at most 5 attempts. */
  readonly retries: number;
  /** Ceiling of the wait after the first failed attempt. */
  readonly initialMs: number;
  /** Ceiling of any wait, however many attempts failed. */
  readonly maxMs: number;
  /** What the ceiling is multiplied by after each further failed attempt. */
  readonly factor: number;
}

/** Five attempts in all, waiting up to 1 s, 2 s, 4 s, 8 s between them. */
export const defaultRetryPolicy: RetryPolicy = { retries: 4, initialMs: 1000, maxMs: 60_000, factor: 2 };

/** The longest `Retry-After` that is obeyed; whoever asks for more has run out of quota (`QUOTA_EXHAUSTED`). */
export const maxRetryAfterMs = 10 * 60_000;

/**
 * How long to wait after the failed attempt number `attempt` (counted from 1), in whole milliseconds.
 *
 * Full jitter: anywhere between zero and the ceiling, so that many calls that failed together do not come back
 * together. What the other side asked for (`retryAfterMs`) wins over the policy, up to `maxRetryAfterMs`.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  random: () => number,
  retryAfterMs?: number,
): number {
  if (retryAfterMs !== undefined) return Math.round(Math.min(Math.max(0, retryAfterMs), maxRetryAfterMs));
  // 0 × Infinity is NaN: a policy without any wait must stay at zero however large the exponent grows.
  if (policy.initialMs === 0) return 0;
  const ceilingMs = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1));
  return Math.round(random() * ceilingMs);
}

/** The pause that an error asks for by itself. */
export function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof SquadraError)) return undefined;
  const { retryAfterMs: pause } = error.details;
  return typeof pause === 'number' ? pause : undefined;
}
