import type { CDPSession, Page } from 'playwright-core';

/** A request that the page sent; `target` is path and query. */
export interface SentRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly target: string;
  /** What it says of answers that are kept; null where it says nothing. */
  readonly cacheControl: string | null;
}

/** A pulse that the page received. */
export interface HeardPulse {
  readonly kind: 'pulse';
  readonly topics: readonly string[];
}

/** An event of another stream. */
export interface HeardEvent {
  readonly kind: 'event';
  readonly event: string;
}

export type NetworkEntry = SentRequest | HeardPulse | HeardEvent;

/** What a page sent and heard, in the order in which the browser tells it. */
export class NetworkLog {
  readonly entries: NetworkEntry[] = [];
  #waiting: (() => void)[] = [];

  /** Begins to listen; before the page is opened. */
  static async of(page: Page): Promise<NetworkLog> {
    const session: CDPSession = await page.context().newCDPSession(page);
    const log = new NetworkLog();
    session.on('Network.requestWillBeSent', ({ request: { method, url, headers } }) => {
      const { pathname, search } = new URL(url);
      log.#add({
        kind: 'request',
        method,
        target: pathname + search,
        cacheControl: new Headers(headers).get('cache-control'),
      });
    });
    session.on('Network.eventSourceMessageReceived', ({ eventName, data }) => {
      if (eventName === 'pulse') log.#add({ kind: 'pulse', topics: topicsOf(data) });
      else log.#add({ kind: 'event', event: eventName });
    });
    await session.send('Network.enable');
    return log;
  }

  /** The requests from a place in the log on, as `GET /api/v1/executions?limit=50`. */
  requests(from = 0): readonly string[] {
    return this.entries.slice(from).flatMap((entry) => (entry.kind === 'request' ? [nameOf(entry)] : []));
  }

  /** Resolves with the place behind the first entry from `from` on that is so, also one that has come. */
  async until(isIt: (entry: NetworkEntry) => boolean, from = 0): Promise<number> {
    for (;;) {
      const place = this.entries.findIndex((entry, at) => at >= from && isIt(entry));
      if (place >= 0) return place + 1;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #add(entry: NetworkEntry): void {
    this.entries.push(entry);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** As a line. */
export function nameOf({ method, target }: Pick<SentRequest, 'method' | 'target'>): string {
  return `${method} ${target}`;
}

function topicsOf(data: string): readonly string[] {
  return (JSON.parse(data) as { readonly topics: readonly string[] }).topics;
}
