import type { ExecutionStore, JournalSession } from '../../src/work/execution-store.ts';

/** Stands between a run and its session. */
export type WrapSession = (session: JournalSession, executionId: string) => JournalSession;

/** The same store, but every session it hands out is wrapped. */
export function wrapSessions(store: ExecutionStore, wrap: WrapSession): ExecutionStore {
  return {
    submit: async (tenant, execution) => {
      const submitted = await store.submit(tenant, execution);
      const { session, id } = submitted;
      return session === null ? submitted : { ...submitted, session: wrap(session, id) };
    },
    claim: async (tenant, id, gone) => {
      const claim = await store.claim(tenant, id, gone);
      return claim === null ? null : { ...claim, session: wrap(claim.session, id) };
    },
    fork: (...fork) => store.fork(...fork),
    start: (...start) => store.start(...start),
    cancel: (...cancel) => store.cancel(...cancel),
    retry: (...retry) => store.retry(...retry),
    signal: (...signal) => store.signal(...signal),
    prune: (...prune) => store.prune(...prune),
  };
}
