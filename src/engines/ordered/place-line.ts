import { FairQueue } from '../../flow/fair-queue.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import { SquadraError } from '../../kernel/errors.ts';
import type { Runnable } from '../engine.ts';

interface Waiting extends Runnable {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
  readonly timer: Timer;
  isGone: boolean;
}

/** Who got no place for so long is sent on: another process may have one. */
const longestWaitMs = 5_000;

/** The places of this process, given fairly over tenants. Who waits too long, or when it closes, is refused. */
export class PlaceLine {
  readonly #places: number;
  readonly #clock: Clock;
  readonly #line = new FairQueue<Waiting>(({ isGone }) => isGone);
  #taken = 0;
  #waiting = 0;
  #isClosed = false;

  constructor(places: number, clock: Clock) {
    this.#places = places;
    this.#clock = clock;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves with what gives the place back. */
  async take({ tenant, id, priority }: Runnable): Promise<() => void> {
    if (this.#isClosed) throw refusal();
    if (this.#taken < this.#places) return this.#give();
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const leave = (): void => {
      waiting.timer.cancel();
      waiting.isGone = true;
      this.#waiting -= 1;
    };
    const waiting: Waiting = {
      tenant,
      id,
      priority,
      isGone: false,
      timer: this.#clock.setTimer(longestWaitMs, () => waiting.refuse(refusal())),
      admit: () => {
        leave();
        resolve(this.#give());
      },
      refuse: (error) => {
        leave();
        reject(error);
      },
    };
    this.#waiting += 1;
    this.#line.add(waiting);
    return promise;
  }

  /** Gives no more places. */
  close(): void {
    this.#isClosed = true;
    for (let next = this.#line.take(); next !== undefined; next = this.#line.take()) next.refuse(refusal());
  }

  #give(): () => void {
    this.#taken += 1;
    return () => {
      this.#taken -= 1;
      this.#line.take()?.admit();
    };
  }
}

function refusal(): SquadraError {
  return new SquadraError('SHUTTING_DOWN', 'This process has no place for more executions now; another one may.');
}
