import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { topicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import type { ConvoyFigures } from '../../work/metrics/convoy-course.ts';
import { route } from '../route.ts';
import {
  convoyMetricsQuery,
  convoyMetricsSchema,
  statsSchema,
  systemSchema,
  timeRangeSchema,
} from '../schemas/metrics.ts';

const tag = 'operations';

/** What happened, by the minute, and how the process stands. */
export function figureRoutes(app: FastifyInstance, mostMinutes: number): void {
  route(app, {
    method: 'GET',
    url: '/metrics/stats',
    operationId: 'readStats',
    summary: 'Executions, model calls and steps of the last minutes, and what is open now',
    description:
      "Of the caller's tenant. It counts everything that was committed before it was asked for; what was deleted since still counts.",
    tag,
    scope: 'read',
    query: z.strictObject({ timeRange: timeRangeSchema(mostMinutes, 60) }),
    answers: { 200: statsSchema },
    changesWith: topicSet('metrics'),
    handle: ({ query, squadra }) => squadra.metrics.stats(query.timeRange),
  });
  route(app, {
    method: 'GET',
    url: '/metrics/convoys',
    operationId: 'readConvoyMetrics',
    summary: 'How the newest convoys went: how many side by side, how long items waited and took',
    tag,
    scope: 'read',
    query: convoyMetricsQuery,
    answers: { 200: convoyMetricsSchema },
    handle: async ({ query, squadra }) => ({ items: (await squadra.metrics.convoys(query)).map(convoyDocument) }),
  });
  route(app, {
    method: 'GET',
    url: '/metrics/system',
    operationId: 'readSystem',
    summary: 'How this process stands: parallelism, gate, agents, cache, limiters, store',
    description: 'Over all tenants, which is why it needs the scope `admin`.',
    tag,
    scope: 'admin',
    answers: { 200: systemSchema },
    handle: ({ squadra }) => squadra.metrics.system(),
  });
}

function convoyDocument({ createdAt, endedAt, ...figures }: ConvoyFigures) {
  return {
    ...figures,
    createdAt: new Date(createdAt).toISOString(),
    endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
  };
}
