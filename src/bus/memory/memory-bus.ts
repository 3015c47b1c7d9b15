import type { Bus, LiveEvent, LiveListener } from '../bus.ts';

/** The bus of one process. */
export class MemoryBus implements Bus {
  readonly #listeners = new Map<string, Set<LiveListener>>();

  publish(event: LiveEvent): void {
    const listeners = this.#listeners.get(event.executionId);
    if (listeners === undefined) return;
    for (const listener of listeners) listener(event);
  }

  subscribe(executionId: string, listener: LiveListener): () => void {
    const listeners = this.#listeners.get(executionId) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(executionId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(executionId) === listeners) this.#listeners.delete(executionId);
    };
  }
}
