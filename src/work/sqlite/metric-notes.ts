import type { Happening, HappeningSink } from '../metrics/happening.ts';
import { MinuteTally } from '../metrics/minute-tally.ts';

/** Where the notes of a transaction stood, so that what came later can be taken back. */
export interface NotesMark {
  readonly notes: number;
  readonly storedTo: number | null;
}

/**
 * What the writer has counted and not stored yet.
 *
 * N1  Only what was committed counts: the notes of a transaction are added when it is committed, and dropped with it.
 * N2  What is stored is stored in the transaction that says up to which record: everything committed before it, and the notes of
 *     this transaction so far. It is forgotten when that transaction is committed.
 */
export class MetricNotes implements HappeningSink {
  readonly isCounting = true;
  #committed = new MinuteTally();
  /** Of the transaction under way. */
  #notes: Happening[] = [];
  /** How many of them were stored in it; null while nothing was. */
  #storedTo: number | null = null;

  note(happening: Happening): void {
    this.#notes.push(happening);
  }

  /** What is to be stored now. */
  unstored(): MinuteTally {
    const tally = new MinuteTally();
    if (this.#storedTo === null) tally.merge(this.#committed);
    for (const note of this.#notes.slice(this.#storedTo ?? 0)) tally.add(note);
    return tally;
  }

  /** All of `unstored` was written in this transaction. */
  stored(): void {
    this.#storedTo = this.#notes.length;
  }

  mark(): NotesMark {
    return { notes: this.#notes.length, storedTo: this.#storedTo };
  }

  /** Takes back what came since the mark; without one, the whole transaction. */
  drop({ notes, storedTo }: NotesMark = { notes: 0, storedTo: null }): void {
    this.#notes.length = notes;
    this.#storedTo = storedTo;
  }

  commit(): void {
    if (this.#storedTo !== null) this.#committed = new MinuteTally();
    for (let place = this.#storedTo ?? 0; place < this.#notes.length; place++) {
      const note = this.#notes[place];
      if (note !== undefined) this.#committed.add(note);
    }
    this.drop();
  }
}
