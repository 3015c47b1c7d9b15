import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Inngest, InngestFunction } from 'inngest';
import type { Reception } from '../ordered/ordered-engine.ts';
import { installed } from './inngest-client.ts';

export interface ServeEndpointSettings {
  readonly workerHost: string;
  /** 0 takes any that is free. */
  readonly workerPort: number;
  /** Under which Inngest reaches all workers of this version; null: this one, under its own address. */
  readonly workerUrl: string | null;
}

export interface ServeEndpointParts {
  readonly client: Inngest;
  readonly functions: readonly InngestFunction.Like[];
}

/** Where Inngest calls, on the port of a worker. */
export const servePath = '/api/inngest';

/** Where Inngest calls the functions of this process, over HTTP. The SDK checks that it was Inngest, by its signing key. */
export class ServeEndpoint implements Reception, AsyncDisposable {
  readonly port: number;
  /** Under which this process reaches it. */
  readonly ownUrl: string;
  readonly #server: Server;
  readonly #state: { isRefusing: boolean };
  #closed: Promise<void> | null = null;

  private constructor(host: string, port: number, server: Server, state: { isRefusing: boolean }) {
    this.port = port;
    this.ownUrl = urlOf(host, port);
    this.#server = server;
    this.#state = state;
  }

  /** Rejects where nobody may listen there, or the SDK is not installed. */
  static async listen(settings: ServeEndpointSettings, parts: ServeEndpointParts): Promise<ServeEndpoint> {
    const { workerHost, workerPort, workerUrl } = settings;
    const { serve } = await installed(() => import('inngest/node'));
    const state = { isRefusing: false };
    // The port may be any that is free, and the SDK wants to know it before it answers.
    let handle: ReturnType<typeof serve> | null = null;
    const server = createServer((request, response) => {
      if (state.isRefusing || handle === null) answer(request, response, 503);
      else if (request.url?.split('?')[0] !== servePath) answer(request, response, 404);
      else handle(request, response);
    });
    const port = await listening(server, workerPort, workerHost);
    const serveOrigin = workerUrl ?? urlOf(workerHost, port);
    handle = serve({ client: parts.client, functions: [...parts.functions], serveOrigin, servePath });
    return new ServeEndpoint(workerHost, port, server, state);
  }

  /** Answers that it takes nothing more: a proxy tries another worker, and Inngest calls again. */
  refuse(): void {
    if (this.#state.isRefusing) return;
    this.#state.isRefusing = true;
    this.#closed = new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async close(): Promise<void> {
    this.refuse();
    await this.#closed;
  }

  /** At once: what is not answered is called again elsewhere. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    this.#server.closeAllConnections();
    await this.#closed;
  }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' });
  response.end();
  request.resume();
}

/** Who listens everywhere reaches itself here. */
function urlOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

function listening(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
