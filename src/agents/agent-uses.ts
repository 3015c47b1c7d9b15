/** Counts the model calls that are made for an agent. */
export class AgentUses {
  #inFlight = 0;
  #calls = 0;
  #lastAt: number | null = null;

  /** Calls that have left and are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** All that ever left. */
  get calls(): number {
    return this.#calls;
  }

  /** When the newest of them left, in epoch milliseconds. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Counts a call until the function that is given back is called. */
  begin(at: number): () => void {
    this.#inFlight += 1;
    this.#calls += 1;
    this.#lastAt = at;
    return () => (this.#inFlight -= 1);
  }
}
