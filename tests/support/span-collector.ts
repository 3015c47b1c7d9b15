import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A span as it arrived. Times are in nanoseconds. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Null for the first of a trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'other';
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The message of its status where it failed, empty where that has none; null for what did not fail. */
  readonly failure: string | null;
  readonly service: string;
}

/** What a collector of OTLP over HTTP does with a request; it takes all where nothing is said. */
export interface CollectorOptions {
  readonly behave?: (request: number) => 'take' | 'refuse' | 'hang';
}

/** A collector of traces: OTLP over HTTP, in JSON. */
export class SpanCollector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  /** The bodies, as they came. */
  readonly bodies: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly #server;
  readonly #watchers = new Set<() => void>();
  readonly #behave: NonNullable<CollectorOptions['behave']>;
  #requests = 0;

  private constructor({ behave = () => 'take' }: CollectorOptions) {
    this.#behave = behave;
    this.#server = createServer((request, response) => {
      const how = this.#behave(++this.#requests);
      this.headers.push(request.headers);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (how === 'take') this.#take(Buffer.concat(chunks), request.headers['content-encoding']);
        if (how !== 'hang')
          response.writeHead(how === 'take' ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
        this.#tell();
      });
    });
  }

  static async open(options: CollectorOptions = {}): Promise<SpanCollector> {
    const collector = new SpanCollector(options);
    await new Promise<void>((resolve) => void collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  /** What to set `OTEL_EXPORTER_OTLP_ENDPOINT` to. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Resolves as soon as it holds, looking again after each request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const watcher = (): void => {
          this.#watchers.delete(watcher);
          resolve();
        };
        this.#watchers.add(watcher);
      });
    }
  }

  /** The one span of this name. */
  one(name: string): CollectedSpan {
    const [span, ...others] = this.spans.filter((each) => each.name === name);
    if (span === undefined || others.length > 0)
      throw new Error(`${span === undefined ? 'No' : 'More than one'} span '${name}' among: ${this.tree()}`);
    return span;
  }

  has(name: string): boolean {
    return this.spans.some((span) => span.name === name);
  }

  /** All spans, each below its parent in the order in which they began, as lines; what has a parent that never came says so. */
  tree(describe: (span: CollectedSpan) => string = ({ name }) => name): string {
    const ids = new Set(this.spans.map(({ spanId }) => spanId));
    const below = (parent: string | null, depth: number): string[] =>
      this.spans
        .filter(({ parentSpanId }) =>
          parent === null ? parentSpanId === null || !ids.has(parentSpanId) : parentSpanId === parent,
        )
        .sort((a, b) => Number(a.startedAt - b.startedAt))
        .flatMap((span) => [`${'  '.repeat(depth)}${describe(span)}`, ...below(span.spanId, depth + 1)]);
    return below(null, 0).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #take(body: Buffer, encoding: string | undefined): void {
    const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
    this.bodies.push(text);
    for (const { resource, scopeSpans } of (JSON.parse(text) as OtlpRequest).resourceSpans) {
      const service = String(attributesOf(resource.attributes)['service.name']);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map((span) => collected(span, service)));
    }
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly OtlpValue[] };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: OtlpValue;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const kinds: Readonly<Record<number, CollectedSpan['kind']>> = { 1: 'internal', 2: 'server', 3: 'client' };

function collected(span: OtlpSpan, service: string): CollectedSpan {
  const { traceId, spanId, parentSpanId = '', name, kind, status } = span;
  return {
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? null : parentSpanId,
    name,
    kind: kinds[kind] ?? 'other',
    startedAt: BigInt(span.startTimeUnixNano),
    endedAt: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    failure: status.code === 2 ? (status.message ?? '') : null,
    service,
  };
}

function attributesOf(attributes: readonly OtlpAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, intValue, doubleValue, boolValue, arrayValue }: OtlpValue): unknown {
  if (arrayValue !== undefined) return arrayValue.values.map(valueOf);
  return stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue;
}
