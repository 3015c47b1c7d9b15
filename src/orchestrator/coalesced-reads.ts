import type { Clock } from '../kernel/clock.ts';

/** What one key is at. */
interface Line {
  /** Ends when nothing of it runs any more; never fails. */
  running: Promise<unknown>;
  /** The read that will begin after `running`, for all who ask meanwhile. */
  next: Promise<unknown> | null;
  /** Before this time nothing of it begins. */
  notBefore: number;
}

/** After a read there is a pause of so many times as long as it took: a key never keeps a reader busy for more than a third. */
const pauseShare = 2;
/** Keys that are remembered; those at rest go first. */
const mostKeys = 1_000;

/**
 * Long reads that many ask for at once, such as every page that shows a report when something of it has changed.
 *
 * R1  Of a key one read runs at a time; whoever asks meanwhile gets the next one, all of them the same.
 * R2  Nobody is given what was read before they asked.
 */
export class CoalescedReads {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `read` of this key gives, or why it failed. Who asks under the same key has to mean the same read. */
  read<T>(key: string, read: () => Promise<T>): Promise<T> {
    const line = this.#lineOf(key);
    // What runs under a key is what the one kind of read for this key gives.
    if (line.next !== null) return line.next as Promise<T>;
    const next = line.running.then(async () => {
      await this.#until(line.notBefore);
      line.next = null;
      const begunAt = this.#clock.now();
      try {
        const reading = read();
        line.running = settled(reading);
        return await reading;
      } finally {
        const now = this.#clock.now();
        line.notBefore = now + pauseShare * (now - begunAt);
      }
    });
    line.next = next;
    // Nobody else begins until this one runs, and that one's end is in `running` by then.
    return next;
  }

  #lineOf(key: string): Line {
    const found = this.#lines.get(key);
    if (found !== undefined) return found;
    if (this.#lines.size >= mostKeys) this.#forgetIdle();
    const line: Line = { running: Promise.resolve(), next: null, notBefore: 0 };
    this.#lines.set(key, line);
    return line;
  }

  #forgetIdle(): void {
    const now = this.#clock.now();
    for (const [key, { next, notBefore }] of this.#lines)
      if (next === null && notBefore <= now) this.#lines.delete(key);
  }

  #until(at: number): Promise<void> {
    const wait = at - this.#clock.now();
    return wait <= 0 ? Promise.resolve() : new Promise((resolve) => void this.#clock.setTimer(wait, resolve));
  }
}

/** Resolves when it has ended, however it did. */
function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => {},
    () => {},
  );
}
