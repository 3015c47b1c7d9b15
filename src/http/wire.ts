import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { SquadraError } from '../kernel/errors.ts';
import type { ErrorCode } from '../kernel/errors.ts';
import type { IdSource } from '../kernel/id.ts';
import { problemOf } from './problem.ts';

/** How often connections are looked at whose request does not come: how much longer than allowed one may take. */
const lookEveryMs = 1_000;
/** How long a connection has, after what could not be read of it was answered, to take the answer before it is cut off. */
const lingerMs = 1_000;

/** Longer than proxies keep theirs, so that they are the ones to close. */
const keepAliveTimeoutMs = 75_000;

/** How long Node's server gives clients. Of its two times the longer one holds for bodies, so that both have to be set. */
export function serverOptions(requestTimeoutMs: number) {
  return {
    connectionsCheckingInterval: lookEveryMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
  };
}

/** What goes with answers that no route and no hook has a part in, as `helmet` adds it to all others. */
export const bareHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const reasons: Readonly<Record<string, readonly [code: ErrorCode, phrase: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'Request Timeout', 'The request did not come in time.'],
};
const malformed = ['INVALID_INPUT', 'Bad Request', 'What came is not a request of HTTP/1.1.'] as const;

/** Answers what is no HTTP, with a problem, and hangs up: nothing after it on the connection can be trusted. */
export function answerUnreadable(ids: IdSource) {
  return (error: Error & { readonly code?: string }, socket: Socket): void => {
    // An answer is under way: whatever is written now would be taken for a part of it.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const [code, phrase, message] = reasons[error.code ?? ''] ?? malformed;
    const requestId = ids();
    const problem = problemOf(new SquadraError(code, message), requestId);
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${phrase}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      ...Object.entries(bareHeaders).map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
    socket.setTimeout(lingerMs, () => socket.destroy());
  };
}

/**
 * Whether the next bytes on a connection belong to an answer. Node keeps at a connection the answer that is due on it: one to a
 * request of which not all has come is due to what could not be read, and is given here.
 */
function isAnswering({ _httpMessage: due }: Socket & { readonly _httpMessage?: ServerResponse | null }): boolean {
  return due !== undefined && due !== null && (due.headersSent || due.req.complete);
}

/** Takes requests with expectations that nobody here knows for what they are otherwise, as RFC 9110 allows. */
export function ignoreExpectations({ server }: FastifyInstance): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    (server as Server).emit('request', request, response);
  });
}

/** Refuses who names two hosts (RFC 9112, section 3.2): proxies on the way may have looked at the other one. */
export function refuseTwoHosts(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ raw: { rawHeaders } }, reply) => {
    const hosts = rawHeaders.filter((name, place) => place % 2 === 0 && name.toLowerCase() === 'host');
    if (hosts.length < 2) return;
    reply.header('connection', 'close');
    throw new SquadraError('INVALID_INPUT', 'A request names its host once; this one has more than one Host header.');
  });
}
