import type { LiveEvent, LiveListener } from './bus.ts';

const closed: LiveEvent = { kind: 'closed' };

/** Who listens to what, by key, in this process. */
export class Listeners {
  readonly #byKey = new Map<string, Set<LiveListener>>();
  #isClosed = false;

  /** How many keys somebody listens to. */
  get size(): number {
    return this.#byKey.size;
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys();
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Listens until the returned function is called. */
  add(key: string, listener: LiveListener): () => void {
    const listeners = this.#byKey.get(key) ?? new Set();
    listeners.add(listener);
    this.#byKey.set(key, listeners);
    if (this.#isClosed) listener(closed);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byKey.get(key) === listeners) this.#byKey.delete(key);
    };
  }

  tell(key: string, event: LiveEvent): void {
    const listeners = this.#byKey.get(key);
    if (listeners === undefined) return;
    for (const listener of listeners) listener(event);
  }

  /** Tells all who listen, and who will, that nothing more comes. */
  close(): void {
    this.#isClosed = true;
    for (const key of this.#byKey.keys()) this.tell(key, closed);
  }
}
