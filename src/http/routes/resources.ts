import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { keptSamples, sampleEveryMs } from '../../flow/resource-monitor.ts';
import type { ResourceSample } from '../../flow/resource-monitor.ts';
import { route } from '../route.ts';
import { timeSchema } from '../schemas/id.ts';

const minuteMs = 60_000;
const mostMinutes = (keptSamples * sampleEveryMs) / minuteMs;

const readingSchema = z.object({
  cpu: z.number().describe('In use, in percent of what the container or the machine has'),
  memory: z.number().describe('In use, and not to be had back at once, in percent'),
  loopDelayMs: z.number().describe('How late the event loop was, 99th percentile'),
});
const sampleSchema = readingSchema.extend({ at: timeSchema });
const minutes = z.coerce
  .number()
  .int()
  .min(1)
  .max(mostMinutes)
  .default(mostMinutes)
  .describe('How far back, in minutes');

/** How busy this process and its machine were in the last minutes. */
export function resourceRoutes(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/metrics/resources',
    operationId: 'readResources',
    summary: 'How busy the machine is and was',
    description:
      'A sample every ten seconds, the average of those of the last minutes, and how many items may run side by side for it.',
    tag: 'operations',
    scope: 'read',
    query: z.strictObject({ timeRange: minutes }),
    answers: {
      200: z
        .object({
          current: sampleSchema.nullable().describe('The newest sample; null in the first ten seconds'),
          average: readingSchema.nullable(),
          samples: z.array(sampleSchema).describe('Oldest first'),
          parallelism: z.int().describe('Items of a convoy that may run side by side now, where it says `auto`'),
          throttle: z.number().describe('How much starts are held back: 0 not at all, 1 for five seconds each'),
        })
        .meta({ id: 'Resources' }),
    },
    handle: ({ query, squadra }) => {
      const { starts } = squadra.statistics();
      const { average, samples } = squadra.resources(query.timeRange * minuteMs);
      return {
        current: starts.sample === null ? null : told(starts.sample),
        average,
        samples: samples.map(told),
        parallelism: starts.advice.places,
        throttle: starts.advice.throttle,
      };
    },
  });
}

function told({ at, ...reading }: ResourceSample): z.input<typeof sampleSchema> {
  return { at: new Date(at).toISOString(), ...reading };
}
