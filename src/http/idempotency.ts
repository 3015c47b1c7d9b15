import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

/** The header by which a request that may have got lost can be sent again. `made` is what such a request makes. */
export function idempotencyHeaders(made: 'execution' | 'convoy' | 'schedule') {
  return z.looseObject({
    'idempotency-key': z
      .string()
      .min(1)
      .max(255)
      .exactOptional()
      .meta({ description: `The same key with the same body is the same ${made}, for as long as that is kept.` }),
  });
}

/** The key that came with a request, where there is one, as requests in code have it. */
export function idempotencyOf({ headers }: Pick<FastifyRequest, 'headers'>): { readonly idempotencyKey?: string } {
  const key = headers['idempotency-key'];
  return typeof key === 'string' ? { idempotencyKey: key } : {};
}
