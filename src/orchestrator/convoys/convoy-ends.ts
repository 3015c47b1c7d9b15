/** Who waits for the end of which convoy in this process. */
export class ConvoyEnds {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls once when the convoy ends; the function that is given back takes that back. */
  listen(id: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
    };
  }

  tell(id: string): void {
    const listeners = this.#listeners.get(id);
    this.#listeners.delete(id);
    for (const listener of listeners ?? []) listener();
  }
}
