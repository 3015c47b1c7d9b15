import type { OverloadArgument, OverloadMessage, OverloadResult } from '../children/overload.ts';
import { requestText } from '../load/connection.ts';
import { Child } from '../measure/child.ts';
import { below, figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';
import { Generator, Served } from '../workload/served.ts';
import { input, threeSteps } from '../workload/three-steps.ts';

const times = 3;
const [tenants, keysEach] = [20, 10];
const tries = 20;

interface Measurement extends OverloadResult {
  readonly capacity: number;
  readonly mostRssMb: number;
  readonly rssBeforeMb: number;
  readonly drainedAfterSeconds: number;
}

/** Three times what it takes: what is accepted is done, and the rest is told when to come back. */
export async function overload({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const seconds = isQuick ? 5 : 30;
  const one = await inFolder(folder, 'overload', (state) => measure(state, seconds, progress));
  const returned = one.acceptedLater + one.gaveUp;
  return {
    settings: { times, seconds, steps: 3, 'input bytes': 200, keys: tenants * keysEach, tries },
    figures: [
      figure('what it takes (100 at once)', '/s', one.capacity),
      figure('offered', '/s', one.offered / seconds),
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
      figure('submit before, p99', 'ms', one.normalP99Ms),
      figure('normal again after', 's', one.recoveredAfterSeconds, below(5)),
      figure('nothing left to do after', 's', one.drainedAfterSeconds),
      figure('server, memory before (RSS)', 'MB', one.rssBeforeMb),
      figure('server, most memory (RSS)', 'MB', one.mostRssMb, below(1_500)),
      figure('generator, CPU', 'cores', one.cpuMs / one.seconds / 1_000),
      figure('generator, late, p99', 'ms', one.lagP99Ms),
    ],
    plots: [],
    notes: [
      'Clients that are refused come back after the seconds that Retry-After names, up to 20 times in all; their returns come on top of what is offered.',
      'Normal again: submissions that come 100 times a second all the time are answered within 25 ms, or twice what they took before (p99 of each half second).',
    ],
  };
}

async function measure(folder: string, seconds: number, progress: RunOptions['progress']): Promise<Measurement> {
  await using server = await Served.start({ folder, settings: {}, tenants, keysEach, squad: null });
  const submission = { workflow: threeSteps.name, input };
  const requests = server.callers.map(({ key }) =>
    requestText('POST', '/api/v1/executions', { key, body: submission }),
  );
  const { perSecond: capacity, answered } = await capacityOf(server, requests);
  progress(`takes ${Math.round(capacity)}/s`);
  const before = await server.report();
  const argument: OverloadArgument = {
    port: server.port,
    connections: 2_000,
    requests,
    perSecond: times * capacity,
    seconds,
    tries,
    probesPerSecond: 100,
    secondsBefore: 5,
    secondsAfter: 15,
  };
  await using generator = new Child<OverloadMessage>('children/overload', argument);
  await generator.next('over');
  const overAt = performance.now();
  const one = await generator.next('done');
  const after = await server.idle();
  const drainedAfterSeconds = (performance.now() - overAt) / 1_000;
  await generator.exited();
  await server.stop();
  progress(JSON.stringify(one));
  checkCompleted(folder, answered + one.accepted);
  const [rssBeforeMb, mostRssMb] = [before.rssBytes / 1e6, after.mostRssBytes / 1e6];
  return { ...one, capacity, mostRssMb, rssBeforeMb, drainedAfterSeconds };
}

async function capacityOf(server: Served, requests: readonly string[]) {
  await using generator = new Generator({ port: server.port, connections: 100 });
  const order = { kind: 'closed-loop', forMs: 5_000, atOnce: 100, requests, expected: 202 } as const;
  const warmUp = await generator.load({ ...order, forMs: 2_000 }, Infinity);
  await server.idle();
  const begun = performance.now();
  const load = await generator.load(order, Infinity);
  await server.idle();
  const perSecond = (load.answered * 1_000) / (performance.now() - begun);
  await generator.stop();
  if (load.errorCount > 0) throw new Error(`It does not take 100 at once: ${load.errors.join('; ')}`);
  return { perSecond, answered: warmUp.answered + load.answered };
}
