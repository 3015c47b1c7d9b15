import type { Connections } from './connection.ts';
import { requestText } from './connection.ts';
import { dataOf, EventStream } from './event-stream.ts';

/**
 * What the Overview reads again when a topic has changed, each once however many topics name it. A test of the dashboard holds
 * this list to what the page really asks for.
 */
export const overviewReads: readonly (readonly [topic: string, path: string])[] = [
  ['metrics', '/metrics/stats?timeRange=60'],
  ['approvals', '/api/v1/approvals?status=pending&limit=20'],
  ['budgets', '/api/v1/budgets?limit=200'],
  ['executions', '/api/v1/executions?status=failed&limit=5'],
  ['system', '/metrics/resources?timeRange=10'],
];

/** What the page sends with all it reads: it takes answers that other pages of the tenant share. */
export const overviewHeaders = { 'cache-control': 'max-age=1' };

/** Tells how a dashboard does. */
export interface DashboardListener {
  /** With how many reads it causes. */
  onPulse(reads: number): void;
  /** A read was answered after so long; null when it failed. */
  onRead(ms: number | null): void;
  onEnd(why: Error | null): void;
}

/** One open Overview as the server sees it: it follows the pulse, and reads again what that names. */
export class OpenDashboard {
  readonly #connections: Connections;
  readonly #key: string;
  readonly #listener: DashboardListener;
  readonly #stream: EventStream;

  constructor(port: number, key: string, connections: Connections, listener: DashboardListener) {
    this.#connections = connections;
    this.#key = key;
    this.#listener = listener;
    this.#stream = new EventStream(port, requestText('GET', '/api/v1/pulse', { key }), {
      onEvent: (event) => {
        if (event.event === 'pulse') this.#read((dataOf(event) as { readonly topics: readonly string[] }).topics);
      },
      onEnd: (why) => listener.onEnd(why),
    });
  }

  close(): void {
    this.#stream.close();
  }

  #read(topics: readonly string[]): void {
    const reads = readsFor(topics);
    this.#listener.onPulse(reads.length);
    for (const path of reads) {
      const sentAt = performance.now();
      this.#connections.send(requestText('GET', path, { key: this.#key, headers: overviewHeaders }), (answer) =>
        this.#listener.onRead(answer instanceof Error || answer.status !== 200 ? null : performance.now() - sentAt),
      );
    }
  }
}

/** Each address once. */
function readsFor(topics: readonly string[]): readonly string[] {
  return overviewReads.filter(([topic]) => topics.includes(topic)).map(([, path]) => path);
}
