import type { Clock, Timer } from '../../src/kernel/clock.ts';
import type { Commit, ExecutionStore, JournalSession } from '../../src/work/execution-store.ts';
import { replaced } from './metered-store.ts';

/** When a process dies: at the commit of this number, before it is written or right after. */
export interface Death {
  readonly commit: number;
  readonly when: 'before' | 'after';
}

const never = new Promise<never>(() => {});

/**
 * What stands between one process and the state: its life. Once it is over nothing the process does reaches the state,
 * and nothing of the state reaches the process, as if it had been killed.
 */
export class Life {
  readonly #death: Death | null;
  readonly #onCommit: (commit: Commit) => void;
  readonly #timers = new Set<Timer>();
  readonly #gone = new AbortController();
  #commits = 0;
  #over = false;

  /** `onCommit` hears what is about to be written. */
  constructor(death: Death | null, onCommit: (commit: Commit) => void = () => {}) {
    this.#death = death;
    this.#onCommit = onCommit;
  }

  /** Aborts when it is over. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Commits of runs so far, claims included. */
  get commits(): number {
    return this.#commits;
  }

  /** Timers of the process that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Kills the process now. */
  end(): void {
    this.#over = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#gone.abort();
  }

  /** A clock whose timers end with the process. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      setTimer: (delayMs, fire) => {
        if (this.#over) return { cancel: () => {} };
        const timer = clock.setTimer(delayMs, () => {
          this.#timers.delete(timer);
          fire();
        });
        this.#timers.add(timer);
        return {
          cancel: () => {
            this.#timers.delete(timer);
            timer.cancel();
          },
        };
      },
    };
  }

  store(store: ExecutionStore): ExecutionStore {
    const alive = <T>(operation: () => Promise<T>): Promise<T> => (this.#over ? never : this.#answered(operation()));
    return replaced(store, {
      submit: async (tenant, execution) => {
        const submitted = await alive(() => store.submit(tenant, execution));
        return submitted.session === null ? submitted : { ...submitted, session: this.#session(submitted.session) };
      },
      claim: async (tenant, id, gone) => {
        const claim = await this.#counted(() => store.claim(tenant, id, gone));
        return claim === null ? null : { ...claim, session: this.#session(claim.session) };
      },
      fork: (tenant, execution, inheritance) => alive(() => store.fork(tenant, execution, inheritance)),
      start: (...start) => alive(() => store.start(...start)),
      cancel: (tenant, id, reason) => alive(() => store.cancel(tenant, id, reason)),
      retry: (...retry) => alive(() => store.retry(...retry)),
      signal: (tenant, id, signal) => alive(() => store.signal(tenant, id, signal)),
    });
  }

  #session(session: JournalSession): JournalSession {
    return {
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      commit: (commit) =>
        this.#counted(() => {
          this.#onCommit(commit);
          return session.commit(commit);
        }),
      signals: () => (this.#over ? never : this.#answered(session.signals())),
    };
  }

  #counted<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#over) return never;
    const isLast = ++this.#commits === this.#death?.commit;
    if (isLast) this.end();
    if (isLast && this.#death?.when === 'before') return never;
    const done = operation();
    return isLast ? done.then(() => never) : this.#answered(done);
  }

  /** An answer that comes after the end reaches nobody. */
  async #answered<T>(operation: Promise<T>): Promise<T> {
    try {
      const result = await operation;
      return this.#over ? await never : result;
    } catch (error) {
      if (this.#over) await never;
      throw error;
    }
  }
}
