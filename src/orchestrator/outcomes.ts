import { toError } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import type { ExecutionReports, Outcome } from '../work/execution-store.ts';
import { outcomeOf } from '../work/execution-store.ts';
import { SquadraError } from '../kernel/errors.ts';

type Waiter = (outcome: Outcome<Json>) => void;

/** Who waits for the outcome of which execution, in this process. */
export class Outcomes {
  readonly #waiters = new Map<string, Set<Waiter>>();
  readonly #reports: ExecutionReports;
  /** Whether an execution is in this process's hands: then its end will be announced here. */
  readonly #isHere: (id: string) => boolean;

  constructor(reports: ExecutionReports, isHere: (id: string) => boolean) {
    this.#reports = reports;
    this.#isHere = isHere;
  }

  /** Whether somebody waits; spares decoding an output nobody asked for. */
  isAwaited(id: string): boolean {
    return this.#waiters.has(id);
  }

  announce(id: string, outcome: Outcome<Json>): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) return;
    this.#waiters.delete(id);
    for (const waiter of waiters) waiter(outcome);
  }

  /** Resolves when the execution has ended; rejects with `NOT_FOUND`, or with the signal's reason. */
  async wait(tenant: string, id: string, signal?: AbortSignal): Promise<Outcome<Json>> {
    signal?.throwIfAborted();
    const announced = this.#listen(id, signal);
    if (this.#isHere(id)) return announced.outcome;
    try {
      // Asked after listening began, so an end between the two is not missed.
      const execution = await this.#reports.get(tenant, id);
      if (execution === null)
        throw new SquadraError('NOT_FOUND', `There is no execution ${id}; \`squadra list\` shows those there are.`);
      const outcome = outcomeOf(execution);
      if (outcome === null) return await announced.outcome;
      announced.leave();
      return outcome;
    } catch (error) {
      announced.leave();
      throw error;
    }
  }

  #listen(id: string, signal: AbortSignal | undefined): { readonly outcome: Promise<Outcome<Json>>; leave(): void } {
    let leave = (): void => {};
    const outcome = new Promise<Outcome<Json>>((resolve, reject) => {
      const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
      this.#waiters.set(id, waiters.add(resolve));
      const abort = (): void => {
        leave();
        reject(
          signal?.reason instanceof Error
            ? signal.reason
            : toError({ name: 'AbortError', message: 'Waiting for the outcome was aborted.' }),
        );
      };
      leave = () => {
        waiters.delete(resolve);
        if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
    return { outcome, leave };
  }
}
