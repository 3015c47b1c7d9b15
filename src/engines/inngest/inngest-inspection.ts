import { inngestPlace } from './inngest-client.ts';
import type { InngestClientSettings } from './inngest-client.ts';

/** Addresses of Inngest, and what is wrong with each. */
export interface InngestInspection {
  readonly nodes: readonly { readonly url: string; readonly problem: string | null }[];
}

const timeoutMs = 3_000;

/** Asks Inngest whether it is there: its API, and where it takes events. Never throws. */
export async function inspectInngest(settings: InngestClientSettings): Promise<InngestInspection> {
  const { api, events } = inngestPlace(settings);
  const urls = [...new Set([api, events])];
  return { nodes: await Promise.all(urls.map(async (url) => ({ url, problem: await problemOf(url) }))) };
}

/** Whatever it answers, it is there; what a proxy says in its place is not Inngest. */
async function problemOf(url: string): Promise<string | null> {
  try {
    const answer = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(timeoutMs) });
    await answer.body?.cancel();
    return answer.status < 500 ? null : `answers ${answer.status}`;
  } catch (error) {
    const { cause, message } = error instanceof Error ? error : new Error(String(error));
    return cause instanceof Error ? cause.message : message;
  }
}
