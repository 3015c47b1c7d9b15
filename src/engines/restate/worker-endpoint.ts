import { createServer } from 'node:http2';
import type { Http2Server, Http2ServerRequest, Http2ServerResponse, ServerHttp2Session } from 'node:http2';
import { endpoint } from '@restatedev/restate-sdk';
import type { AdvanceObject } from './advance-object.ts';
import type { Reception } from '../ordered/ordered-engine.ts';

export interface WorkerEndpointSettings {
  readonly workerHost: string;
  /** 0 takes any that is free. */
  readonly workerPort: number;
  /** Public keys of which one has signed each request (`publickeyv1_…`); none: whoever reaches the port is believed. */
  readonly restateIdentityKeys: readonly string[];
}

export interface WorkerEndpointParts {
  readonly object: AdvanceObject;
  /** What the SDK has to say of orders that failed, and of requests that were refused. */
  readonly onProblem: (message: string) => void;
}

/** Where Restate brings its orders, over HTTP/2 without TLS. */
export class WorkerEndpoint implements Reception, AsyncDisposable {
  readonly port: number;
  readonly #server: Http2Server;
  readonly #sessions: Set<ServerHttp2Session>;
  readonly #state: { isRefusing: boolean };
  #closed: Promise<void> | null = null;

  private constructor(
    port: number,
    server: Http2Server,
    sessions: Set<ServerHttp2Session>,
    state: { isRefusing: boolean },
  ) {
    this.port = port;
    this.#server = server;
    this.#sessions = sessions;
    this.#state = state;
  }

  /** Rejects where nobody may listen there. */
  static async listen(
    { workerHost, workerPort, restateIdentityKeys }: WorkerEndpointSettings,
    { object, onProblem }: WorkerEndpointParts,
  ): Promise<WorkerEndpoint> {
    const described = endpoint()
      .bind(object)
      .setLogger(({ level }, ...said: readonly unknown[]) => {
        if (level === 'error' || (level === 'warn' && !isUnsigned(said))) onProblem(said.map(String).join(' '));
      });
    if (restateIdentityKeys.length > 0) described.withIdentityV1(...restateIdentityKeys);
    const handle = described.http2Handler();
    const state = { isRefusing: false };
    const sessions = new Set<ServerHttp2Session>();
    const server = createServer((request, response) => {
      if (state.isRefusing) refuse(request, response);
      else handle(request, response);
    });
    server.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      // A connection that breaks takes its orders with it; Restate gives them again.
      session.on('error', () => {});
      if (state.isRefusing) session.close();
    });
    const port = await listening(server, workerPort, workerHost);
    return new WorkerEndpoint(port, server, sessions, state);
  }

  /** Says on every connection that it takes nothing more, and lets no new one in. */
  refuse(): void {
    if (this.#state.isRefusing) return;
    this.#state.isRefusing = true;
    this.#closed = new Promise((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
  }

  async close(): Promise<void> {
    this.refuse();
    await this.#closed;
  }

  /** At once: what is not answered comes again elsewhere. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    for (const session of this.#sessions) session.destroy();
    await this.#closed;
  }
}

/** An answer after which Restate, and a proxy before it, tries another one. */
function refuse(request: Http2ServerRequest, response: Http2ServerResponse): void {
  response.writeHead(503);
  response.end();
  request.resume();
}

/** Where no keys are set the SDK warns of it at each start; who runs it has read that in the reference. */
function isUnsigned(said: readonly unknown[]): boolean {
  return said.some((part) => typeof part === 'string' && part.includes('without validating request signatures'));
}

function listening(server: Http2Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
