import type { Clock, Timer } from '../../kernel/clock.ts';
import { pageSize } from './live-events.ts';
import type { LiveEvents } from './live-events.ts';
import { RowCursor } from './row-cursor.ts';

export interface PollingParts {
  readonly events: LiveEvents;
  readonly clock: Clock;
  /** Whether somebody listens here; then all rows are of interest. */
  readonly isListening: () => boolean;
  /** Whether calls speak here; then requests are. */
  readonly isSpeaking: () => boolean;
  readonly hear: (body: string, isOld: boolean) => void;
  /** Something may have passed unseen. */
  readonly lost: () => void;
  /** After each look that succeeded. */
  readonly polled: () => Promise<void>;
}

/** Between two looks: the shortest while something comes, up to the longest while nothing does, and while the database is away. */
const [shortestMs, longestMs, awayMs] = [50, 250, 2_000];
const slowing = 1.5;

/**
 * Reads what other processes write, while anybody here wants to know.
 *
 * P1  One look at a time. It begins where the last one ended; after a pause in looking, and after one that failed, at the end of
 *     the table, and then something may have passed unseen.
 */
export class Polling {
  readonly #parts: PollingParts;
  #cursor: RowCursor | null = null;
  /** Whether rows that are not requests were read as well. */
  #wasListening = false;
  #pauseMs = shortestMs;
  #timer: Timer | null = null;
  #look: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: PollingParts) {
    this.#parts = parts;
  }

  /** Looks now: somebody is new here. */
  hurry(): void {
    this.#pauseMs = shortestMs;
    if (this.#cursor !== null && this.#timer !== null && (this.#wasListening || !this.#parts.isListening())) return;
    this.#timer?.cancel();
    this.#timer = null;
    this.#lookIn(0);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Resolves when a look that was under way has ended. */
  async ended(): Promise<void> {
    await this.#look;
  }

  #lookIn(pauseMs: number): void {
    if (this.#isClosed || this.#timer !== null || this.#look !== null) return;
    if (this.#isIdle()) return;
    this.#timer = this.#parts.clock.setTimer(pauseMs, () => {
      this.#timer = null;
      if (this.#isIdle()) return;
      this.#look = this.#attempt().then((nextMs) => {
        this.#look = null;
        this.#lookIn(nextMs);
      });
    });
  }

  /** Whether nobody here wants to know anything; who does later begins at the end. */
  #isIdle(): boolean {
    const isIdle = !this.#parts.isListening() && !this.#parts.isSpeaking();
    if (isIdle) this.#cursor = null;
    return isIdle;
  }

  /** Looks, and says when to look again; never fails. */
  async #attempt(): Promise<number> {
    try {
      const wasFull = this.#cursor === null ? await this.#begin() : await this.#next(this.#cursor);
      await this.#parts.polled();
      return wasFull ? 0 : this.#pauseMs;
    } catch {
      this.#cursor = null;
      this.#pauseMs = Math.min(awayMs, Math.max(longestMs, this.#pauseMs * 2));
      return this.#pauseMs;
    }
  }

  async #begin(): Promise<boolean> {
    const { events, hear, isListening, lost } = this.#parts;
    this.#wasListening = isListening();
    const top = await events.top();
    for (const [, body] of await events.requests(top)) if (body !== null) hear(body, true);
    this.#cursor = new RowCursor(top);
    this.#pauseMs = shortestMs;
    lost();
    return false;
  }

  async #next(cursor: RowCursor): Promise<boolean> {
    const { events, clock, hear, isListening, lost } = this.#parts;
    const listens = isListening();
    const rows = await events.after(cursor.top, cursor.missing, listens);
    const now = clock.now();
    let some = false;
    for (const [no, body] of rows) {
      if (!cursor.see(no, now) || body === null) continue;
      some = true;
      hear(body, false);
    }
    // What was passed over while nobody listened here may be news for who began to.
    const isNew = listens && !this.#wasListening;
    this.#wasListening = listens;
    if (cursor.giveUp(now) || isNew) lost();
    this.#pauseMs = some ? shortestMs : Math.min(longestMs, this.#pauseMs * slowing);
    return rows.length >= pageSize;
  }
}
