import type { Commit, ExecutionStore, JournalSession } from '../work/execution-store.ts';
import type { StepRecord } from '../work/journal.ts';

/** Where a process dies: at the commit of a step's result, before it is written or right after. */
export interface CrashPoint {
  /** Key of a step, or of an ask or scope: then the first of its steps that ends. */
  readonly step: string;
  /** `after` where nothing is said: the result is stored, and nobody has heard of it. */
  readonly when?: 'before' | 'after';
}

const never = new Promise<never>(() => {});

/**
 * What stands between one process and its state.
 *
 * L1  The life ends at the crash point. From then on nothing the process does reaches the state, and nothing of the state
 *     reaches the process.
 * L2  What was committed before stays, and nothing else.
 */
export class Life {
  readonly over: Promise<void>;
  readonly #point: CrashPoint | null;
  #end: () => void = () => {};
  #isOver = false;

  constructor(point: CrashPoint | null) {
    this.#point = point;
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  /** The store as the process sees it. */
  store(store: ExecutionStore): ExecutionStore {
    return {
      submit: async (tenant, execution) => {
        const submitted = await this.#alive(() => store.submit(tenant, execution));
        return submitted.session === null ? submitted : { ...submitted, session: this.#session(submitted.session) };
      },
      claim: async (tenant, id, gone) => {
        const claim = await this.#alive(() => store.claim(tenant, id, gone));
        return claim === null ? null : { ...claim, session: this.#session(claim.session) };
      },
      fork: (...fork) => this.#alive(() => store.fork(...fork)),
      start: (...start) => this.#alive(() => store.start(...start)),
      cancel: (...cancel) => this.#alive(() => store.cancel(...cancel)),
      retry: (...retry) => this.#alive(() => store.retry(...retry)),
      signal: (...signal) => this.#alive(() => store.signal(...signal)),
      prune: (...prune) => this.#alive(() => store.prune(...prune)),
    };
  }

  #session(session: JournalSession): JournalSession {
    return {
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      commit: (commit) =>
        this.#isLast(commit) ? this.#die(session, commit) : this.#alive(() => session.commit(commit)),
      signals: () => this.#alive(() => session.signals()),
    };
  }

  #isLast(commit: Commit): boolean {
    const point = this.#point;
    if (point === null || this.#isOver) return false;
    return commit.records.some(
      (record) => record.kind === 'step' && endsStep(record) && isWithin(record.key, point.step),
    );
  }

  async #die(session: JournalSession, commit: Commit): Promise<never> {
    this.#isOver = true;
    if (this.#point?.when !== 'before') await session.commit(commit);
    this.#end();
    return never;
  }

  /** An answer that comes after the end reaches nobody. */
  async #alive<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#isOver) return never;
    try {
      const result = await operation();
      return this.#isOver ? await never : result;
    } catch (error) {
      if (this.#isOver) await never;
      throw error;
    }
  }
}

/** Whether nothing more of the step will be recorded. */
function endsStep({ phase, dueAt }: StepRecord): boolean {
  return phase === 'completed' || (phase === 'failed' && dueAt === null);
}

/** Whether a key is that of a step, or of one within it. */
function isWithin(key: string, step: string): boolean {
  return key === step || key.startsWith(`${step}/`);
}
