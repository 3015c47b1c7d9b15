import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HttpParts } from '../http-parts.ts';
import type { Pressure } from '../limits/pressure.ts';
import { route } from '../route.ts';

const gateSchema = z.object({ isOpen: z.boolean(), queued: z.int(), closesAt: z.int() });
const readySchema = z.object({
  status: z.enum(['ready', 'starting', 'draining', 'unwritable']),
  gate: gateSchema,
  underPressure: z.boolean().describe('New work is refused because the process is late or short of memory.'),
});

/** Whether it lives, and whether it takes requests: for supervisors and load balancers. */
export function healthRoutes(
  app: FastifyInstance,
  { clock, readiness, squadra, pressure, writability }: HttpParts & { readonly pressure: Pressure },
): void {
  const since = clock.now();
  route(app, {
    method: 'GET',
    url: '/health',
    operationId: 'health',
    summary: 'Whether the process lives',
    tag: 'operations',
    scope: 'open',
    isUncounted: true,
    answers: { 200: z.object({ status: z.literal('ok'), uptimeSeconds: z.number() }) },
    handle: () => ({ status: 'ok', uptimeSeconds: Math.floor((clock.now() - since) / 1000) }),
  });
  route(app, {
    method: 'GET',
    url: '/ready',
    operationId: 'ready',
    summary: 'Whether the process takes requests, and how full its queue is',
    tag: 'operations',
    scope: 'open',
    isUncounted: true,
    answers: { 200: readySchema, 503: readySchema },
    handle: async ({ reply }) => {
      const { gate } = squadra.statistics();
      const { state } = readiness;
      const status = state === 'ready' && !(await writability.check()) ? 'unwritable' : state;
      return reply.code(status === 'ready' ? 200 : 503).send({ status, gate, underPressure: pressure.isHigh });
    },
  });
}
