import type { OverloadArgument, OverloadMessage, OverloadResult } from '../../children/overload.ts';
import { Child } from '../../measure/child.ts';
import { checkCompleted } from '../../workload/round.ts';
import type { Served } from '../../workload/served.ts';

export const times = 3;
export const [tenants, keysEach] = [20, 10];
export const tries = 20;
const secondsBefore = 5;
const secondsAfter = 15;
const probesPerSecond = 200;

export interface Over extends OverloadResult {
  readonly completedPerSecond: number;
  readonly serverCores: number;
  readonly mostRssMb: number;
  readonly rssBeforeMb: number;
  readonly drainedAfterSeconds: number;
}

type Load = Pick<OverloadArgument, 'connections' | 'requests' | 'perSecond' | 'seconds' | 'returningEvery'>;

/** Offers more than a server takes and stops it. Throws when the generator lagged, or when the state does not hold all that was accepted, completed. */
export async function offer(
  server: Served,
  load: Load,
  { folder, acceptedBefore, mostLagMs }: { folder: string; acceptedBefore: number; mostLagMs: number },
): Promise<Over> {
  const argument: OverloadArgument = {
    ...load,
    port: server.port,
    tries,
    probesPerSecond,
    secondsBefore,
    secondsAfter,
  };
  const before = await server.report();
  await using generator = new Child<OverloadMessage>('children/overload', argument);
  const begun = performance.now();
  await generator.next('over');
  const overAt = performance.now();
  const over = await server.report();
  const one = await generator.next('done');
  const after = await server.idle();
  const completedPerSecond = one.accepted / ((performance.now() - begun) / 1_000 - secondsBefore);
  const drainedAfterSeconds = (performance.now() - overAt) / 1_000;
  await generator.exited();
  await server.stop();
  if (one.lagP99Ms > mostLagMs)
    throw new Error(`The generator lagged: its p99 is ${one.lagP99Ms.toFixed(1)} ms behind the schedule.`);
  checkCompleted(folder, acceptedBefore + one.allAccepted);
  return {
    ...one,
    completedPerSecond,
    drainedAfterSeconds,
    serverCores: (over.cpuMs - before.cpuMs) / (overAt - begun),
    rssBeforeMb: before.rssBytes / 1e6,
    mostRssMb: after.mostRssBytes / 1e6,
  };
}
