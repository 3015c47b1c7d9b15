import { request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import type { Fetch } from './compatible-server.ts';
import { gatheredBody } from './gathered-body.ts';
import { GatherWindow } from './gather-window.ts';

/** Answers without a body, by definition. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The `fetch` for models. Unlike Node's own it waits for a silent model as long as it takes (who is too slow is decided by
 * the watch of each call), and it reads streams at a fraction of the cost: pieces of text that come within a moment are
 * handed on as one. Redirects are answers like any other.
 *
 * Rejects like `fetch`: with the reason of an abort, or with a `TypeError` whose cause is what happened to the connection.
 */
export function modelFetch(): Fetch {
  const window = new GatherWindow();
  return async (input, init = {}) => {
    if (input instanceof Request) throw new TypeError('Models are called with an address and what goes there.');
    const answer = await send(new URL(input), init);
    const { statusCode: status = 0, statusMessage: statusText = '' } = answer;
    const body = bodiless.has(status) ? null : gatheredBody(answer, window);
    return new Response(body, { status, statusText, headers: headersOf(answer) });
  };
}

/** Sends a request; resolves with the head of its answer. The signal ends the answer, too. */
function send(url: URL, { method = 'GET', headers, body, signal }: RequestInit): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === 'https:' ? requestSecure : requestPlain;
    const request: ClientRequest = begin(url, { method, headers: Object.fromEntries(new Headers(headers)) });
    const abort = (): void => void request.destroy(signal?.reason as Error);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.on('close', () => signal?.removeEventListener('abort', abort));
    request.on('response', resolve);
    request.on('error', (cause: NodeJS.ErrnoException) =>
      reject(signal?.aborted === true ? cause : new TypeError('fetch failed', { cause: told(cause) })),
    );
    if (body === undefined || body === null) request.end();
    else if (typeof body === 'string' || body instanceof Uint8Array) request.end(body);
    else request.destroy(new TypeError('Only text and bytes are sent to models.'));
  });
}

/** When no address of a name can be reached, the error of Node has no message of its own. */
function told(cause: NodeJS.ErrnoException): Error {
  return cause.message === '' ? new Error(cause.code ?? cause.name, { cause }) : cause;
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  return headers;
}
