/** Ten thousand users in a process of their own: each has an event stream open, hands in a request, and follows it to its end. */
import { Connections } from '../load/connection.ts';
import { onSchedule } from '../load/schedule.ts';
import { User } from '../load/user.ts';
import { childArgument, takeOrders, tell } from '../measure/child.ts';
import { closedLoop } from '../measure/loops.ts';
import { percentiles } from '../measure/statistics.ts';

export interface UserLoadArgument {
  readonly port: number;
  /** For submissions, shared by all. */
  readonly connections: number;
}

export type UserLoadOrder =
  /** Each key is a user, whose stream over all of their executions is opened. */
  | { readonly kind: 'open'; readonly keys: readonly string[] }
  | {
      readonly kind: 'submit';
      readonly perSecond: number;
      readonly body: unknown;
      /** False: the stream of the execution takes the place of the user's other stream. */
      readonly keepsFeed: boolean;
    }
  | { readonly kind: 'stop' };

export interface UserLoad {
  readonly kind: 'submitted';
  readonly completed: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  /** From the intended time of a submission to its answer. */
  readonly submit: ReturnType<typeof percentiles>;
  /** From the intended time of a submission to `done`. */
  readonly done: ReturnType<typeof percentiles>;
  /** From the first submission to the last `done`. */
  readonly seconds: number;
  readonly lagP99Ms: number;
  readonly cpuMs: number;
  /** Stored events in the streams of the executions, and pieces of text. */
  readonly events: number;
  readonly deltas: number;
  /** The fewest and the most streams that were open at a time. */
  readonly leastStreams: number;
  readonly mostStreams: number;
}

export type UserLoadMessage = { readonly kind: 'opened' } | UserLoad;

/** Without any event for so long, nothing more will come. */
const stalledMs = 90_000;
/** Streams that are being opened at a time: fewer than a listening socket lets wait. */
const openedAtOnce = 100;

const { port, connections: most } = childArgument<UserLoadArgument>();
const connections = new Connections(port, most);
let [streams, leastStreams, mostStreams] = [0, 0, 0];
let lastEventAt = 0;
const parts = {
  port,
  connections,
  onStream: (change: 1 | -1) => {
    streams += change;
    leastStreams = Math.min(leastStreams, streams);
    mostStreams = Math.max(mostStreams, streams);
  },
  onEvent: () => (lastEventAt = performance.now()),
};
let users: readonly User[] = [];

takeOrders<UserLoadOrder>(async (order) => {
  switch (order.kind) {
    case 'open':
      users = order.keys.map((key) => new User(key, parts));
      await closedLoop(users.length, openedAtOnce, async (n) => users[n]?.openFeed());
      tell<UserLoadMessage>({ kind: 'opened' });
      return false;
    case 'submit':
      tell<UserLoadMessage>(await submit(order));
      return false;
    case 'stop':
      for (const user of users) user.closeFeed();
      connections.close();
      return true;
  }
});

async function submit({ perSecond, body, keepsFeed }: Extract<UserLoadOrder, { kind: 'submit' }>): Promise<UserLoad> {
  const [submit, done]: [number[], number[]] = [[], []];
  const errors = new Map<string, number>();
  let [events, deltas] = [0, 0];
  const run = async (intendedAt: number, n: number): Promise<void> => {
    try {
      const one = await users[n]?.run(body, { keepsFeed });
      if (one === undefined) return;
      submit.push(one.acceptedAt - intendedAt);
      done.push(one.doneAt - intendedAt);
      events += one.events;
      deltas += one.deltas;
    } catch (error) {
      const name = String(error).replaceAll(/[0-9a-f-]{36}/g, '…');
      errors.set(name, (errors.get(name) ?? 0) + 1);
    }
  };
  const cpu = process.cpuUsage();
  const begun = performance.now();
  [leastStreams, mostStreams] = [streams, streams];
  const runs: Promise<void>[] = [];
  const lags = await onSchedule({ perSecond, count: users.length }, (at, n) => void runs.push(run(at, n)));
  await Promise.race([Promise.all(runs), stalled()]);
  const { user, system } = process.cpuUsage(cpu);
  return {
    kind: 'submitted',
    completed: done.length,
    errorCount: users.length - done.length,
    errors: [...errors].map(([name, count]) => `${count} × ${name}`).slice(0, 5),
    submit: percentiles(submit),
    done: percentiles(done),
    seconds: (performance.now() - begun) / 1_000,
    lagP99Ms: percentiles(lags).p99,
    cpuMs: (user + system) / 1_000,
    events,
    deltas,
    leastStreams,
    mostStreams,
  };
}

function stalled(): Promise<void> {
  return new Promise((resolve) => {
    const looking = setInterval(() => {
      if (performance.now() - lastEventAt < stalledMs) return;
      clearInterval(looking);
      resolve();
    }, 1_000);
    looking.unref();
  });
}
