import type { OverloadArgument, OverloadMessage, OverloadResult } from '../children/overload.ts';
import { requestText } from '../load/connection.ts';
import { Child } from '../measure/child.ts';
import { below, figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';
import { Generator, Served } from '../workload/served.ts';
import { slowSteps } from '../workload/waiting.ts';

const times = 3;
const [tenants, keysEach] = [20, 10];
const tries = 20;
/** What is taken at a time: executions that run, and those that may wait for them (the gate closes at 0.8 of these: six seconds' worth). */
const settings = { maxConcurrentExecutions: 1_000, maxQueuedExecutions: 2_500 };
const secondsBefore = 5;
const stepsSeconds = 3;
/** What it takes in a second. */
const capacity = settings.maxConcurrentExecutions / stepsSeconds;
const mostLagMs = 20;

interface Measurement extends OverloadResult {
  readonly completedPerSecond: number;
  readonly mostRssMb: number;
  readonly rssBeforeMb: number;
  readonly drainedAfterSeconds: number;
}

/** Three times what it takes: what is accepted is done, and the rest is told when to come back. */
export async function overload({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const seconds = isQuick ? 5 : 30;
  progress(`${Math.round(times * capacity)} submissions a second for ${seconds} seconds, and their returns`);
  const one = await inFolder(folder, 'overload', (state) => measure(state, seconds));
  const returned = one.acceptedLater + one.gaveUp;
  return {
    settings: { times, seconds, ...settings, 'steps of 1 s': 3, keys: tenants * keysEach, tries },
    figures: [
      figure('what it takes: executions that run at a time, by how long one takes', '/s', capacity),
      figure('offered', '/s', one.offered / seconds),
      figure('completed', '/s', one.completedPerSecond),
      figure('offered', 'submissions', one.offered),
      figure('accepted at once', 'submissions', one.acceptedAtOnce),
      figure('refused, and told when to come back', 'submissions', one.refused),
      figure('neither accepted nor refused', '', one.errorCount, below(1)),
      figure('accepted, and not completed', '', 0, below(1)),
      figure('refusals with 429', '', one.byStatus['429'] ?? 0),
      figure('refusals with 503', '', one.byStatus['503'] ?? 0),
      figure('refusals without Retry-After', '', one.withoutRetryAfter, below(1)),
      figure('Retry-After, p50', 's', one.retryAfterSeconds.p50),
      figure('Retry-After, most', 's', one.retryAfterSeconds.max),
      figure(
        'refused: accepted at the first return',
        'share',
        returned === 0 ? NaN : one.acceptedAtFirstReturn / returned,
      ),
      figure('refused: accepted in the end', 'share', returned === 0 ? NaN : one.acceptedLater / returned),
      figure('accepted: answered after, p99', 'ms', one.acceptMs.p99),
      figure('refused: answered after, p99', 'ms', one.refuseMs.p99),
      figure('submissions before, answered after, p99', 'ms', one.normalP99Ms),
      figure('submissions meanwhile, answered after, p99', 'ms', one.meanwhileP99Ms),
      figure('normal again after', 's', one.recoveredAfterSeconds, below(5)),
      figure('nothing left to do after', 's', one.drainedAfterSeconds),
      figure('server, memory before (RSS)', 'MB', one.rssBeforeMb),
      figure('server, most memory (RSS)', 'MB', one.mostRssMb, below(1_500)),
      figure('generator, CPU', 'cores', one.cpuMs / one.seconds / 1_000),
      figure('generator, late, p99', 'ms', one.lagP99Ms),
    ],
    plots: [],
    notes: [
      'What it takes is set by how many executions run at a time, each of which takes three seconds; the machine is not busy with it.',
      'Clients that are refused come back after the seconds that Retry-After names, up to 20 times in all; their returns come on top of what is offered.',
      'Normal again: submissions that come 200 times a second all the time are answered (202 or 503) within 25 ms, or twice what they took before (p99 of each second).',
    ],
  };
}

async function measure(folder: string, seconds: number): Promise<Measurement> {
  await using server = await Served.start({ folder, settings, tenants, keysEach, squad: null });
  const submission = { workflow: slowSteps.name, input: null };
  const requests = server.callers.map(({ key }) =>
    requestText('POST', '/api/v1/executions', { key, body: submission }),
  );
  const warm = await warmUp(server, requests);
  const before = await server.report();
  const argument: OverloadArgument = {
    port: server.port,
    connections: 2_000,
    requests,
    perSecond: times * capacity,
    seconds,
    tries,
    probesPerSecond: 200,
    secondsBefore,
    secondsAfter: 15,
  };
  await using generator = new Child<OverloadMessage>('children/overload', argument);
  const begun = performance.now();
  await generator.next('over');
  const overAt = performance.now();
  const one = await generator.next('done');
  const after = await server.idle();
  const completedPerSecond = one.accepted / ((performance.now() - begun) / 1_000 - secondsBefore);
  const drainedAfterSeconds = (performance.now() - overAt) / 1_000;
  await generator.exited();
  await server.stop();
  if (one.lagP99Ms > mostLagMs)
    throw new Error(`The generator lagged: its p99 is ${one.lagP99Ms.toFixed(1)} ms behind the schedule.`);
  checkCompleted(folder, warm + one.accepted);
  const [rssBeforeMb, mostRssMb] = [before.rssBytes / 1e6, after.mostRssBytes / 1e6];
  return { ...one, completedPerSecond, mostRssMb, rssBeforeMb, drainedAfterSeconds };
}

/** A server is warm after its first seconds. */
async function warmUp(server: Served, requests: readonly string[]): Promise<number> {
  await using generator = new Generator({ port: server.port, connections: 100 });
  const order = { kind: 'open-loop', perSecond: 500, count: 1_000, idsWanted: 0, requests, expected: 202 } as const;
  const { answered } = await generator.load(order, Infinity);
  await server.idle();
  await generator.stop();
  return answered;
}
