import type { Commit } from '../../../src/work/execution-store.ts';
import type { WrapSession } from '../../support/wrap-sessions.ts';
import type { LineLog } from '../logs.ts';
import type { CommitLine } from './paths.ts';

/** Notes under which claim a run is about to record what, and what it heard is stored. */
export function watchCommits(log: LineLog<CommitLine>): WrapSession {
  return (session, id) => {
    const { epoch } = session;
    log.write({ event: 'claimed', id, epoch });
    return {
      epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      signals: () => session.signals(),
      commit: async (commit) => {
        const records = namesOf(commit);
        if (records.length > 0) log.write({ event: 'announced', id, epoch, records });
        const committed = await session.commit(commit);
        if (records.length > 0) log.write({ event: 'stored', id, epoch, records });
        return committed;
      },
    };
  };
}

function namesOf({ records }: Commit): string[] {
  return records
    .filter((record) => record.kind === 'step')
    .map(({ key, phase, attempt }) => `${key} ${phase} ${attempt}`);
}
