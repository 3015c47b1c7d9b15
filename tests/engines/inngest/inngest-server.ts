import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { InngestExecutor } from './inngest-executor.ts';
import { InngestGateway } from './inngest-gateway.ts';
import type { ExecutorParts } from './inngest-executor.ts';
import { eventSchema, registrationSchema } from './inngest-protocol.ts';
import { hashedSigningKey, httpCaller } from './signed-calls.ts';

export interface InngestServerOptions extends ExecutorParts {
  readonly eventKey: string;
  /** Null: as a dev server, which asks nobody for a key. */
  readonly signingKey: string | null;
}

/**
 * An Inngest of these tests' own: takes events, is told of functions, and calls them, over HTTP or over the connections of workers, as the
 * real one does.
 */
export class InngestServer implements AsyncDisposable {
  readonly url: string;
  readonly executor: InngestExecutor;
  readonly gateway: InngestGateway;
  readonly #server: Server;

  private constructor(port: number, server: Server, executor: InngestExecutor, gateway: InngestGateway) {
    this.url = `http://127.0.0.1:${port}`;
    this.#server = server;
    this.executor = executor;
    this.gateway = gateway;
  }

  static async start(options: InngestServerOptions): Promise<InngestServer> {
    const executor = new InngestExecutor(options);
    const gateway = new InngestGateway(executor);
    const server = createServer((request, response) => {
      respond(request, response, options, { executor, gateway }).catch((error: unknown) =>
        send(response, 500, { error: String(error) }),
      );
    });
    server.on('upgrade', (request, socket, head) => gateway.accept(request, socket, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new InngestServer(port, server, executor, gateway);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.executor.stop();
    this.gateway.close();
    await stopped;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { eventKey, signingKey }: InngestServerOptions,
  { executor, gateway }: Pick<InngestServer, 'executor' | 'gateway'>,
): Promise<void> {
  const text = await textOf(request);
  const { url: path = '', method } = request;
  if (method === 'GET' && path === '/health') return send(response, 200, { status: 200, message: 'OK' });
  if (method === 'POST' && path.startsWith('/e/')) {
    if (signingKey !== null && path !== `/e/${eventKey}`)
      return send(response, 401, { status: 401, error: 'Event key not found' });
    const ids = z
      .array(eventSchema)
      .parse(JSON.parse(text))
      .map((event) => executor.take(event));
    return send(response, 200, { ids, status: 200 });
  }
  if (method === 'POST' && path.startsWith('/fn/register')) {
    if (signingKey !== null && request.headers.authorization !== `Bearer ${hashedSigningKey(signingKey)}`)
      return send(response, 401, { status: 401, error: 'Invalid signing key' });
    executor.serve(registrationSchema.parse(JSON.parse(text)).functions, httpCaller(signingKey));
    return send(response, 200, { status: 200, modified: true });
  }
  if (method === 'POST' && path === '/v0/connect/start') {
    if (signingKey !== null && request.headers.authorization !== `Bearer ${hashedSigningKey(signingKey)}`)
      return send(response, 401, { status: 401, error: 'Invalid signing key' });
    response.writeHead(200, { 'content-type': 'application/protobuf' });
    response.end(gateway.start(`ws://${request.headers.host ?? ''}/v0/connect`));
    return;
  }
  send(response, 404, { error: `${method} ${path} is unknown here` });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
