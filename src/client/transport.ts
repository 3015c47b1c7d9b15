import { problemOf, ProblemError, unreachable } from './problem-error.ts';

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** An API key or a token of the issuer; a function is asked before each request. */
  readonly key?: string | (() => string | Promise<string>);
  /** Another `fetch`, for tests or a proxy. */
  readonly fetch?: typeof fetch;
  /** How often a request is sent again that was refused for now (429, 503) or got no answer (also 502, 504); 4 where nothing is said. */
  readonly retries?: number;
  /** The longest wait before it is sent again; a server that asks for more is not waited for. 60 s where nothing is said. */
  readonly maxRetryWaitMs?: number;
}

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether sending it twice does no more than sending it once. Reads always do. */
  readonly isRepeatable?: boolean;
}

const firstWaitMs = 250;
/** What a proxy says of a server that does not answer; whether it did something nobody knows. */
const noAnswer: ReadonlySet<number> = new Set([502, 504]);

/** Whether what came to nothing may come to something later; 0 is no answer at all. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 429 || status === 503 || noAnswer.has(status);
}

/** Sends requests, and again what was refused for now. */
export class Transport {
  readonly #options: ClientOptions;
  readonly #base: string;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  /** The parsed answer; undefined where it is empty. Throws `ProblemError`. */
  async send<T>(path: string, request: Request = {}): Promise<T> {
    const answer = await this.open(path, request);
    const text = await answer.text();
    // The server's answers are described by the types that name T.
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The answer with its body unread. Throws `ProblemError`. */
  async open(path: string, request: Request = {}): Promise<Response> {
    const { retries = 4, maxRetryWaitMs = 60_000 } = this.#options;
    const isRepeatable = request.isRepeatable ?? (request.method ?? 'GET') === 'GET';
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(path, request);
      if (outcome instanceof Response && outcome.ok) return outcome;
      const wait = waitMs(outcome, attempt, isRepeatable);
      if (wait === null || attempt >= retries || wait > maxRetryWaitMs) {
        if (!(outcome instanceof Response)) throw outcome;
        throw new ProblemError(problemOf(outcome.status, await outcome.text()));
      }
      await outcome.body?.cancel();
      await sleep(wait, request.signal);
    }
  }

  async #attempt(path: string, request: Request): Promise<Response | (ProblemError & { readonly body?: null })> {
    const { method = 'GET', body, headers, query = {}, signal } = request;
    const url = new URL(`${this.#base}${path}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const key = typeof this.#options.key === 'function' ? await this.#options.key() : this.#options.key;
    // Called as a function of its own: browsers refuse theirs as the method of something else.
    const { fetch: send = fetch } = this.#options;
    try {
      return await send(url, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      return unreachable(this.#base, error);
    }
  }
}

/** How long to wait before it is sent again; null when that would not help, or might do it twice. */
function waitMs(outcome: Response | ProblemError, attempt: number, isRepeatable: boolean): number | null {
  const backoff = firstWaitMs * 2 ** attempt;
  if (outcome instanceof ProblemError || noAnswer.has(outcome.status)) return isRepeatable ? backoff : null;
  // Refused before anything was done.
  if (outcome.status !== 429 && outcome.status !== 503) return null;
  const seconds = Number(outcome.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : backoff;
}

/** Resolves after the time; rejects when the signal aborts first. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
