import type { Commit, JournalSession } from '../../src/work/execution-store.ts';
import type { WrapSession } from '../support/wrap-sessions.ts';

/**
 * Bugs that break the contract and that the verdict has to find. Each answers a commit before it is made:
 * `early-delivery` hands a result to the workflow and commits it afterwards; `late-intent` lets a call leave and commits
 * that it was about to.
 */
export const plants = {
  'early-delivery': answerEarly((commit) =>
    commit.records.some((record) => record.kind === 'step' && record.phase === 'completed'),
  ),
  'late-intent': answerEarly((commit) =>
    commit.records.some((record) => record.kind === 'step' && record.phase === 'intent'),
  ),
} as const satisfies Record<string, WrapSession>;

export type Plant = keyof typeof plants;

export function isPlant(name: string): name is Plant {
  return Object.hasOwn(plants, name);
}

/** Far longer than a call takes to leave, also where its thread has just started, so that a handful of kills hits the gap. */
const gapMs = 400;

function answerEarly(isHit: (commit: Commit) => boolean): WrapSession {
  return (session: JournalSession) => {
    // Commits of a session take effect in their order, the late ones included.
    let before: Promise<unknown> = Promise.resolve();
    return {
      epoch: session.epoch,
      get isUnsure() {
        return session.isUnsure;
      },
      signals: () => session.signals(),
      commit: (commit) => {
        const hit = isHit(commit);
        const made = before.then(async () => {
          if (hit) await new Promise((resolve) => setTimeout(resolve, gapMs));
          return session.commit(commit);
        });
        before = made.catch(() => {});
        return hit ? Promise.resolve({ awake: false, settled: [] }) : made;
      },
    };
  };
}
