import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { topicSet } from '../../orchestrator/pulse/pulse-topic.ts';
import { minuteMs } from '../../work/metrics/minute.ts';
import { route } from '../route.ts';
import { resourcesSchema, timeRangeSchema } from '../schemas/metrics.ts';

/** How busy this process and its machine are and were. */
export function resourceRoutes(app: FastifyInstance, mostMinutes: number): void {
  route(app, {
    method: 'GET',
    url: '/metrics/resources',
    operationId: 'readResources',
    summary: 'How busy the machine is and was',
    description:
      'A sample every ten seconds of the last ten minutes, averages and peaks by the minute of what is kept, and how many items may run side by side for it.',
    tag: 'operations',
    scope: 'read',
    query: z.strictObject({ timeRange: timeRangeSchema(mostMinutes, 10) }),
    answers: { 200: resourcesSchema },
    changesWith: topicSet('system'),
    handle: async ({ query, squadra }) => {
      const { starts } = squadra.statistics();
      const { retained, average, samples, minutes } = await squadra.metrics.resources(query.timeRange);
      return {
        retained,
        current: starts.sample === null ? null : told(starts.sample),
        average,
        samples: samples.map(told),
        minutes: minutes.map(({ minute, ...levels }) => told({ at: minute * minuteMs, ...levels })),
        parallelism: starts.advice.places,
        throttle: starts.advice.throttle,
      };
    },
  });
}

function told<T extends { readonly at: number }>({ at, ...rest }: T): Omit<T, 'at'> & { readonly at: string } {
  return { ...rest, at: new Date(at).toISOString() };
}
