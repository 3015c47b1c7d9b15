import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { SquadraError } from '../../kernel/errors.ts';
import { hostName, isLoopbackAddress, isLoopbackName } from './loopback.ts';

/** What proxies add: whoever comes through one may come from anywhere. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Who may ask while nobody signs in: programs on this machine, and pages that this server itself gave out.
 *
 * O1  The connection comes from this machine, and not through a proxy on it.
 * O2  `Host` names this machine: a page whose owner lets its name point here (DNS rebinding) is refused, 421.
 * O3  What changes something, and streams, are refused to pages of other origins, 403, but for those that are listed.
 *     What others only read they cannot see: answers name no origin that is not listed.
 *
 * Throws `WRONG_HOST`, `FOREIGN_ORIGIN` or `UNAUTHENTICATED`.
 */
export function checkOpenMode(request: FastifyRequest, origins: readonly string[]): void {
  const { headers, socket } = request.raw;
  const name = hostName(authorityOf(request.raw));
  if (name === null || !isLoopbackName(name)) throw wrongHost();
  if (!isLoopbackAddress(socket.remoteAddress) || proxyHeaders.some((header) => header in headers))
    throw comesFromAfar();
  const guarded = !safeMethods.has(request.method) || request.routeOptions.config.streams === true;
  if (guarded && isForeign(request, origins)) throw foreignOrigin();
}

/** Whether a program on this machine asks, under a name of this machine and through no proxy that says so. */
export function comesFromThisMachine({ raw: { headers, socket, url } }: FastifyRequest): boolean {
  const name = hostName(authorityOf({ headers, url }));
  const isProxied = proxyHeaders.some((header) => header in headers);
  return name !== null && isLoopbackName(name) && isLoopbackAddress(socket.remoteAddress) && !isProxied;
}

/** Whom a request was sent to. An address that names it, as one to a proxy does, wins over `Host` (RFC 9112, section 3.2.2). */
function authorityOf({ url = '', headers }: Pick<IncomingMessage, 'url' | 'headers'>): string | undefined {
  return /^[a-z][a-z\d+.-]*:\/\/(?<authority>[^/?#]*)/i.exec(url)?.groups?.['authority'] ?? headers.host;
}

/** Browsers name the origin of the page with every request that may change something and with every stream. */
function isForeign({ headers }: FastifyRequest, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin !== undefined) return origin !== `http://${host ?? ''}` && !origins.includes(origin);
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

function wrongHost(): SquadraError {
  return new SquadraError(
    'WRONG_HOST',
    'While no key is asked for, only requests to localhost or 127.0.0.1 are answered; this one was sent to another name.',
  );
}

function comesFromAfar(): SquadraError {
  return new SquadraError(
    'UNAUTHENTICATED',
    'While no key is asked for, only programs on this machine are answered, and no proxy.',
  );
}

function foreignOrigin(): SquadraError {
  return new SquadraError(
    'FOREIGN_ORIGIN',
    'While no key is asked for, pages of other origins may neither change anything nor follow events.',
  );
}
