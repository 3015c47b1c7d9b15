/** Sends more than the server takes for a while, with a few probes a second before, meanwhile and afterwards. */
import { Connections } from '../load/connection.ts';
import { insist } from '../load/insistent-client.ts';
import { onSchedule } from '../load/schedule.ts';
import { Tally } from '../load/tally.ts';
import type { Tallied } from '../load/tally.ts';
import { childArgument, tell } from '../measure/child.ts';
import { percentiles } from '../measure/statistics.ts';

export interface OverloadArgument {
  readonly port: number;
  readonly connections: number;
  /** Submissions, sent in turn. */
  readonly requests: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
  /** How often a client comes in all. */
  readonly tries: number;
  /** One in so many clients comes back when it is refused; where not all do, none does after the end of the probes. */
  readonly returningEvery: number;
  readonly probesPerSecond: number;
  readonly secondsBefore: number;
  readonly secondsAfter: number;
}

export interface OverloadResult extends Tallied {
  readonly kind: 'done';
  readonly offered: number;
  /** For how long that was offered: longer than meant when the generator could not keep up. */
  readonly offeredSeconds: number;
  /** Accepted, probes included: what the state file has to hold. */
  readonly allAccepted: number;
  /** Of the probes: how fast they were answered before and meanwhile, and from when on after the end they were answered as before. */
  readonly normalP99Ms: number;
  readonly meanwhileP99Ms: number;
  readonly recoveredAfterSeconds: number;
  /** The most that waited for a connection. */
  readonly mostWaiting: number;
  readonly lagP99Ms: number;
  readonly cpuMs: number;
  readonly seconds: number;
}

export type OverloadMessage = { readonly kind: 'over' } | OverloadResult;

interface Probe {
  readonly at: number;
  /** Until it was answered; infinite when it was not. */
  readonly ms: number;
  readonly isAccepted: boolean;
}

/** Latencies are normal when they are at most so many times those before, and never worse than what is promised at full rate. */
const normalTimes = 2;
const promisedMs = 25;
const windowMs = 1_000;

const argument = childArgument<OverloadArgument>();
const { perSecond, seconds, requests, tries, returningEvery, probesPerSecond, secondsBefore, secondsAfter } = argument;
const connections = new Connections(argument.port, argument.connections);
// Probes do not stand in line behind those who insist.
const probeConnections = new Connections(argument.port, 100);
const cpu = process.cpuUsage();
const begun = performance.now();
const probes: Probe[] = [];
const probing = probe();
await new Promise((resolve) => setTimeout(resolve, secondsBefore * 1_000));
const tally = new Tally();
const until = begun + (secondsBefore + seconds + secondsAfter) * 1_000;
const count = Math.floor(perSecond * seconds);
let [ended, overAt] = [0, Infinity];
const allEnded = Promise.withResolvers<void>();
const offeredFrom = performance.now();
const lags = await onSchedule({ perSecond, count }, (intendedAt, n) => {
  const returns = n % returningEvery === 0;
  const insistence = { intendedAt, tries: returns ? tries : 1, ...(returningEvery === 1 ? {} : { until }) };
  insist(connections, requestOf(n), insistence, (how) => {
    tally.add(how, overAt);
    ended += 1;
    if (ended === count) allEnded.resolve();
  });
});
overAt = performance.now();
tell<OverloadMessage>({ kind: 'over' });
await allEnded.promise;
await probing;
tell<OverloadMessage>(result());
connections.close();
probeConnections.close();

function requestOf(n: number): string {
  return requests[n % requests.length] ?? '';
}

async function probe(): Promise<void> {
  const count = probesPerSecond * (secondsBefore + seconds + secondsAfter);
  const answers: Promise<void>[] = [];
  await onSchedule({ perSecond: probesPerSecond, count }, (at, n) => {
    const answered = new Promise<void>((resolve) =>
      probeConnections.send(requestOf(n), (answer) => {
        const isAccepted = !(answer instanceof Error) && answer.status === 202;
        const ms = answer instanceof Error ? Infinity : performance.now() - at;
        probes.push({ at, ms, isAccepted });
        resolve();
      }),
    );
    answers.push(answered);
  });
  await Promise.all(answers);
}

function result(): OverloadResult {
  const { user, system } = process.cpuUsage(cpu);
  const tallied = tally.result();
  const normalP99Ms = p99Between(begun, begun + secondsBefore * 1_000);
  return {
    kind: 'done',
    ...tallied,
    offered: count,
    offeredSeconds: (overAt - offeredFrom) / 1_000,
    allAccepted: tallied.accepted + probes.filter(({ isAccepted }) => isAccepted).length,
    normalP99Ms,
    meanwhileP99Ms: p99Between(begun + secondsBefore * 1_000, overAt),
    recoveredAfterSeconds: recovered(Math.max(promisedMs, normalTimes * normalP99Ms)),
    mostWaiting: connections.use.mostWaiting,
    lagP99Ms: percentiles(lags).p99,
    cpuMs: (user + system) / 1_000,
    seconds: (performance.now() - begun) / 1_000,
  };
}

/** Seconds from the end of the overload to the end of the last stretch in which probes were slower than that. */
function recovered(limitMs: number): number {
  let last = 0;
  for (let from = 0; from < secondsAfter * 1_000; from += windowMs) {
    if (p99Between(overAt + from, overAt + from + windowMs) > limitMs) last = from + windowMs;
  }
  return last / 1_000;
}

function p99Between(from: number, to: number): number {
  return percentiles(probes.filter(({ at }) => at >= from && at < to).map(({ ms }) => ms)).p99;
}
