import type { Execution } from '../work/execution.ts';
import type { ExecutionReports, FeedRequest } from '../work/execution-store.ts';
import type { Journaled } from '../work/journal.ts';
import type { StoredEvent } from './events.ts';

/** A stored event among those of many executions; `cursor` stands behind it. */
export type TenantEvent = StoredEvent & { readonly executionId: string; readonly cursor: string };

export interface TenantEventPage {
  readonly events: readonly TenantEvent[];
  /** Where the next page begins. */
  readonly cursor: string;
  /** Whether there was nothing more when it was read. */
  readonly isEnd: boolean;
}

/**
 * Events as they are stored. What many readers ask for in the same turn of the event loop is read once, and they get the
 * same objects.
 *
 * S1  A read answers only those who asked in the turn in which it was begun. All they had heard of by then was committed
 *     before, so it is in what they get.
 */
export class StoredEvents {
  readonly #reports: Pick<ExecutionReports, 'records' | 'get' | 'feed' | 'feedEnd'>;
  #shared = new Map<string, Promise<unknown>>();

  constructor(reports: Pick<ExecutionReports, 'records' | 'get' | 'feed' | 'feedEnd'>) {
    this.#reports = reports;
  }

  /** At most `limit` events of an execution with a seq above `after`, in order. */
  after(tenant: string, id: string, after: number, limit: number): Promise<readonly StoredEvent[]> {
    return this.#share(`r ${after} ${limit} ${id} ${tenant}`, async () =>
      (await this.#reports.records(tenant, id, after, limit)).map(eventOf),
    );
  }

  execution(tenant: string, id: string): Promise<Execution | null> {
    return this.#share(`e ${id} ${tenant}`, () => this.#reports.get(tenant, id));
  }

  /** A page of the events of a tenant. Throws `INVALID_CURSOR`. */
  feed(tenant: string, request: FeedRequest): Promise<TenantEventPage> {
    const { after, squadId = '', limit } = request;
    return this.#share(`f ${after} ${limit} ${squadId} ${tenant}`, async () => {
      const { events, ...page } = await this.#reports.feed(tenant, request);
      return {
        ...page,
        events: events.map(({ executionId, cursor, record }) => ({ ...eventOf(record), executionId, cursor })),
      };
    });
  }

  /** The cursor behind all that is stored now. */
  feedEnd(tenant: string): Promise<string> {
    return this.#reports.feedEnd(tenant);
  }

  #share<T>(key: string, read: () => Promise<T>): Promise<T> {
    // The key says what was asked for, and so what the promise gives.
    const begun = this.#shared.get(key) as Promise<T> | undefined;
    if (begun !== undefined) return begun;
    if (this.#shared.size === 0) process.nextTick(() => (this.#shared = new Map()));
    const reading = read();
    this.#shared.set(key, reading);
    return reading;
  }
}

function eventOf(record: Journaled): StoredEvent {
  switch (record.kind) {
    case 'message':
      return { event: 'message', ...record };
    case 'status':
      return { event: 'status', ...record };
    case 'step':
      return { event: 'step', ...record };
  }
}
