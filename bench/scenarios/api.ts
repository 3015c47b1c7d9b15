import type { Load } from '../children/http-load.ts';
import type { SettingOptions } from '../../src/config/settings.ts';
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

interface Submissions {
  readonly most: Measurement;
  readonly sustained: Measurement;
  readonly moderate: Measurement;
}

interface Reads {
  readonly execution: Measurement;
  readonly squad: Measurement;
}

interface Round extends Submissions, Reads {
  /** Without a cache. */
  readonly executionUncached: Measurement;
  readonly squadUncached: Measurement;
}

/** Submissions over HTTP at a rate that is held, and reads; server and generator are processes of their own. */
export async function api({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [seconds, rounds] = isQuick ? [3, 1] : [30, 3];
  const readSeconds = Math.min(seconds, 5);
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const submissions = await inFolder(folder, 'api', (state) => measureSubmissions(state, seconds, progress));
    const cached = await inFolder(folder, 'reads', (state) => measureReads(state, {}, readSeconds, progress));
    const uncached = await inFolder(folder, 'reads', (state) =>
      measureReads(state, { cacheEntries: 0 }, readSeconds, progress),
    );
    const { execution: executionUncached, squad: squadUncached } = uncached;
    const last: Round = { ...submissions, ...cached, executionUncached, squadUncached };
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
  const read = (what: Exclude<keyof Round, keyof Submissions>, label: string): Figure[] => [
    row(what, [label, 'p50', 'ms', 'p50Ms']),
    row(what, [label, 'p99', 'ms', 'p99Ms']),
    row(what, [label, 'server, CPU', 'ms', 'serverCpuMs']),
  ];
  return {
    settings: {
      'seconds at 2050/s': seconds,
      'seconds at 500/s': Math.min(seconds, 10),
      'seconds of reads': readSeconds,
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
      ...read('executionUncached', `GET /executions/{id} at ${reads}/s, cache off`),
      ...read('squad', `GET /squads/{id} at ${reads}/s`),
      ...read('squadUncached', `GET /squads/{id} at ${reads}/s, cache off`),
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

async function measureSubmissions(folder: string, seconds: number, progress: Progress): Promise<Submissions> {
  await using bench = await Bench.start(folder, {}, progress);
  await bench.submit('warm-up', at(moderate, 2));
  const most = await bench.submit('100 at once', {
    kind: 'closed-loop',
    forMs: Math.min(5, seconds) * 1_000,
    atOnce: 100,
  });
  const fast = await bench.submit('sustained', at(sustained, seconds));
  const slow = await bench.submit('moderate', at(moderate, Math.min(seconds, 10)));
  await bench.stop();
  return { most, sustained: fast, moderate: slow };
}

async function measureReads(
  folder: string,
  settings: SettingOptions,
  seconds: number,
  progress: Progress,
): Promise<Reads> {
  await using bench = await Bench.start(folder, settings, progress);
  const { ids } = await bench.submit('warm-up', at(moderate, 2, 1_000));
  const { callers } = bench;
  const executions = ids.map((id, n) => get(`executions/${id}`, callers[n % callers.length]?.key));
  const squads = callers.map(({ key, squadId }) => get(`squads/${squadId}`, key));
  const name = settings.cacheEntries === 0 ? ', cache off' : '';
  await bench.run('warm-up', { ...at(reads, 2), requests: [...executions, ...squads], expected: 200 });
  const execution = await bench.run(`executions${name}`, {
    ...at(reads, seconds),
    requests: executions,
    expected: 200,
  });
  const squad = await bench.run(`squads${name}`, { ...at(reads, seconds), requests: squads, expected: 200 });
  await bench.stop();
  return { execution, squad };
}

type Progress = RunOptions['progress'];
type LoadArguments = Parameters<Generator['load']>[0];

function at(perSecond: number, seconds: number, idsWanted = 0) {
  return { kind: 'open-loop', perSecond, count: perSecond * seconds, idsWanted } as const;
}

function get(path: string, key = ''): string {
  return requestText('GET', `/api/v1/${path}`, { key });
}

/** A server and a generator. */
class Bench implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: Served;
  readonly #generator: Generator;
  readonly #progress: Progress;
  #submitted = 0;

  private constructor(folder: string, server: Served, progress: Progress) {
    this.#folder = folder;
    this.#server = server;
    this.#generator = new Generator({ port: server.port, connections });
    this.#progress = progress;
  }

  static async start(folder: string, settings: SettingOptions, progress: Progress): Promise<Bench> {
    const squad = { name: 'web', template: 'software' };
    return new Bench(folder, await Served.start({ folder, settings, tenants, keysEach, squad }), progress);
  }

  get callers(): Served['callers'] {
    return this.#server.callers;
  }

  async submit(
    name: string,
    order: ReturnType<typeof at> | { kind: 'closed-loop'; forMs: number; atOnce: number },
  ): Promise<Measurement> {
    const body = { workflow: threeSteps.name, input };
    const requests = this.callers.map(({ key }) => requestText('POST', '/api/v1/executions', { key, body }));
    const measured = await this.run(name, { ...order, requests, expected: 202 });
    this.#submitted += measured.answered;
    return measured;
  }

  async run(name: string, order: LoadArguments): Promise<Measurement> {
    const before = await this.#server.report();
    const begun = performance.now();
    const load = await this.#generator.load(order, name === 'warm-up' ? Infinity : mostLagMs);
    const after = await this.#server.idle();
    const [allSeconds, serverCpuMs] = [(performance.now() - begun) / 1_000, after.cpuMs - before.cpuMs];
    if (load.answered === 0) throw new Error(`Nothing was answered: ${load.errors.join('; ')}`);
    this.#progress(
      `${name}: p50 ${load.p50Ms.toFixed(1)}, p99 ${load.p99Ms.toFixed(1)}, most ${load.mostMs.toFixed(0)} ms; ${Math.round(load.answered / allSeconds)}/s; ${load.errorCount} errors ${load.errors.join('; ')}`,
    );
    return {
      ...load,
      completedPerSecond: load.answered / allSeconds,
      serverCpuMs: serverCpuMs / load.answered,
      serverCores: serverCpuMs / allSeconds / 1_000,
      generatorCores: load.cpuMs / load.seconds / 1_000,
      loopP99Ms: after.loopP99Ms,
      mostRssMb: after.mostRssBytes / 1e6,
    };
  }

  /** Stops both in order; throws unless all that was accepted is completed in the state file. */
  async stop(): Promise<void> {
    await this.#generator.stop();
    await this.#server.stop();
    checkCompleted(this.#folder, this.#submitted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#generator[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}
