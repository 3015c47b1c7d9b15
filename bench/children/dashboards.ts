/** Open dashboards in a process of their own: each follows its pulse and reads again what that names, until they are closed. */
import { Connections } from '../load/connection.ts';
import { OpenDashboard } from '../load/open-dashboard.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';
import { percentiles } from '../measure/statistics.ts';

export interface DashboardsArgument {
  readonly port: number;
  /** One for each dashboard. */
  readonly keys: readonly string[];
}

export type DashboardsOrder =
  /** Resolves (`opened`) when all of them have been read once. */
  { readonly kind: 'open' } | { readonly kind: 'close' } | { readonly kind: 'stop' };

/** What they did while they were open, their first readings left out. */
export interface Watched {
  readonly kind: 'watched';
  readonly pulses: number;
  readonly reads: number;
  readonly failedReads: number;
  readonly readP50Ms: number;
  readonly readP99Ms: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

export type DashboardsMessage = { readonly kind: 'opened' } | Watched;

const { port, keys } = childArgument<DashboardsArgument>();
/** As many as browsers open for a page beside its stream. */
const connections = new Connections(port, keys.length * 5);
let open: OpenDashboard[] = [];
let counted = emptyCount();

takeOrders<DashboardsOrder>(async ({ kind }) => {
  if (kind === 'open') {
    await openAll();
    counted = emptyCount();
    tell<DashboardsMessage>({ kind: 'opened' });
    return false;
  }
  for (const one of open) one.close();
  open = [];
  if (kind === 'close') tell<DashboardsMessage>(watched());
  else connections.close();
  return kind === 'stop';
});

function emptyCount() {
  return { pulses: 0, failedReads: 0, latencies: [] as number[], begun: performance.now(), cpu: process.cpuUsage() };
}

/** Until each has had the answers to the reads of its first pulse. */
async function openAll(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let waiting = keys.length;
  open = keys.map((key) => {
    let isFirst = true;
    let unread = 0;
    return new OpenDashboard(port, key, connections, {
      onPulse: (reads) => {
        counted.pulses += 1;
        if (isFirst) unread = reads;
        isFirst = false;
      },
      onRead: (ms) => {
        if (ms === null) counted.failedReads += 1;
        else counted.latencies.push(ms);
        if (--unread === 0 && --waiting === 0) resolve();
      },
      onEnd: (why) => reject(why ?? new Error('The server ended a pulse.')),
    });
  });
  await promise;
}

function watched(): Watched {
  const { user, system } = process.cpuUsage(counted.cpu);
  const { p50, p99 } = percentiles(counted.latencies);
  return {
    kind: 'watched',
    pulses: counted.pulses,
    reads: counted.latencies.length,
    failedReads: counted.failedReads,
    readP50Ms: p50,
    readP99Ms: p99,
    seconds: (performance.now() - counted.begun) / 1_000,
    cpuMs: (user + system) / 1_000,
  };
}
