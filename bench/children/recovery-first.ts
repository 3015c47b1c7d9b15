/** Accepts executions, then works on all of them until it is killed. */
import { openSquadra } from '../../src/index.ts';
import { childArgument, tell } from '../measure/child.ts';
import { closedLoop } from '../measure/loops.ts';
import { interrupted, workOfAnyLength } from '../workload/interrupted.ts';

export interface RecoveryArgument {
  readonly folder: string;
  readonly count: number;
}

export type RecoveryFirst =
  | { readonly kind: 'accepted' }
  /** Half of all have completed. */
  | { readonly kind: 'half' };

const { folder, count } = childArgument<RecoveryArgument>();
let begin = (): void => {};
const accepted = new Promise<void>((resolve) => (begin = resolve));
const workflow = interrupted({ work: () => accepted.then(workOfAnyLength), onCommitted: () => {} });
await using squadra = await openSquadra({ stateDir: folder, workflows: [workflow] });
let completed = 0;
const outcomes: Promise<void>[] = [];
await closedLoop(count, 200, async () => {
  const run = await squadra.submit(workflow, { input: null });
  outcomes.push(
    run.result().then(() => {
      if (++completed === Math.floor(count / 2)) tell<RecoveryFirst>({ kind: 'half' });
    }),
  );
});
tell<RecoveryFirst>({ kind: 'accepted' });
begin();
await Promise.all(outcomes);
