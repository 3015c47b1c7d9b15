import type { Fetch } from './compatible-server.ts';

/** Node's `fetch` gives up on an answer whose head or body is silent for as long, whatever anybody says. */
const nodeSilenceMs = 300_000;

/**
 * The `fetch` for models that may be silent for so long; undefined where Node's own will do. Who is too slow is decided by
 * our own limits, which the watch of each call keeps. The package is loaded with the first call.
 */
export function modelFetch(silenceMs: number): Fetch | undefined {
  if (silenceMs < nodeSilenceMs) return undefined;
  let loaded: Promise<Fetch> | null = null;
  return async (input, init) => (await (loaded ??= loadPatientFetch()))(input, init);
}

async function loadPatientFetch(): Promise<Fetch> {
  const { Agent, fetch } = await import('undici');
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const patient = (input: Parameters<typeof fetch>[0], init: Parameters<typeof fetch>[1]) =>
    fetch(input, { ...init, dispatcher });
  // The package and Node type the same interface, of which Node's is a copy, each on its own.
  return patient as unknown as Fetch;
}
