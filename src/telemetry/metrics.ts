import { Counter, Histogram, Registry } from 'prom-client';
import { LoopDelay } from './loop-delay.ts';
import { registerRows } from './metric-table.ts';
import { processRows } from './process-readings.ts';
import { squadraRows } from './squadra-rows.ts';
import type { ProcessReading } from './squadra-rows.ts';

/** Why a request was refused without being looked at. */
export type RefusalReason = 'rate' | 'failed_auth' | 'gate' | 'pressure';

/** A request that was answered. */
export interface AnsweredRequest {
  /** The route's pattern (`/api/v1/executions/:id`), never the address: there are few of them. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
}

/** Upper bounds in seconds. */
const requestBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The figures of this process, in a registry of its own. What the parts count themselves is read when somebody asks, all of it at
 * the same moment; labels are few and never name a tenant or an id.
 */
export class Metrics implements Disposable {
  readonly #registry = new Registry();
  readonly #loop = new LoopDelay();
  readonly #requests: Histogram<'route' | 'method' | 'status'>;
  readonly #refusals: Counter<'reason'>;
  readonly #read: () => Omit<ProcessReading, 'loop' | 'openStreams'>;
  #openStreams = 0;
  #reading: ProcessReading | null = null;

  constructor(read: () => Omit<ProcessReading, 'loop' | 'openStreams'>) {
    this.#read = read;
    const registers = [this.#registry];
    registerRows(this.#registry, squadraRows, () => this.#reading ?? this.#readAll());
    registerRows(this.#registry, processRows, () => null);
    this.#requests = new Histogram({
      name: 'squadra_http_request_duration_seconds',
      help: 'How long requests took from their headers to the end of their answers, event streams aside.',
      labelNames: ['route', 'method', 'status'],
      buckets: requestBounds,
      registers,
    });
    this.#refusals = new Counter({
      name: 'squadra_http_refusals_total',
      help: 'Requests refused unseen: over their rate, from an address with too many wrong keys, at the gate, under pressure.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of ['rate', 'failed_auth', 'gate', 'pressure'] satisfies RefusalReason[])
      this.#refusals.inc({ reason }, 0);
  }

  answered({ route, method, status, durationMs }: AnsweredRequest): void {
    this.#requests.observe({ route, method, status: `${Math.floor(status / 100)}xx` }, durationMs / 1e3);
  }

  refused(reason: RefusalReason): void {
    this.#refusals.inc({ reason });
  }

  /** Counts an open stream until the function that is given back is called. */
  streamOpened(): () => void {
    let isOpen = true;
    this.#openStreams += 1;
    return () => {
      if (isOpen) this.#openStreams -= 1;
      isOpen = false;
    };
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in Prometheus' text format. */
  async text(): Promise<string> {
    this.#reading = this.#readAll();
    return this.#registry.metrics();
  }

  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
    this.#registry.clear();
  }

  #readAll(): ProcessReading {
    return { ...this.#read(), loop: this.#loop.read(), openStreams: this.#openStreams };
  }
}
