import type { Bus } from '../bus/bus.ts';
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

/** Tells of an execution that something new is stored of it, until the function that is given back is called. */
export type Follow = (executionId: string, onNews: () => void) => () => void;

/** The news that a bus brings; where it is not sure of them, that is one too. */
export function follow(bus: Pick<Bus, 'subscribe'>): Follow {
  return (executionId, onNews) => bus.subscribe(executionId, ({ kind }) => (kind === 'delta' ? undefined : onNews()));
}

/** Who waits for the outcome of which execution, in this process. */
export class Outcomes {
  readonly #waiters = new PassingMap<string, Set<Waiter>>();
  readonly #reports: ExecutionReports;
  /** Whether an execution runs in this process and its end is still to be announced: then nobody has to look it up. */
  readonly #isRunning: (id: string) => boolean;

  /** How the end of one that runs in another process is heard of; null where there is no other. */
  readonly #follow: Follow | null;

  constructor(reports: ExecutionReports, isRunning: (id: string) => boolean, follow: Follow | null = null) {
    this.#reports = reports;
    this.#isRunning = isRunning;
    this.#follow = follow;
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
    // With other processes about, it may end in one of them.
    if (this.#follow === null && this.#isRunning(id)) return announced.outcome;
    const unfollow = this.#follow?.(id, () => void this.#lookAgain(tenant, id));
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
    } finally {
      unfollow?.();
    }
  }

  /** It may have ended in another process. What cannot be read now is looked at with the next news. */
  async #lookAgain(tenant: string, id: string): Promise<void> {
    const execution = await this.#reports.get(tenant, id).catch(() => null);
    const outcome = execution === null ? null : outcomeOf(execution);
    if (outcome !== null) this.announce(id, outcome);
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
