import type { ExecutionStore } from '../../src/work/execution-store.ts';
import type { ContractState } from '../contracts/contract-state.ts';
import { settle } from '../../src/testing/test-clock.ts';
import { wrapSessions } from './wrap-sessions.ts';

/** Counts what is on its way to a store and back, so that a test can wait until everything has come to rest. */
export class Meter {
  #inFlight = 0;
  #begun = 0;
  #onRest: (() => void)[] = [];

  async follow<T>(operation: Promise<T>): Promise<T> {
    this.#begun++;
    this.#inFlight++;
    try {
      return await operation;
    } finally {
      if (--this.#inFlight === 0) for (const rest of this.#onRest.splice(0)) rest();
    }
  }

  /** Resolves when nothing is in flight and nothing comes of what came back. */
  async quiet(): Promise<void> {
    for (;;) {
      if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onRest.push(resolve));
      const begun = this.#begun;
      // A replay may pass over a result after a turn of the loop, and the next one after another.
      await settle(3);
      if (this.#inFlight === 0 && this.#begun === begun) return;
    }
  }
}

/** A state all of whose ports are counted. */
export function meteredState(state: ContractState, meter: Meter): ContractState {
  return {
    executions: meteredStore(state.executions, meter),
    reports: meteredPort(state.reports, meter),
    workItems: meteredPort(state.workItems, meter),
    usage: meteredPort(state.usage, meter),
    supervision: meteredPort(state.supervision, meter),
    squads: meteredPort(state.squads, meter),
    approvals: meteredPort(state.approvals, meter),
    convoys: meteredPort(state.convoys, meter),
    budgets: meteredPort(state.budgets, meter),
    schedules: meteredPort(state.schedules, meter),
    access: meteredPort(state.access, meter),
    [Symbol.asyncDispose]: () => state[Symbol.asyncDispose](),
  };
}

/** Every method of a port, counted. */
function meteredPort<T extends object>(port: T, meter: Meter): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise ? meter.follow(result) : result;
      };
    },
  });
}

/** An execution store whose operations and those of its sessions are counted. */
function meteredStore(store: ExecutionStore, meter: Meter): ExecutionStore {
  return wrapSessions(meteredPort(store, meter), (session) => meteredPort(session, meter));
}

/** A store with some of its methods replaced. */
export function replaced(store: ExecutionStore, methods: Partial<ExecutionStore>): ExecutionStore {
  return {
    submit: (...args) => store.submit(...args),
    fork: (...args) => store.fork(...args),
    start: (...args) => store.start(...args),
    claim: (...args) => store.claim(...args),
    cancel: (...args) => store.cancel(...args),
    retry: (...args) => store.retry(...args),
    signal: (...args) => store.signal(...args),
    prune: (...args) => store.prune(...args),
    ...methods,
  };
}
