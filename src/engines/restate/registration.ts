import { retryDelayMs } from '../../kernel/retry.ts';
import type { RetryPolicy } from '../../kernel/retry.ts';
import type { Clock } from '../../kernel/clock.ts';
import { pause } from '../ordered/pause.ts';
import type { AdvanceTimeouts } from './advance-object.ts';
import { objectName } from './order.ts';

export interface RegistrationSettings {
  readonly restateAdminUrl: readonly string[];
  /** Under which Restate reaches all workers of this version. */
  readonly workerUrl: string;
  readonly timeouts: AdvanceTimeouts;
}

const policy: RetryPolicy = { retries: Number.POSITIVE_INFINITY, initialMs: 100, maxMs: 5_000, factor: 2 };
/** Restate asks the worker what it has before it answers. */
const timeoutMs = 20_000;

/**
 * Tells Restate where the workers of this version are, and how long a run may take. Whoever of them comes first does, the others
 * find it done; again and again until it worked: Restate may not be there yet, or a proxy may not know this worker yet.
 *
 * Restate asks an address once what it has. Limits that were changed since are told as such, or a longer step would be cut off
 * by those of the first start.
 */
export async function registerWorkers(
  { restateAdminUrl, workerUrl, timeouts }: RegistrationSettings,
  clock: Clock,
  signal: AbortSignal,
  onProblem: (problem: string) => void,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    const problems: string[] = [];
    for (const url of restateAdminUrl) {
      const problem =
        (await send('POST', new URL('/deployments', url), { uri: workerUrl, force: false }, signal)) ??
        (await send('PATCH', new URL(`/services/${objectName}`, url), spelled(timeouts), signal));
      if (problem === null) return;
      problems.push(`${url}: ${problem}`);
    }
    if (signal.aborted) return;
    onProblem(problems.join('; '));
    await pause(clock, retryDelayMs(policy, attempt, Math.random), signal);
  }
}

function spelled({ inactivityTimeout, abortTimeout }: AdvanceTimeouts) {
  return { inactivity_timeout: `${inactivityTimeout} ms`, abort_timeout: `${abortTimeout} ms` };
}

/** Null where it worked, otherwise why not. */
async function send(method: string, url: URL, body: object, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await answer.text();
    return answer.ok ? null : `${answer.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return error instanceof Error
      ? `${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`
      : String(error);
  }
}
