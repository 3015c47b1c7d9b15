/** Numbers between two others that are waited for at most: more are no writers in flight but a table that was emptied. */
const mostMissing = 500;
/** A number that has not come by then was taken by a writer that broke off. */
const patienceMs = 5_000;

/**
 * Which rows were seen. Their numbers are given out before they are committed, so a lower one may come after a higher one: those
 * that are missing are asked for again for a while.
 */
export class RowCursor {
  #top: number;
  readonly #missing = new Map<number, number>();

  constructor(top: number) {
    this.#top = top;
  }

  /** The highest number that was seen. */
  get top(): number {
    return this.#top;
  }

  /** Lower numbers that were not seen. */
  get missing(): number[] {
    return [...this.#missing.keys()];
  }

  /** Takes a row that was read, in the order of the numbers. False where it was seen before. */
  see(no: number, now: number): boolean {
    if (no <= this.#top) return this.#missing.delete(no);
    // From an empty table the numbers before are not known.
    const from = this.#top === 0 ? no : Math.max(this.#top + 1, no - mostMissing);
    for (let missing = from; missing < no && this.#missing.size < mostMissing; missing++)
      this.#missing.set(missing, now);
    this.#top = no;
    return true;
  }

  /** Stops asking for what did not come in time; tells whether there was any. */
  giveUp(now: number): boolean {
    let some = false;
    for (const [no, since] of this.#missing) {
      if (since > now - patienceMs) break;
      this.#missing.delete(no);
      some = true;
    }
    return some;
  }
}
