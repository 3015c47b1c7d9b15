/** Sends requests on a schedule from a process of its own, and tells how long the answers took and how well it kept the schedule. */
import { Connections } from '../load/connection.ts';
import { onSchedule } from '../load/schedule.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';
import { closedLoopFor } from '../measure/loops.ts';
import { percentiles } from '../measure/statistics.ts';

export interface LoadArgument {
  readonly port: number;
  /** Connections at most; requests beyond them wait, and their latency counts. */
  readonly connections: number;
}

interface Requests {
  /** Sent in turn. */
  readonly requests: readonly string[];
  /** The status of an answer that is no error. */
  readonly expected: number;
}

export type LoadOrder =
  | ({
      readonly kind: 'open-loop';
      readonly perSecond: number;
      readonly count: number;
      readonly idsWanted: number;
    } & Requests)
  | ({ readonly kind: 'closed-loop'; readonly forMs: number; readonly atOnce: number } & Requests)
  | { readonly kind: 'stop' };

export interface Load {
  readonly kind: 'load';
  /** From the intended time to the whole answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** Answered as expected. */
  readonly answered: number;
  /** What else came, with an example of each. */
  readonly errors: readonly string[];
  readonly errorCount: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** How late requests left; 0 in a closed loop. */
  readonly lagP99Ms: number;
  readonly lagMostMs: number;
  readonly cpuMs: number;
  /** Of what the first requests made, in their order. */
  readonly ids: readonly string[];
  readonly connections: number;
  readonly mostWaiting: number;
}

const { port, connections: most } = childArgument<LoadArgument>();
const connections = new Connections(port, most);

takeOrders<LoadOrder>(async (order) => {
  if (order.kind === 'stop') {
    connections.close();
    return true;
  }
  tell<Load>(await run(order));
  return false;
});

async function run(order: Exclude<LoadOrder, { kind: 'stop' }>): Promise<Load> {
  const { requests, expected } = order;
  const latencies: number[] = [];
  const ids: string[] = [];
  const errors = new Map<string, string>();
  let errorCount = 0;
  const idsWanted = order.kind === 'open-loop' ? order.idsWanted : 0;
  const call = (intendedAt: number, n: number): Promise<void> =>
    new Promise((resolve) => {
      connections.send(requests[n % requests.length] ?? '', (answer) => {
        if (!(answer instanceof Error) && answer.status === expected) {
          latencies.push(performance.now() - intendedAt);
          if (n < idsWanted) ids[n] = answer.body.slice('{"id":"'.length, '{"id":"'.length + 36);
        } else {
          errorCount += 1;
          const name = answer instanceof Error ? answer.message : String(answer.status);
          if (!errors.has(name)) errors.set(name, answer instanceof Error ? '' : answer.body);
        }
        resolve();
      });
    });
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const lags = await (order.kind === 'open-loop' ? openLoop(order, call) : closedLoop(order, call));
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const [latency, lag] = [percentiles(latencies), percentiles(lags)];
  const { open, mostWaiting } = connections.use;
  return {
    kind: 'load',
    p50Ms: latency.p50,
    p99Ms: latency.p99,
    mostMs: latency.max,
    answered: latencies.length,
    errors: [...errors].map(([name, example]) => `${name} ${example}`),
    errorCount,
    seconds,
    lagP99Ms: lag.p99,
    lagMostMs: lag.max,
    cpuMs: (user + system) / 1_000,
    ids,
    connections: open,
    mostWaiting,
  };
}

type Call = (intendedAt: number, n: number) => Promise<void>;

async function openLoop(order: { perSecond: number; count: number }, call: Call): Promise<Float64Array> {
  const open: Promise<void>[] = [];
  const lags = await onSchedule(order, (intendedAt, n) => void open.push(call(intendedAt, n)));
  await Promise.all(open);
  return lags;
}

async function closedLoop({ forMs, atOnce }: { forMs: number; atOnce: number }, call: Call): Promise<Float64Array> {
  let sent = 0;
  await closedLoopFor(forMs, atOnce, () => call(performance.now(), sent++));
  return new Float64Array(1);
}
