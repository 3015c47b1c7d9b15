/** So many keys are told in one round at least, however many there are. */
const perRound = 100;
/** After a loss that is known all are told within so many rounds. */
const roundsAfterLoss = 5;

/** Whom to tell that something may have been lost: those who were told nothing for a while, a bounded number at a time. */
export class Reminders {
  readonly #quietMs: number;
  /** When each key was told of something last; the longest ago first. */
  readonly #toldAt = new Map<string, number>();
  /** How many of them still have to be told of a loss. */
  #doubted = 0;

  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  told(key: string, now: number): void {
    this.#toldAt.delete(key);
    this.#toldAt.set(key, now);
  }

  remove(key: string): void {
    this.#toldAt.delete(key);
  }

  /** Something was lost, and nobody knows whose it was. */
  doubt(): void {
    for (const key of this.#toldAt.keys()) this.#toldAt.set(key, -Infinity);
    this.#doubted = this.#toldAt.size;
  }

  /** The keys of this round. They count as told. */
  due(now: number): readonly string[] {
    const atMost = Math.max(perRound, Math.ceil(this.#doubted / roundsAfterLoss));
    const due: string[] = [];
    for (const [key, at] of this.#toldAt) {
      if (due.length >= atMost || at > now - this.#quietMs) break;
      due.push(key);
    }
    for (const key of due) this.told(key, now);
    if (due.length < atMost) this.#doubted = 0;
    return due;
  }
}
