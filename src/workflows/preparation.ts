import type { Usage } from '../work/usage.ts';
import type { Reservation } from './asker.ts';
import type { Run, Stoppable } from './run.ts';

/**
 * What an attempt needs before its intent is committed: what it may cost, and a place among the calls that may leave. Whoever is
 * stopped while it waits has left nothing in the journal, so nothing is in doubt.
 *
 * P1  A place is given back exactly when the attempt does not leave: it was refused, or the run ended first.
 * P2  From `begin` until the attempt leaves it is held by the run, which stops it.
 */
export class Preparation implements Stoppable {
  readonly #controller = new AbortController();
  #giveBack: () => void = () => {};
  #isStopped = false;

  /** Calls `ready` or `failed`, unless the run ends first. The run holds it from then on, until it is released. */
  begin(
    run: Run,
    reserve: Exclude<Reservation, Usage>,
    { ready, failed }: { readonly ready: (usage: Usage) => void; readonly failed: (error: unknown) => void },
  ): void {
    run.hold(this);
    reserve(this.#controller.signal).then(
      ({ usage, giveBack }) => {
        this.#giveBack = giveBack;
        if (this.#isStopped) giveBack();
        else ready(usage);
      },
      (error: unknown) => {
        if (!this.#isStopped) failed(error);
      },
    );
  }

  /** The attempt does not leave now. */
  giveBack(): void {
    this.#giveBack();
  }

  stop(reason: Error): void {
    this.#isStopped = true;
    this.#controller.abort(reason);
    this.#giveBack();
  }
}
