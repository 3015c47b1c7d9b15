/** Ours, driven as the others are. */
import { openSquadra } from '../../src/index.ts';
import { input, threeSteps } from '../workload/three-steps.ts';
import { argument, drive } from './drive.ts';

await using squadra = await openSquadra({ stateDir: argument.folder, workflows: [threeSteps] });
await drive(async () => {
  const run = await squadra.submit(threeSteps, { input });
  const { status } = await run.result();
  if (status !== 'completed') throw new Error(`Execution ${run.id} is ${status}.`);
});
