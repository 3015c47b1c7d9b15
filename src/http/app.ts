import { createServer } from 'node:http';
import helmet from '@fastify/helmet';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { authenticate } from './auth/authentication.ts';
import { answerFailures, answerRefusal } from './failures.ts';
import type { Access } from '../orchestrator/access.ts';
import type { HttpParts } from './http-parts.ts';
import { acceptBodies } from './bodies.ts';
import { allowOrigins } from './auth/origins.ts';
import { StreamTokens } from './auth/stream-token.ts';
import { readDashboard } from './dashboard/dashboard-files.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { describeApi } from './openapi.ts';
import { agentPoolRoutes } from './routes/agent-pool.ts';
import { cacheRoutes } from './routes/cache.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { costRoutes } from './routes/costs.ts';
import { convoyRoutes } from './routes/convoys.ts';
import { executionCommandRoutes } from './routes/execution-commands.ts';
import { executionFileRoutes } from './routes/execution-files.ts';
import { executionMessageRoutes } from './routes/execution-messages.ts';
import { executionRoutes } from './routes/executions.ts';
import { admitWork } from './limits/admission.ts';
import { Pressure } from './limits/pressure.ts';
import { RequestLimits } from './limits/request-limits.ts';
import { healthRoutes } from './routes/health.ts';
import { memberRoutes } from './routes/members.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { sessionRoutes } from './routes/session.ts';
import { squadRoutes } from './routes/squads.ts';
import { streamRoutes } from './routes/streams.ts';
import { workItemRoutes } from './routes/work-items.ts';
import { traceRequests } from './request-traces.ts';
import { shareAnswers } from './sharing.ts';
import { Streams } from './streams/streams.ts';
import { metricsRoute } from './routes/metrics.ts';
import { pulseRoute } from './routes/pulse.ts';
import { figureRoutes } from './routes/figures.ts';
import { resourceRoutes } from './routes/resources.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { answerUnreadable, bareHeaders, ignoreExpectations, refuseTwoHosts, serverOptions } from './wire.ts';

/** The HTTP interface, ready to listen. */
export async function createApp(parts: HttpParts): Promise<FastifyInstance> {
  const { settings, ids, logger } = parts;
  const pressure = new Pressure(parts);
  const app = fastify({
    logger: false,
    genReqId: () => ids(),
    bodyLimit: settings.maxBodyBytes,
    serverFactory: (handle) => createServer(serverOptions(settings.requestTimeoutMs), pressure.before(handle)),
    clientErrorHandler: answerUnreadable(ids),
    return503OnClosing: false,
    frameworkErrors: answerRefusal,
    // As long as an address can be: a name in it that is too long is bad input, which its route tells.
    routerOptions: { maxParamLength: 16_384 },
  });
  app.setValidatorCompiler(validatorCompiler);
  // Answers are documented by schemas and checked by tests; checking each again would cost more than making it.
  app.setSerializerCompiler(() => JSON.stringify);
  app.decorateRequest('principal', null);
  app.decorateRequest('squadra', null);
  ignoreExpectations(app);
  answerFailures(app, logger);
  acceptBodies(app);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (request.routeOptions.config.streams === true) reply.headers(bareHeaders);
  });
  refuseTwoHosts(app);
  await allowOrigins(app, settings.corsOrigins);
  traceRequests(app, parts);
  const metrics = new Metrics(() => ({ ...parts.squadra.statistics(), streams: streams.statistics }));
  metricsRoute(app, metrics);
  await pressure.watch(app, metrics);
  const limits = new RequestLimits({ ...parts, metrics });
  limits.beforeIdentity(app);
  const follow: Access['follow'] = (principal, end) => parts.access.follow(principal, end);
  const streams = new Streams({ ...parts, follow });
  const streamTokens = new StreamTokens(parts);
  // Before connections are waited for: streams do not end by themselves.
  app.addHook('preClose', () => streams.close());
  authenticate(app, parts, streamTokens);
  limits.afterIdentity(app);
  admitWork(app, metrics);
  // Who only works tells how it is, and is asked for nothing else.
  if (settings.role === 'worker') healthRoutes(app, { ...parts, pressure });
  else await answerUsers(app, { ...parts, pressure, streams, streamTokens });
  return app;
}

interface AnsweringParts extends HttpParts {
  readonly pressure: Pressure;
  readonly streams: Streams;
  readonly streamTokens: StreamTokens;
}

/** The interface itself, its description, and the pages. */
async function answerUsers(app: FastifyInstance, parts: AnsweringParts): Promise<void> {
  shareAnswers(app, parts.answers);
  const dashboard = parts.dashboard === undefined ? await readDashboard() : parts.dashboard;
  if (dashboard !== null) dashboardRoutes(app, dashboard);
  await describeApi(app);
  healthRoutes(app, parts);
  const { maxTimeRange } = parts.squadra.metrics;
  resourceRoutes(app, maxTimeRange);
  figureRoutes(app, maxTimeRange);
  await app.register(
    async (api) => {
      catalogueRoutes(api, parts);
      sessionRoutes(api, parts);
      squadRoutes(api, parts);
      memberRoutes(api, parts);
      executionRoutes(api);
      executionCommandRoutes(api);
      executionMessageRoutes(api);
      executionFileRoutes(api);
      approvalRoutes(api);
      workItemRoutes(api);
      convoyRoutes(api);
      budgetRoutes(api);
      costRoutes(api);
      agentPoolRoutes(api);
      cacheRoutes(api);
      scheduleRoutes(api);
      streamRoutes(api, parts);
      pulseRoute(api, parts);
    },
    { prefix: '/api/v1' },
  );
}
