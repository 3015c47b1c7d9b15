import type { FastifyInstance } from 'fastify';
import { localPrincipal } from '../../access/principal.ts';
import type { HttpParts } from '../http-parts.ts';

/** Finds out who asks, before anything of the request is read. */
export function authenticate(app: FastifyInstance, { squadra }: HttpParts): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.scope === 'open') return;
    request.principal = localPrincipal;
    request.squadra = squadra;
  });
}
