import type { Load } from '../children/http-load.ts';
import { requestText } from '../load/connection.ts';
import { spread } from '../measure/statistics.ts';
import type { Asked } from '../report/figure.ts';
import { atLeast, below, roundsFigure } from '../report/figure.ts';
import type { Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { checkCompleted, inFolder } from '../workload/round.ts';
import { Generator, Served } from '../workload/served.ts';
import { input, threeSteps } from '../workload/three-steps.ts';

/** A little more than what is promised, so that what comes out can be that. */
const [sustained, moderate, reads] = [2_050, 500, 1_000];
const [tenants, keysEach] = [20, 10];
/** A fifth of the promised latency: what the generator is late is part of what it measures. */
const mostLagMs = 5;
const connections = 400;

interface Measurement extends Load {
  /** Executions completed per second, from the first request until nothing was left to do. */
  readonly completedPerSecond: number;
  /** What the server's threads took together, per request. */
  readonly serverCpuMs: number;
  readonly serverCores: number;
  readonly generatorCores: number;
  readonly loopP99Ms: number;
  readonly mostRssMb: number;
}

interface Round {
  readonly most: Measurement;
  readonly sustained: Measurement;
  readonly moderate: Measurement;
  readonly execution: Measurement;
  readonly squad: Measurement;
}

/** Submissions over HTTP at a rate that is held, and reads; server and generator are processes of their own. */
export async function api({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [seconds, rounds] = isQuick ? [3, 1] : [30, 3];
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const last = await inFolder(folder, 'api', (state) => measure(state, seconds, progress));
    measured.push(last);
    const { most, sustained: fast, moderate: slow } = last;
    progress(
      `round ${round}: p99 ${fast.p99Ms.toFixed(1)} ms at ${sustained}/s, ${slow.p99Ms.toFixed(1)} ms at ${moderate}/s; at most ${Math.round(most.completedPerSecond)}/s`,
    );
  }
  const of = (what: keyof Round, key: NumberOf<Measurement>) => spread(measured.map((round) => round[what][key]));
  const row = (
    what: keyof Round,
    [label, name, unit, key]: readonly [string, string, string, NumberOf<Measurement>],
    asked: Asked | null = null,
  ): Figure => roundsFigure(`${label}: ${name}`, unit, of(what, key), asked);
  const atRate = (what: 'sustained' | 'moderate', rate: number, p99: number): Figure[] => {
    const label = `${rate}/s`;
    return [
      row(what, [label, 'submit, p50', 'ms', 'p50Ms']),
      row(what, [label, 'submit, p99', 'ms', 'p99Ms'], below(p99)),
      row(what, [label, 'submit, most', 'ms', 'mostMs']),
      row(what, [label, 'errors', '', 'errorCount'], below(1)),
      row(what, [label, 'completed', '/s', 'completedPerSecond'], what === 'sustained' ? atLeast(2_000) : null),
      row(what, [label, 'server, CPU per execution', 'ms', 'serverCpuMs']),
      row(what, [label, 'server, CPU', 'cores', 'serverCores']),
      row(what, [label, 'server, event loop late, p99', 'ms', 'loopP99Ms']),
      row(what, [label, 'server, most memory (RSS)', 'MB', 'mostRssMb']),
      row(what, [label, 'generator, CPU', 'cores', 'generatorCores']),
      row(what, [label, 'generator, late, p99', 'ms', 'lagP99Ms']),
    ];
  };
  const read = (what: 'execution' | 'squad', label: string): Figure[] => [
    row(what, [label, 'p50', 'ms', 'p50Ms']),
    row(what, [label, 'p99', 'ms', 'p99Ms']),
    row(what, [label, 'server, CPU', 'ms', 'serverCpuMs']),
  ];
  return {
    settings: {
      'requests per second': sustained,
      seconds,
      steps: 3,
      'input bytes': 200,
      'bytes per step': 1_024,
      tenants,
      keys: tenants * keysEach,
      rounds,
    },
    figures: [
      ...atRate('sustained', sustained, 25),
      ...atRate('moderate', moderate, 10),
      row('most', ['100 at once', 'completed', '/s', 'completedPerSecond']),
      row('most', ['100 at once', 'submit, p99', 'ms', 'p99Ms']),
      ...read('execution', `GET /executions/{id} at ${reads}/s`),
      ...read('squad', `GET /squads/{id} at ${reads}/s`),
    ],
    plots: [],
    notes: [
      'The generator sends on a schedule, whatever the answers do; each latency counts from the intended time to the last byte of the answer. A run in which it is 5 ms late (p99) fails.',
      'An execution is submitted with a key over a kept-alive connection, stored before it is answered, does three steps without work inside, and writes 7 rows; the state file has to hold all of them completed.',
    ],
  };
}

/** The keys of the numbers of something. */
type NumberOf<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

async function measure(folder: string, seconds: number, progress: RunOptions['progress']): Promise<Round> {
  const squad = { name: 'web', template: 'software' };
  await using server = await Served.start({ folder, settings: {}, tenants, keysEach, squad });
  await using generator = new Generator({ port: server.port, connections });
  let submitted = 0;
  const run = async (name: string, order: Parameters<Generator['load']>[0]): Promise<Measurement> => {
    const before = await server.report();
    const begun = performance.now();
    const load = await generator.load(order, mostLagMs);
    const after = await server.idle();
    const [allSeconds, serverCpuMs] = [(performance.now() - begun) / 1_000, after.cpuMs - before.cpuMs];
    if (load.errorCount > 0 && load.answered === 0) throw new Error(`Nothing was answered: ${load.errors.join('; ')}`);
    progress(
      `${name}: p50 ${load.p50Ms.toFixed(1)}, p99 ${load.p99Ms.toFixed(1)}, most ${load.mostMs.toFixed(0)} ms; ${Math.round(load.answered / allSeconds)}/s; server ${serverCpuMs.toFixed(0)} ms CPU; generator late ${load.lagP99Ms.toFixed(1)} ms; errors ${load.errorCount} ${load.errors.join('; ')}`,
    );
    if (order.expected === 202) submitted += load.answered;
    return {
      ...load,
      completedPerSecond: load.answered / allSeconds,
      serverCpuMs: serverCpuMs / load.answered,
      serverCores: serverCpuMs / allSeconds / 1_000,
      generatorCores: load.cpuMs / load.seconds / 1_000,
      loopP99Ms: after.loopP99Ms,
      mostRssMb: after.mostRssBytes / 1e6,
    };
  };
  const submission = { workflow: threeSteps.name, input };
  const submissions = server.callers.map(({ key }) =>
    requestText('POST', '/api/v1/executions', { key, body: submission }),
  );
  const submit = { requests: submissions, expected: 202 } as const;
  const at = (perSecond: number, idsWanted = 0) =>
    ({ kind: 'open-loop', perSecond, count: perSecond * seconds, idsWanted }) as const;
  const first = await run('warm-up', { ...at(moderate, 1_000), ...submit });
  const most = await run('100 at once', {
    kind: 'closed-loop',
    forMs: Math.min(5, seconds) * 1_000,
    atOnce: 100,
    ...submit,
  });
  const fast = await run('sustained', { ...at(sustained), ...submit });
  const slow = await run('moderate', { ...at(moderate), ...submit });
  const executions = first.ids.map((id, n) => read(`executions/${id}`, server.callers[n % server.callers.length]?.key));
  const squads = server.callers.map(({ key, squadId }) => read(`squads/${squadId}`, key));
  const execution = await run('executions', { ...at(reads), requests: executions, expected: 200 });
  const ofSquad = await run('squads', { ...at(reads), requests: squads, expected: 200 });
  await generator.stop();
  await server.stop();
  checkCompleted(folder, submitted);
  return { most, sustained: fast, moderate: slow, execution, squad: ofSquad };
}

function read(path: string, key = ''): string {
  return requestText('GET', `/api/v1/${path}`, { key });
}
