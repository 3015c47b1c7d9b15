import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Beyond this nothing is read of a cookie; ours has 47 characters. */
const maxLength = 100;

/** The token of whoever signed in, as the browser brings it; null where it brings none. */
export function sessionTokenOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  const wanted = `${cookieName(headers)}=`;
  for (const part of (headers.cookie ?? '').split(';')) {
    const cookie = part.trim();
    if (cookie.startsWith(wanted)) return cookie.slice(wanted.length, wanted.length + maxLength);
  }
  return null;
}

/** Has the browser keep the token, out of reach of scripts and of pages of other sites, until it is over. */
export function keepSessionToken(request: FastifyRequest, reply: FastifyReply, token: string, seconds: number): void {
  // The page says how it was reached; this process may stand behind a proxy that ends TLS.
  const isSecure = request.headers.origin?.startsWith('https:') === true;
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${isSecure ? '; Secure' : ''}`;
  reply.header('set-cookie', `${cookieName(request.headers)}=${token}; ${attributes}`);
}

/** Has the browser forget it. */
export function dropSessionToken(request: FastifyRequest, reply: FastifyReply): void {
  keepSessionToken(request, reply, '', 0);
}

/**
 * Whether a browser says that a page of this very origin asks. Scripts cannot write these headers, and browsers send one of them
 * with every request that may change something and with every stream.
 */
export function isSameOrigin({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  return origin !== undefined && host !== undefined && [`http://${host}`, `https://${host}`].includes(origin);
}

/** Browsers tell cookies apart by host alone: with the port in its name, two servers on one machine do not sign each other out. */
function cookieName({ host = '' }: IncomingHttpHeaders): string {
  const port = /:(?<port>\d{1,5})$/.exec(host)?.groups?.['port'];
  return port === undefined ? 'squadra_session' : `squadra_session_${port}`;
}
