/** Opens what a killed process left and works on until all is done. */
import { setTimeout as pause } from 'node:timers/promises';
import { openSquadra } from '../../src/index.ts';
import { childArgument, tell } from '../measure/child.ts';
import { interrupted } from '../workload/interrupted.ts';
import type { RecoveryArgument } from './recovery-first.ts';

export type RecoverySecond =
  /** The first step that this process did is committed. */
  | { readonly kind: 'working' }
  /** A new submission is accepted. */
  | { readonly kind: 'accepting' }
  | { readonly kind: 'done'; readonly stepsDone: number };

const { folder } = childArgument<RecoveryArgument>();
let stepsDone = 0;
const workflow = interrupted({
  work: () => Promise.resolve(),
  onCommitted: () => {
    if (stepsDone++ === 0) tell<RecoverySecond>({ kind: 'working' });
  },
});
await using squadra = await openSquadra({ stateDir: folder, workflows: [workflow] });
const run = await squadra.submit(workflow, { input: null });
tell<RecoverySecond>({ kind: 'accepting' });
await run.result();
const isBusy = (): boolean => {
  const { running, ready, sleeping } = squadra.statistics().engine;
  return running + ready + sleeping > 0;
};
while (isBusy()) await pause(5);
tell<RecoverySecond>({ kind: 'done', stepsDone });
