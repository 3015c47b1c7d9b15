/** Settles the promise of a step. */
export type Settle = () => void;

/**
 * Hands results to the workflow one at a time, in the order of their commits.
 *
 * D1  After a result is delivered, everything it sets going (all microtasks) runs before the next one is delivered; so
 *     `Promise.all`, `race` and `any` see the same order in the first run and in every replay.
 * D2  Committed results come before new ones, in the order of the journal. One whose step the workflow has not reached
 *     is passed over after one turn of the event loop, and delivered when it is reached.
 * D3  `onQuiet` is called when nothing is left to deliver and the workflow has come to rest.
 */
export class Deliveries {
  readonly #order: readonly string[];
  readonly #onQuiet: () => void;
  #cursor = 0;
  readonly #delivered = new Set<string>();
  readonly #reached = new Map<string, Settle>();
  readonly #fresh: Settle[] = [];
  #scheduled = false;
  #passOver = false;
  #stopped = false;

  constructor(order: readonly string[], onQuiet: () => void) {
    this.#order = order;
    this.#onQuiet = onQuiet;
  }

  /** Whether nothing committed waits for its turn, so that new steps may begin. */
  get isLive(): boolean {
    return this.#cursor >= this.#order.length && this.#reached.size === 0;
  }

  /** The workflow reached a step that the journal has a result of. */
  replay(key: string, settle: Settle): void {
    this.#reached.set(key, settle);
    this.schedule();
  }

  /** A step has just been committed. */
  fresh(settle: Settle): void {
    if (this.#scheduled || this.#reached.size > 0 || this.#fresh.length > 0) this.#fresh.push(settle);
    else if (!this.#stopped) settle();
    this.schedule();
  }

  /** Looks again once all microtasks have run. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    // A tick that is asked for inside a microtask runs when the queue of microtasks is empty.
    queueMicrotask(() => process.nextTick(this.#turn));
  }

  /** Nothing is delivered from now on. */
  stop(): void {
    this.#stopped = true;
    this.#reached.clear();
    this.#fresh.length = 0;
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    if (this.#stopped) return;
    const settle = this.#nextReplayed();
    if (settle === 'later') return;
    const next = settle ?? this.#fresh.shift();
    if (next === undefined) {
      this.#onQuiet();
      return;
    }
    next();
    this.schedule();
  };

  #nextReplayed(): Settle | 'later' | undefined {
    while (this.#cursor < this.#order.length && this.#delivered.has(this.#order[this.#cursor] ?? '')) this.#cursor++;
    if (this.#reached.size === 0) return undefined;
    const expected = this.#order[this.#cursor] ?? '';
    if (this.#reached.has(expected)) return this.#take(expected);
    if (!this.#passOver) {
      this.#passOver = true;
      this.#scheduled = true;
      setImmediate(this.#turn);
      return 'later';
    }
    const key = this.#order.find((candidate) => this.#reached.has(candidate));
    return key === undefined ? undefined : this.#take(key);
  }

  #take(key: string): Settle | undefined {
    const settle = this.#reached.get(key);
    this.#reached.delete(key);
    this.#delivered.add(key);
    this.#passOver = false;
    return settle;
  }
}
