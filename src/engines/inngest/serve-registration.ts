import type { Clock } from '../../kernel/clock.ts';
import { retryDelayMs } from '../../kernel/retry.ts';
import type { RetryPolicy } from '../../kernel/retry.ts';
import { pause } from '../ordered/pause.ts';
import { servePath } from './serve-endpoint.ts';

const policy: RetryPolicy = { retries: Number.POSITIVE_INFINITY, initialMs: 100, maxMs: 5_000, factor: 2 };
/** Inngest asks the worker what it has before it answers. */
const timeoutMs = 20_000;

/**
 * Has the SDK of this process tell Inngest where its functions are, as whoever deploys would by `PUT`. Whoever of the workers does it
 * last is believed: all tell the same. Again and again until it worked: Inngest may not be there yet.
 */
export async function registerFunctions(
  ownUrl: string,
  clock: Clock,
  signal: AbortSignal,
  onProblem: (problem: string) => void,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    const problem = await register(ownUrl, signal);
    if (problem === null || signal.aborted) return;
    onProblem(problem);
    await pause(clock, retryDelayMs(policy, attempt, Math.random), signal);
  }
}

/** Null where it worked, otherwise why not. */
async function register(ownUrl: string, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch(new URL(servePath, ownUrl), {
      method: 'PUT',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await answer.text();
    // Of some versions of Inngest the SDK does not understand the answer; it tells then how that was marked.
    return answer.ok || text.includes('status code: 200')
      ? null
      : `Inngest does not register this worker: ${answer.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return `This worker could not be registered with Inngest: ${error instanceof Error ? error.message : String(error)}`;
  }
}
