import type { FastifyInstance } from 'fastify';
import { cacheLifetimesMs } from '../../cache/cache.ts';
import type { CacheKind, CacheKindStatistics } from '../../cache/cache.ts';
import { route } from '../route.ts';
import { cacheSchema } from '../schemas/cache.ts';

/** How well what is kept at hand does. */
export function cacheRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/cache',
    operationId: 'readCache',
    summary: 'How well what is kept at hand does, by region',
    description: 'Of this process since its start, all tenants together: nothing that is kept is shown.',
    tag: 'operations',
    scope: 'admin',
    answers: { 200: cacheSchema },
    handle: ({ squadra }) => {
      const { squad, user, member, prompt, cost } = squadra.statistics().cache;
      const told = [region('squad', squad), region('user', user), region('member', member)];
      return { regions: [...told, region('prompt', prompt), region('cost', cost)] };
    },
  });
}

function region(name: CacheKind, { entries, hits, misses, invalidations }: CacheKindStatistics) {
  const hitRate = hits + misses === 0 ? null : hits / (hits + misses);
  return { name, entries, hits, misses, hitRate, invalidations, ttlSeconds: cacheLifetimesMs[name] / 1_000 };
}
