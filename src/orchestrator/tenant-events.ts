import type { Bus } from '../bus/bus.ts';
import { SquadraError } from '../kernel/errors.ts';
import type { StoredEvents, TenantEvent } from './stored-events.ts';

export interface TenantEventOptions {
  /** Only of executions of this squad. */
  readonly squadId?: string;
  /** The cursor of the last event that is known; `start` for all that are stored, nothing for those from now on. */
  readonly after?: string;
  /** Whether to wait for more; false ends with what is stored now. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

/** Events that were read together, and the cursor behind them, which moves on also where none is the reader's. */
export interface TenantEventBatch {
  readonly events: readonly TenantEvent[];
  readonly cursor: string;
}

/** What is new is little, and then it is read with others' news; who comes late reads more at a time. */
const firstPage = 32;
const pageSize = 500;

/** Every stored event of a tenant after a cursor, once and in the order of the commits. Throws `INVALID_CURSOR`, `SHUTTING_DOWN`. */
export async function* tenantEventBatches(
  { stored, bus }: { readonly stored: StoredEvents; readonly bus: Bus },
  tenant: string,
  { squadId, after, follow = true, signal }: TenantEventOptions,
): AsyncGenerator<TenantEventBatch, void, void> {
  const news = new News(bus, tenant, signal);
  try {
    let cursor = after === undefined ? await stored.feedEnd(tenant) : after === 'start' ? null : after;
    if (cursor !== null && after === undefined) yield { events: [], cursor };
    for (let limit = firstPage; ;) {
      news.isStale = false;
      const page = await stored.feed(tenant, {
        after: cursor,
        limit,
        ...(squadId === undefined ? {} : { squadId }),
      });
      if (page.cursor !== cursor) yield page;
      ({ cursor } = page);
      if (signal?.aborted === true) return;
      limit = pageSize;
      if (!page.isEnd) continue;
      if (!follow) return;
      limit = firstPage;
      if ((await news.next()) === 'aborted') return;
      if (news.isClosed) throw new SquadraError('SHUTTING_DOWN', 'Squadra was closed; events go on later.');
    }
  } finally {
    news.close();
  }
}

/** Whether something was committed in a tenant while nobody looked. */
class News {
  isStale = true;
  isClosed = false;
  #wake: () => void = () => {};
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#wake();

  constructor(bus: Bus, tenant: string, signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
    this.#unsubscribe = bus.subscribeTenant(tenant, (event) => {
      if (event.kind === 'closed') this.isClosed = true;
      else this.isStale = true;
      this.#wake();
    });
  }

  /** Resolves when there is something to look at, or when nobody wants to any more. */
  async next(): Promise<'news' | 'aborted'> {
    if (!this.isStale && !this.isClosed && this.#signal?.aborted !== true)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#signal?.aborted === true ? 'aborted' : 'news';
  }

  close(): void {
    this.#unsubscribe();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
