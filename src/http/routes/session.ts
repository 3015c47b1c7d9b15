import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SquadraError } from '../../kernel/errors.ts';
import { unauthenticated } from '../auth/authentication.ts';
import { dropSessionToken, isSameOrigin, keepSessionToken, sessionTokenOf } from '../auth/session-cookie.ts';
import type { HttpParts } from '../http-parts.ts';
import { route } from '../route.ts';
import { signInBody, signedInSchema } from '../schemas/session.ts';

/** Signing in with a key in a browser, which keeps a cookie instead of the key. */
export function sessionRoutes(app: FastifyInstance, { access, clock }: Pick<HttpParts, 'access' | 'clock'>): void {
  route(app, {
    method: 'POST',
    url: '/session',
    operationId: 'signIn',
    summary: 'Sign in with a key in a browser',
    description:
      'Answers with a cookie (`HttpOnly`, `SameSite=Strict`) that stands for the key: for 30 days, 7 when it is not used, and never longer than the key. What comes with the cookie and changes something, and streams, are answered to pages of this server alone.',
    tag: 'access',
    scope: 'open',
    takesKey: true,
    body: signInBody,
    answers: { 201: signedInSchema },
    problems: [401, 403],
    handle: async ({ body, request, reply }) => {
      if (comesFromElsewhere(request)) throw foreign();
      const signedIn = await access.signIn(body.key);
      if (signedIn === null)
        throw unauthenticated(reply, 'invalid', 'There is no such key, or it was revoked or has expired.');
      const { token, expiresAt, principal } = signedIn;
      keepSessionToken(request, reply, token, Math.ceil((expiresAt - clock.now()) / 1_000));
      const answer = { tenant: principal.tenant, name: principal.name, expiresAt: new Date(expiresAt).toISOString() };
      return reply.code(201).header('cache-control', 'no-store').send(answer);
    },
  });
  route(app, {
    method: 'DELETE',
    url: '/session',
    operationId: 'signOut',
    summary: 'Sign out',
    description: 'Ends what the cookie stands for, with the streams that were opened by it. The key stays as it is.',
    tag: 'access',
    scope: 'open',
    answers: { 204: null },
    problems: [403],
    handle: async ({ request, reply }) => {
      const token = sessionTokenOf(request);
      if (token !== null) {
        if (!isSameOrigin(request)) throw foreign();
        await access.signOut(token);
        dropSessionToken(request, reply);
      }
      return reply.code(204).send();
    },
  });
}

/** Whether a browser says that a page of another origin asks; programs say nothing. */
function comesFromElsewhere(request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  return (origin !== undefined || site !== undefined) && !isSameOrigin(request);
}

function foreign(): SquadraError {
  return new SquadraError('FOREIGN_ORIGIN', 'Only pages of this server may sign somebody in or out.');
}
