import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { localPrincipal, withIncluded } from '../../access/principal.ts';
import type { Principal, Scope } from '../../access/principal.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { HttpParts } from '../http-parts.ts';
import { traceparentOfRequest } from '../request-traces.ts';
import { isToken, readCredential } from './bearer.ts';
import { readIssuer } from './issuer-document.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { checkOpenMode, comesFromThisMachine } from './open-mode.ts';
import { dropSessionToken, isSameOrigin, sessionTokenOf } from './session-cookie.ts';
import type { StreamTokens } from './stream-token.ts';
import { checkToken } from './token-check.ts';

/** Finds out who asks, before anything of the request's body is read. Routes without a scope are for nobody. */
export function authenticate(app: FastifyInstance, parts: HttpParts, streamTokens: StreamTokens): void {
  const { access, squadra, settings } = parts;
  const identify = identifying(parts, streamTokens);
  app.addHook('onRequest', async (request, reply) => {
    const { isOpen } = access;
    if (isOpen) checkOpenMode(request, settings.corsOrigins);
    const { scope, isForThisMachine = false } = request.routeOptions.config;
    // An address that leads nowhere is told apart from none that leads somewhere: the description is open to all.
    if (scope === 'open' || request.is404) return;
    if (isForThisMachine && comesFromThisMachine(request)) return;
    const principal = isOpen ? localPrincipal : await identify(request, reply);
    if (scope === undefined || !principal.scopes.has(scope)) throw forbidden(reply, scope ?? 'admin');
    request.principal = principal;
    request.squadra = squadra.forTenant(principal.tenant, principal.userId, traceparentOfRequest(request));
  });
}

type Identify = (request: FastifyRequest, reply: FastifyReply) => Promise<Principal>;

/** Who a request's key or token stands for. Throws `UNAUTHENTICATED` or `ISSUER_UNAVAILABLE`. */
function identifying({ access, settings, clock, logger }: HttpParts, streamTokens: StreamTokens): Identify {
  const { oidcIssuer } = settings;
  const keys =
    oidcIssuer === null
      ? null
      : new IssuerKeys(
          () => readIssuer(oidcIssuer),
          clock,
          (error) => logger.warn({ error, issuer: oidcIssuer }, 'The issuer cannot be asked for its keys.'),
        );
  return async (request, reply) => {
    const credential = readCredential(request.headers);
    const streamToken = credential.kind === 'none' ? streamTokenOf(request) : null;
    if (streamToken !== null) {
      const principal = await streamTokens.verify(streamToken);
      if (principal !== null) return principal;
      throw unauthenticated(reply, 'invalid', 'There is no such stream token, or it has expired.');
    }
    const cookie = credential.kind === 'none' ? sessionTokenOf(request) : null;
    if (cookie !== null) return signedIn(access, cookie, request, reply);
    if (credential.kind === 'none') throw unauthenticated(reply, 'none', 'It brings no key and no token.');
    if (credential.kind === 'malformed')
      throw unauthenticated(reply, 'invalid', 'Its header is not `Authorization: Bearer <key or token>`.');
    if (keys === null || !isToken(credential.text)) {
      const principal = await access.authenticateKey(credential.text);
      if (principal !== null) return principal;
      throw unauthenticated(reply, 'invalid', 'There is no such key, or it was revoked or has expired.');
    }
    const checked = await checkToken(credential.text, keys, settings, clock);
    if ('refusal' in checked) throw unauthenticated(reply, 'invalid', `The token was refused: ${checked.refusal}.`);
    const { tenant, user, scopes, expiresAt } = checked;
    const { id } = await access.seeUser(tenant, user);
    const name = user.email ?? user.name ?? user.sub;
    return { kind: 'user', tenant, userId: id, id, name, scopes: withIncluded(scopes), expiresAt };
  };
}

/**
 * Whoever signed in. A browser sends a cookie whatever page asks, so what changes something, and what is followed, is for pages
 * of this server. Throws `UNAUTHENTICATED` or `FOREIGN_ORIGIN`.
 */
async function signedIn(
  access: HttpParts['access'],
  token: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Principal> {
  const principal = await access.authenticateSession(token);
  if (principal === null) {
    dropSessionToken(request, reply);
    throw unauthenticated(reply, 'invalid', 'You are signed out: it was too long ago, or the key no longer holds.');
  }
  const isGuarded = request.method !== 'GET' || request.routeOptions.config.streams === true;
  if (!isGuarded || isSameOrigin(request)) return principal;
  throw new SquadraError(
    'FOREIGN_ORIGIN',
    'By the cookie of a sign-in only pages of this server may change anything or follow events.',
  );
}

/** The token in the address, where one may stand there. */
function streamTokenOf({ routeOptions, query }: FastifyRequest): string | null {
  if (routeOptions.config.streams !== true) return null;
  const { token } = query as { readonly token?: unknown };
  return typeof token === 'string' ? token : null;
}

/** With the challenge of RFC 6750: a request that brought nothing is only told what is wanted. */
export function unauthenticated(reply: FastifyReply, brought: 'none' | 'invalid', why: string): SquadraError {
  reply.header('www-authenticate', `Bearer realm="squadra"${brought === 'none' ? '' : ', error="invalid_token"'}`);
  return new SquadraError('UNAUTHENTICATED', `The request was refused. ${why}`);
}

/** The refusal of who is known and may not, with the challenge of RFC 6750. */
export function forbidden(reply: FastifyReply, scope: Scope): SquadraError {
  reply.header('www-authenticate', `Bearer realm="squadra", error="insufficient_scope", scope="${scope}"`);
  return new SquadraError('FORBIDDEN', `This needs the scope '${scope}', which the key or token does not have.`);
}
