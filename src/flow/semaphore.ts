/** Gives the place back. Calling it again does nothing. */
export type Release = () => void;

interface Waiter {
  readonly admit: (release: Release) => void;
  gone: boolean;
}

/** A fixed number of places, taken in the order in which they were asked for. */
export class Semaphore {
  readonly #places: number;
  #taken = 0;
  #waiting: Waiter[] = [];
  #head = 0;
  #queued = 0;

  /** `places` is a whole number of at least 1. */
  constructor(places: number) {
    if (!Number.isInteger(places) || places < 1)
      throw new RangeError(`A semaphore needs at least one place, not ${places}.`);
    this.#places = places;
  }

  /** Resolves with the place's release; rejects with the signal's reason when it aborts first, and then holds nothing. */
  async acquire(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#taken < this.#places) return this.#take();
    const { promise, resolve, reject } = Promise.withResolvers<Release>();
    const leave = (): void => {
      waiter.gone = true;
      this.#queued -= 1;
      reject(signal.reason);
    };
    const waiter: Waiter = {
      gone: false,
      admit: (release) => {
        signal.removeEventListener('abort', leave);
        this.#queued -= 1;
        resolve(release);
      },
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiter);
    this.#queued += 1;
    return promise;
  }

  stats(): { readonly places: number; readonly taken: number; readonly waiting: number } {
    return { places: this.#places, taken: this.#taken, waiting: this.#queued };
  }

  #take(): Release {
    this.#taken += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#taken -= 1;
      this.#admitNext();
    };
  }

  #admitNext(): void {
    for (let waiter = this.#waiting[this.#head]; waiter !== undefined; waiter = this.#waiting[this.#head]) {
      this.#head += 1;
      // Cut off what was served only when it is at least half of the array, so that each entry is moved once on average.
      if (this.#head * 2 >= this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#head);
        this.#head = 0;
      }
      if (!waiter.gone) {
        waiter.admit(this.#take());
        return;
      }
    }
  }
}
