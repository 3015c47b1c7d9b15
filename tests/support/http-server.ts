import { openAssembly } from '../../src/compose.ts';
import type { Surroundings } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { startServer } from '../../src/http/server.ts';
import type { Assembly } from '../../src/orchestrator/assembly-parts.ts';
import type { SquadraOptions } from '../../src/orchestrator/squadra-options.ts';
import { temporaryFolder } from '../work/sqlite/open-state.ts';

/** An answer, read to its end. `body` is parsed where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  readonly text: string;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly method?: string;
  readonly signal?: AbortSignal;
}

/** A server on a free port of this machine, over a state folder of its own. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly assembly: Assembly;
  /** Sends a request; `path` begins with a slash, below `/api/v1` where it has no other beginning. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
}

/** Nothing of the environment gets in; the offline model answers at once. */
export async function openTestServer(
  options: SquadraOptions = {},
  surroundings: Partial<Surroundings> = {},
): Promise<TestServer> {
  const folder = await temporaryFolder();
  const assembly = await openAssembly(
    // A machine that is busy with other tests is late for reasons of its own.
    { stateDir: folder.path, ...options, settings: { maxLoopDelay: 0, maxSubmissionWait: 0, ...options.settings } },
    { offlinePaceMs: 0, readSettings: (overrides) => readSettings({}, overrides), ...surroundings },
  );
  const server = await startServer(
    { ...assembly, readiness: new Readiness(), dashboard: null },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: server.url,
    assembly,
    ask: (path, request = {}) => ask(server.url, path, request),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await assembly.squadra[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const elsewhere = /^\/(?:api|health|ready|docs|metrics|openapi)/;

/** Asks a server at an address. */
export async function ask(
  base: string,
  path: string,
  { body, headers, key, method, signal }: AskOptions,
): Promise<Answer> {
  const response = await fetch(`${base}${elsewhere.test(path) ? '' : '/api/v1'}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : null,
    text,
  };
}
