import type { Commit } from '../../src/work/execution-store.ts';
import type { StepPhase, StepRecord } from '../../src/work/journal.ts';
import type { EffectLine, LineLog } from './logs.ts';
import type { WrapSession } from '../support/wrap-sessions.ts';

/**
 * Notes which calls are in flight as their run sees it: from before the commit of the intent until the commit of the
 * outcome is acknowledged. What is in flight at a kill is the most that may be in doubt after it.
 */
export function watchCalls(log: LineLog<EffectLine>): WrapSession {
  return (session, id) => {
    const calls = new Set<string>();
    return {
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      signals: () => session.signals(),
      commit: async (commit) => {
        for (const { key: step, attempt } of stepsOf(commit, ['intent'])) {
          calls.add(step);
          log.write({ event: 'leaving', id, step, attempt });
        }
        const committed = await session.commit(commit);
        for (const { key: step, attempt } of stepsOf(commit, ['completed', 'failed'])) {
          if (calls.has(step)) log.write({ event: 'settled', id, step, attempt });
        }
        return committed;
      },
    };
  };
}

function stepsOf({ records }: Commit, phases: readonly StepPhase[]): readonly StepRecord[] {
  return records.filter((record) => record.kind === 'step').filter(({ phase }) => phases.includes(phase));
}
