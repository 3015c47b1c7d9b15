import type { Run } from './run.ts';

/** Where this process stood still somebody else may have done the work meanwhile: an empty commit tells, and then nothing begins here. */
export function whenOwned(run: Run, begin: () => void): void {
  if (!run.isUnsure) {
    begin();
    return;
  }
  run.hold(null);
  run.commit('step', { records: [] }, () => {
    begin();
    run.release(null);
  });
}
