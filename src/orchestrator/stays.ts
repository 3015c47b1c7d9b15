import type { Principal } from '../access/principal.ts';
import type { Clock, Timer } from '../kernel/clock.ts';

/** Somebody who stays longer than a request, and what ends the stay. */
interface Stay {
  readonly end: () => void;
  readonly session: string | undefined;
  readonly timer: Timer | null;
}

/** Those who follow something, by whom they were let in as. */
export class Stays {
  readonly #clock: Clock;
  readonly #stays = new Map<string, Set<Stay>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `end` once: after so long (null: never by itself), or when the stay is ended here. The returned function is for who leaves before. */
  add({ id, session }: Pick<Principal, 'id' | 'session'>, leftMs: number | null, end: () => void): () => void {
    const stays = this.#stays.get(id) ?? new Set<Stay>();
    this.#stays.set(id, stays);
    const leave = (): void => {
      stay.timer?.cancel();
      stays.delete(stay);
      if (stays.size === 0 && this.#stays.get(id) === stays) this.#stays.delete(id);
    };
    const expire = (): void => {
      leave();
      end();
    };
    const stay: Stay = { end, session, timer: leftMs === null ? null : this.#clock.setTimer(leftMs, expire) };
    stays.add(stay);
    return leave;
  }

  /** Ends those of a key, of a user, or of the open mode. */
  endOf(id: string): void {
    const stays = this.#stays.get(id) ?? new Set<Stay>();
    this.#stays.delete(id);
    for (const stay of stays) this.#end(stay, stays);
  }

  /** Ends those of one sign-in. */
  endSession(session: string): void {
    for (const [id, stays] of this.#stays) {
      for (const stay of stays) if (stay.session === session) this.#end(stay, stays);
      if (stays.size === 0) this.#stays.delete(id);
    }
  }

  #end(stay: Stay, stays: Set<Stay>): void {
    stay.timer?.cancel();
    stays.delete(stay);
    stay.end();
  }
}
