import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../kernel/clock.ts';
import { readTraceparent, traceparentOf } from '../telemetry/trace-context.ts';
import type { TraceContext } from '../telemetry/trace-context.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** Where a request stands in a trace. */
export interface RequestTrace {
  readonly context: TraceContext;
  /** The caller's span; null where the caller said nothing. */
  readonly parent: TraceContext | null;
  /** Epoch milliseconds; null for a request of which no span is told. */
  readonly startedAt: number | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for every request that belongs to a trace. */
    trace: RequestTrace | null;
  }
}

/**
 * Goes on with the trace of a caller that names one (`traceparent`), also where nothing is traced here: then what is asked for
 * belongs to the caller's span. Told are requests that change something, and all that belong to a trace of the caller's; event
 * streams and what supervisors ask are not.
 */
export function traceRequests(
  app: FastifyInstance,
  { tracing, clock }: { readonly tracing: Tracing; readonly clock: Clock },
): void {
  app.decorateRequest('trace', null);
  app.addHook('onRequest', async (request) => {
    request.trace = traceOf(request, tracing.isOn ? clock.now() : null);
  });
  if (!tracing.isOn) return;
  app.addHook('onResponse', async (request, reply) => {
    const { trace, method } = request;
    if (trace === null || trace.startedAt === null || !trace.context.isSampled) return;
    const { url = '' } = request.routeOptions;
    const { statusCode } = reply;
    tracing.record({
      name: url === '' ? method : `${method} ${url}`,
      kind: 'server',
      context: trace.context,
      parent: trace.parent,
      startedAt: trace.startedAt,
      endedAt: clock.now(),
      attributes: {
        'http.request.method': method,
        ...(url === '' ? {} : { 'http.route': url }),
        'http.response.status_code': statusCode,
        'url.scheme': request.protocol,
        'squadra.request.id': request.id,
        ...(request.principal === null ? {} : { 'squadra.tenant': request.principal.tenant }),
      },
      // Of a server's spans only its own failures are errors: those of callers are their own to tell.
      failure: statusCode >= 500 ? { type: String(statusCode), message: null } : null,
    });
  });
}

/** What is submitted with a request goes on from here; null where the request belongs to no trace. */
export function traceparentOfRequest({ trace }: FastifyRequest): string | null {
  return trace === null ? null : traceparentOf(trace.context);
}

function traceOf(request: FastifyRequest, now: number | null): RequestTrace | null {
  const header = request.headers['traceparent'];
  const parent = readTraceparent(typeof header === 'string' ? header : null);
  const { streams = false, isUncounted = false } = request.routeOptions.config;
  const isTold = now !== null && !streams && !isUncounted && (parent !== null || request.method !== 'GET');
  if (!isTold) return parent === null ? null : { context: parent, parent, startedAt: null };
  const spanId = randomBytes(8).toString('hex');
  const { traceId, isSampled } = parent ?? { traceId: randomBytes(16).toString('hex'), isSampled: true };
  return { context: { traceId, spanId, isSampled }, parent, startedAt: now };
}
