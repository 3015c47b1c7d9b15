import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../telemetry/metrics.ts';

/** Times requests, counts open streams, and shows all figures to this machine and to admins. */
export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  app.addHook('onRequest', async ({ routeOptions }, reply) => {
    if (routeOptions.config.streams === true) reply.raw.once('close', metrics.streamOpened());
  });
  app.addHook('onResponse', async (request, { statusCode, elapsedTime }) => {
    const { method, routeOptions, is404 } = request;
    if (routeOptions.config.streams === true) return;
    const route = is404 ? 'none' : (routeOptions.url ?? 'none');
    metrics.answered({ route, method: is404 ? 'any' : method, status: statusCode, durationMs: elapsedTime });
  });
  app.addHook('onClose', async () => metrics[Symbol.dispose]());
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { scope: 'admin', isForThisMachine: true, isUncounted: true },
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .serializer((text: string) => text)
        .send(await metrics.text()),
  });
}
