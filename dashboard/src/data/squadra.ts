import { createClient } from '../../../src/client.ts';

/** An answer that takes longer is told to the person instead of waited for. */
const patienceMs = 15_000;

/** The API of the server that gave out this page. Who signed in is known by a cookie, which the page never sees. */
export const squadra = createClient({ url: location.origin, retries: 1, maxRetryWaitMs: 2_000, fetch: impatient });

function impatient(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const ends = AbortSignal.timeout(patienceMs);
  const signal = init.signal === null || init.signal === undefined ? ends : AbortSignal.any([init.signal, ends]);
  return fetch(input, { ...init, signal });
}
