/** Sends more than the server takes for a while, with a few probes a second before, meanwhile and afterwards. */
import { Connections } from '../load/connection.ts';
import { insist } from '../load/insistent-client.ts';
import type { Insisted } from '../load/insistent-client.ts';
import { onSchedule } from '../load/schedule.ts';
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
  readonly probesPerSecond: number;
  readonly secondsBefore: number;
  readonly secondsAfter: number;
}

export interface OverloadResult {
  readonly kind: 'done';
  readonly offered: number;
  readonly acceptedAtOnce: number;
  /** Refused at first, and accepted when they came back; at their first return, and in the end. */
  readonly refused: number;
  readonly acceptedAtFirstReturn: number;
  readonly acceptedLater: number;
  readonly gaveUp: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  /** Refusals by status, and those that did not say when to come back. */
  readonly byStatus: Readonly<Record<string, number>>;
  readonly withoutRetryAfter: number;
  readonly retryAfterSeconds: ReturnType<typeof percentiles>;
  /** Accepted, probes included: what the state file has to hold. */
  readonly accepted: number;
  readonly acceptMs: ReturnType<typeof percentiles>;
  readonly refuseMs: ReturnType<typeof percentiles>;
  /** Of the probes: how fast they were answered before and meanwhile, and from when on after the end they were answered as before. */
  readonly normalP99Ms: number;
  readonly meanwhileP99Ms: number;
  readonly recoveredAfterSeconds: number;
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
const { perSecond, seconds, requests, tries, probesPerSecond, secondsBefore, secondsAfter } = argument;
const connections = new Connections(argument.port, argument.connections);
// Probes do not stand in line behind those who insist.
const probeConnections = new Connections(argument.port, 100);
const cpu = process.cpuUsage();
const begun = performance.now();
const probes: Probe[] = [];
const probing = probe();
await new Promise((resolve) => setTimeout(resolve, secondsBefore * 1_000));
const outcomes: Promise<Insisted>[] = [];
const lags = await onSchedule({ perSecond, count: Math.floor(perSecond * seconds) }, (intendedAt, n) => {
  outcomes.push(
    new Promise((resolve) => insist(connections, requestOf(n), { intendedAt, tries }, (how) => resolve(how))),
  );
});
const overAt = performance.now();
tell<OverloadMessage>({ kind: 'over' });
const all = await Promise.all(outcomes);
await probing;
tell<OverloadMessage>(result(all));
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

function result(outcomes: readonly Insisted[]): OverloadResult {
  const { user, system } = process.cpuUsage(cpu);
  const accepted = outcomes.filter((one) => one.kind === 'accepted');
  const errors = outcomes.filter((one) => one.kind === 'error');
  const refusals = outcomes.flatMap((one) => (one.kind === 'error' ? [] : one.refusals));
  const gaveUp = outcomes.filter((one) => one.kind === 'gave-up').length;
  const later = accepted.filter((one) => one.refusals.length > 0);
  const normalP99Ms = p99Between(begun, begun + secondsBefore * 1_000);
  return {
    kind: 'done',
    offered: outcomes.length,
    acceptedAtOnce: accepted.length - later.length,
    refused: later.length + gaveUp,
    acceptedAtFirstReturn: later.filter((one) => one.refusals.length === 1).length,
    acceptedLater: later.length,
    gaveUp,
    errorCount: errors.length,
    errors: [...new Set(errors.map(({ message }) => message))].slice(0, 5),
    byStatus: Object.fromEntries(
      [429, 503].map((status) => [status, refusals.filter((one) => one.status === status).length]),
    ),
    withoutRetryAfter: refusals.filter((one) => one.retryAfterSeconds === null).length,
    retryAfterSeconds: percentiles(refusals.map((one) => one.retryAfterSeconds ?? 0)),
    accepted: accepted.length + probes.filter(({ isAccepted }) => isAccepted).length,
    acceptMs: percentiles(accepted.map(({ sentAt, answeredAt }) => answeredAt - sentAt)),
    refuseMs: percentiles(refusals.map(({ answeredMs }) => answeredMs)),
    normalP99Ms,
    meanwhileP99Ms: p99Between(begun + secondsBefore * 1_000, overAt),
    recoveredAfterSeconds: recovered(Math.max(promisedMs, normalTimes * normalP99Ms)),
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
