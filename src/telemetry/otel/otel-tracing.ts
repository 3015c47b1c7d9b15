import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Attributes, SpanContext, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Clock } from '../../kernel/clock.ts';
import { schemaUrl } from '../gen-ai.ts';
import type { Logger } from '../logger.ts';
import type { TraceContext } from '../trace-context.ts';
import type { FinishedSpan, SpanAttributes, Tracing, TracingStatistics } from '../tracing.ts';
import { SpanExport } from './span-export.ts';

/** Where spans go, and what they may hold. */
export interface OtelSettings {
  /** The address of a collector; spans go to `{endpoint}/v1/traces` as OTLP in JSON. */
  readonly endpoint: string;
  /** Sent along, as `name=value,name=value`; values percent-encoded. Null for none. */
  readonly headers: string | null;
  readonly serviceName: string;
  readonly takesContent: boolean;
  /** Texts that must not leave, whatever they got into. */
  readonly secrets: readonly string[];
}

/** How long the exporter tries to get rid of one batch. */
const exportTimeoutMs = 5_000;
/** Between two warnings that spans are not taken. */
const quietMs = 60_000;
/** Characters of one attribute: collectors refuse what is much longer. */
const maxAttributeLength = 65_536;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Sends spans with OpenTelemetry's own SDK. This module is loaded only where tracing is on. */
export function openOtelTracing(settings: OtelSettings, clock: Clock, logger: Logger): Tracing {
  const exporter = abandonable(`${settings.endpoint.replace(/\/+$/, '')}/v1/traces`, readHeaders(settings.headers));
  let warnedAt = Number.NEGATIVE_INFINITY;
  const spans = new SpanExport(exporter, clock, (error) => {
    if (clock.now() - warnedAt < quietMs) return;
    warnedAt = clock.now();
    logger.warn(
      { error, endpoint: settings.endpoint },
      'The collector of traces does not take spans; they are dropped.',
    );
  });
  return new OtelTracing(settings, spans);
}

/** An exporter whose `shutdown` gives up what is under way: a process that ends must not be kept by a collector that hangs. */
function abandonable(url: string, headers: Record<string, string>): Pick<OTLPTraceExporter, 'export' | 'shutdown'> {
  let isClosed = false;
  let agent: HttpAgent | HttpsAgent | null = null;
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: exportTimeoutMs,
    // Asked for before each try: so the one that is made again after a pause ends here.
    headers: () => (isClosed ? Promise.reject(new Error('Tracing has ended.')) : Promise.resolve(headers)),
    httpAgentOptions: (protocol) =>
      (agent = protocol === 'http:' ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true })),
  });
  return {
    export: (spans, done) => exporter.export(spans, done),
    shutdown: async () => {
      isClosed = true;
      agent?.destroy();
    },
  };
}

class OtelTracing implements Tracing {
  readonly isOn = true;
  readonly takesContent: boolean;
  readonly #secrets: readonly string[];
  readonly #spans: SpanExport;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  /** The ids of the span that is made now: they are known before the SDK is asked for one. */
  #next: Pick<SpanContext, 'traceId' | 'spanId'> = { traceId: '', spanId: '' };

  constructor({ serviceName, takesContent, secrets }: OtelSettings, spans: SpanExport) {
    this.takesContent = takesContent;
    this.#secrets = secrets;
    this.#spans = spans;
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
        .merge(resourceFromAttributes({ 'service.name': serviceName })),
      idGenerator: { generateTraceId: () => this.#next.traceId, generateSpanId: () => this.#next.spanId },
      spanProcessors: [spans],
      spanLimits: { attributeValueLengthLimit: maxAttributeLength },
    });
    this.#tracer = this.#provider.getTracer('squadra', undefined, { schemaUrl });
  }

  record({ name, kind, context: place, parent, startedAt, endedAt, attributes, failure }: FinishedSpan): void {
    this.#next = place;
    const span = this.#tracer.startSpan(
      name,
      { kind: kinds[kind], startTime: startedAt, attributes: this.#clean(attributes) },
      parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent)),
    );
    if (failure !== null) {
      const { type, message } = failure;
      span.setAttribute('error.type', type);
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message === null ? {} : { message: this.#hide(message) }) });
    }
    // A clock that was set back must not make a span end before it began.
    span.end(Math.max(startedAt, endedAt));
  }

  current(): TraceContext | null {
    const found = trace.getSpanContext(context.active());
    if (found === undefined || !isSpanContextValid(found)) return null;
    return { traceId: found.traceId, spanId: found.spanId, isSampled: (found.traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  within<T>(place: TraceContext, call: () => T): T {
    return context.with(trace.setSpanContext(context.active(), spanContextOf(place)), call);
  }

  statistics(): TracingStatistics {
    return this.#spans.statistics();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#provider.shutdown();
  }

  #clean(attributes: SpanAttributes): Attributes {
    if (!this.takesContent) return attributes as Attributes;
    const entries = Object.entries(attributes);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, typeof value === 'string' ? this.#hide(value) : value]),
    ) as Attributes;
  }

  #hide(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '[secret]');
    return clean;
  }
}

function spanContextOf({ traceId, spanId, isSampled }: TraceContext): SpanContext {
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function readHeaders(text: string | null): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text?.split(',') ?? []) {
    const place = pair.indexOf('=');
    if (place > 0) headers[pair.slice(0, place).trim()] = decodeURIComponent(pair.slice(place + 1).trim());
  }
  return headers;
}
