import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** How long a browser need not ask again whether a page may ask. */
const maxAgeSeconds = 600;

/** Lets pages of the listed origins read answers. Nothing is said of any other origin. Has to come before who asks is found out. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-match',
      'if-none-match',
      'last-event-id',
      'traceparent',
    ],
    exposedHeaders: [
      'etag',
      'location',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'www-authenticate',
      'x-request-id',
    ],
    credentials: false,
    maxAge: maxAgeSeconds,
  });
}
