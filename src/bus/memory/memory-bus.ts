import type { Bus, LiveEvent, LiveListener } from '../bus.ts';

type Listeners = Map<string, Set<LiveListener>>;

const closed: LiveEvent = { kind: 'closed' };

/** The bus of one process. */
export class MemoryBus implements Bus {
  readonly #executions: Listeners = new Map();
  readonly #tenants: Listeners = new Map();
  #isClosed = false;

  publish(event: Exclude<LiveEvent, { readonly kind: 'closed' }>): void {
    tell(this.#executions.get(event.executionId), event);
    if (event.kind === 'committed') tell(this.#tenants.get(event.tenant), event);
  }

  subscribe(executionId: string, listener: LiveListener): () => void {
    return this.#add(this.#executions, executionId, listener);
  }

  subscribeTenant(tenant: string, listener: LiveListener): () => void {
    return this.#add(this.#tenants, tenant, listener);
  }

  /** How many executions and tenants somebody listens to. */
  get listenedTo(): number {
    return this.#executions.size + this.#tenants.size;
  }

  close(): void {
    this.#isClosed = true;
    for (const listeners of [...this.#executions.values(), ...this.#tenants.values()]) tell(listeners, closed);
  }

  #add(all: Listeners, key: string, listener: LiveListener): () => void {
    const listeners = all.get(key) ?? new Set();
    listeners.add(listener);
    all.set(key, listeners);
    if (this.#isClosed) listener(closed);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && all.get(key) === listeners) all.delete(key);
    };
  }
}

function tell(listeners: ReadonlySet<LiveListener> | undefined, event: LiveEvent): void {
  if (listeners === undefined) return;
  for (const listener of listeners) listener(event);
}
