/** Many executions of three seconds at once; tells how long the last took, and the most memory there was. */
import { openSquadra } from '../../src/index.ts';
import { childArgument, tell } from '../measure/child.ts';
import { closedLoop, watchEventLoop } from '../measure/loops.ts';
import { sleeps, slowSteps } from '../workload/waiting.ts';

export interface ParkedStepsArgument {
  readonly folder: string;
  readonly count: number;
  readonly form: 'steps' | 'sleeps';
}

export interface ParkedSteps {
  readonly kind: 'done';
  /** From the last acknowledged submission to the last outcome. */
  readonly afterLastSubmitMs: number;
  readonly submitsPerSecond: number;
  readonly peakRssBytes: number;
  readonly loopP99Ms: number;
}

const { folder, count, form } = childArgument<ParkedStepsArgument>();
await using squadra = await openSquadra({ stateDir: folder, workflows: [slowSteps, sleeps] });
const loop = watchEventLoop();
const begun = performance.now();
const outcomes: Promise<unknown>[] = [];
await closedLoop(count, 200, async () => {
  const run = await squadra.submit(form === 'steps' ? slowSteps : sleeps, { input: null });
  outcomes.push(run.result());
});
const submitted = performance.now();
await Promise.all(outcomes);
tell<ParkedSteps>({
  kind: 'done',
  afterLastSubmitMs: performance.now() - submitted,
  submitsPerSecond: (count * 1_000) / (submitted - begun),
  peakRssBytes: process.resourceUsage().maxRSS * 1_024,
  loopP99Ms: loop().p99Ms,
});
