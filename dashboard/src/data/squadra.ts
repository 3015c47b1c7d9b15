import { createClient } from '../../../src/client.ts';

/** An answer that takes longer is told to the person instead of waited for. */
const patienceMs = 15_000;

/** The API of the server that gave out this page. Who signed in is known by a cookie, which the page never sees. */
export const squadra = createClient({ url: location.origin, retries: 1, maxRetryWaitMs: 2_000, fetch: impatient });

function impatient(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const ends = AbortSignal.timeout(patienceMs);
  const signal = init.signal === null || init.signal === undefined ? ends : AbortSignal.any([init.signal, ends]);
  const headers = new Headers(init.headers);
  // After a pulse all pages of a tenant ask the same and may be told the same; what this person changed is in it all the same.
  if ((init.method ?? 'GET') === 'GET') headers.set('cache-control', 'max-age=1');
  return fetch(input, { ...init, headers, signal });
}
