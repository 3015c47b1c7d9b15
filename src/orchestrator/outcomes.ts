import { toError } from '../kernel/failure.ts';
import type { Json } from '../kernel/json.ts';
import { PassingMap } from '../kernel/passing-map.ts';
import type { ExecutionReports, Outcome } from '../work/execution-store.ts';
import { outcomeOf } from '../work/execution-store.ts';
import { SquadraError } from '../kernel/errors.ts';

interface Waiter {
  resolve(outcome: Outcome<Json>): void;
  reject(error: Error): void;
}

/** Who waits for the outcome of which execution, in this process. */
export class Outcomes {
  readonly #waiters = new PassingMap<string, Set<Waiter>>();
  readonly #reports: ExecutionReports;
  /** Whether an execution runs in this process and its end is still to be announced: then nobody has to look it up. */
  readonly #isRunning: (id: string) => boolean;

  constructor(reports: ExecutionReports, isRunning: (id: string) => boolean) {
    this.#reports = reports;
    this.#isRunning = isRunning;
  }

  /** Whether somebody waits; spares decoding an output nobody asked for. */
  isAwaited(id: string): boolean {
    return this.#waiters.has(id);
  }

  announce(id: string, outcome: Outcome<Json>): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) return;
    this.#waiters.delete(id);
    for (const waiter of waiters) waiter.resolve(outcome);
  }

  /** Tells all who still wait that nothing will be announced here any more. */
  close(error: Error): void {
    const all = [...this.#waiters.values()].flatMap((waiters) => [...waiters]);
    this.#waiters.clear();
    for (const waiter of all) waiter.reject(error);
  }

  /** Resolves when the execution has ended; rejects with `NOT_FOUND`, `SHUTTING_DOWN`, or the signal's reason. */
  async wait(tenant: string, id: string, signal?: AbortSignal): Promise<Outcome<Json>> {
    signal?.throwIfAborted();
    const announced = this.#listen(id, signal);
    if (this.#isRunning(id)) return announced.outcome;
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
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<Json>>();
    const waiters = this.#waiters.get(id) ?? new Set<Waiter>();
    const abort = (): void => {
      leave();
      reject(
        signal?.reason instanceof Error
          ? signal.reason
          : toError({ name: 'AbortError', message: 'Waiting for the outcome was aborted.' }),
      );
    };
    const settled = (): void => signal?.removeEventListener('abort', abort);
    const waiter: Waiter = {
      resolve: (outcome) => (settled(), resolve(outcome)),
      reject: (error) => (settled(), reject(error)),
    };
    const leave = (): void => {
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id);
      settled();
    };
    this.#waiters.set(id, waiters.add(waiter));
    signal?.addEventListener('abort', abort, { once: true });
    // It may be rejected while the execution is still being looked up, when nobody has it in hand yet.
    promise.catch(() => {});
    return { outcome: promise, leave };
  }
}
