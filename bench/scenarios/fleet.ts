import { chmodSync } from 'node:fs';
import { spread } from '../measure/statistics.ts';
import { atLeast, below, figure, roundsFigure } from '../report/figure.ts';
import type { Asked, Figure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { inFolder } from '../workload/round.ts';
import { measureLookups } from './fleet/lookups.ts';
import type { Lookups } from './fleet/lookups.ts';
import { sumOf } from './fleet/measured-parts.ts';
import { measureScaling } from './fleet/scaling.ts';
import type { Scaled } from './fleet/scaling.ts';
import { measureBare, measureFleet, mostLagMs } from './fleet/throughput.ts';
import type { FleetMeasurement, Most } from './fleet/throughput.ts';

interface Round {
  readonly bare: Most;
  readonly fleet: FleetMeasurement;
}

const atOnce = 400;
/** So few that four workers do not need more than the two cores that everything has here. */
const callsEach = 10;

/** A whole fleet on this machine, in turn with bare Restate; then more and more workers, and a large database. */
export async function fleet({ isQuick, rounds: asked, folder, progress }: RunOptions): Promise<Measured> {
  // The database has to run as another user: let it through.
  chmodSync(folder, 0o711);
  const rounds = isQuick ? 1 : asked;
  const sizes = isQuick
    ? { warmUpSeconds: 1, seconds: 3, paceSeconds: 3, atOnce }
    : { warmUpSeconds: 8, seconds: 10, paceSeconds: 10, atOnce };
  const scaling = isQuick
    ? { workers: [1, 2], callsEach, warmUpSeconds: 3, seconds: 3 }
    : { workers: [1, 2, 4], callsEach, warmUpSeconds: 8, seconds: 12 };
  const looking = isQuick
    ? { executions: 20_000, seconds: 1, perSecond: 200 }
    : { executions: 1_000_000, seconds: 5, perSecond: 200 };
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const bare = await inFolder(folder, 'bare', (own) => measureBare(own, sizes));
    progress(`round ${round}: bare Restate ${told(bare)}`);
    const one = await inFolder(folder, 'fleet', (own) => measureFleet(own, sizes));
    progress(
      `round ${round}: fleet ${told(one.most)}; submit p99 ${one.paced.p99Ms.toFixed(1)} ms at ${one.offered}/s (completed ${Math.round(one.pacedPerSecond)}/s, ${one.paced.errorCount} errors); ${one.statements.toFixed(2)} statements`,
    );
    measured.push({ bare, fleet: one });
  }
  const scaled = await inFolder(folder, 'scaling', (own) => measureScaling(own, scaling));
  for (const one of scaled)
    progress(`${one.workers} workers: ${one.perSecond.toFixed(1)} calls/s, ${one.cores.toFixed(2)} cores`);
  const lookups = await inFolder(folder, 'lookups', (own) => measureLookups(own, looking, progress));
  if (lookups.lagP99Ms > mostLagMs)
    throw new Error(`Lookups came ${lookups.lagP99Ms.toFixed(1)} ms behind the schedule (p99). Is the machine busy?`);
  return {
    settings: {
      api: 1,
      workers: 1,
      'connections of PgBouncer': 20,
      'nodes of Restate': 1,
      steps: 3,
      'input bytes': 200,
      'bytes per step': 1_024,
      'requests at once': atOnce,
      seconds: sizes.seconds,
      'seconds at half of that': sizes.paceSeconds,
      rounds,
      'model calls at once, each worker': callsEach,
      'seconds of model calls': scaling.seconds,
      'stored executions': looking.executions,
      'lookups per second': looking.perSecond,
    },
    figures: [...throughputFigures(measured), ...scalingFigures(scaled), ...lookupFigures(lookups, looking.executions)],
    plots: [],
    notes: [
      'Bare Restate is the same server with the same settings and a service of its own in a process of its own, whose ingress answers when an invocation of three `ctx.run` is done. A fleet answers when the execution is stored; it counts when all are completed. Of each of its processes there is one, as there is one of the service.',
      'Everything, the generator too, shares the cores of one machine: executions per second are what their CPU allows.',
      `At half of what the fleet could do, and after ${sizes.warmUpSeconds} s of that, the generator sends on a schedule, and each latency counts from the intended time. Before it PostgreSQL makes a checkpoint, and uses the files of its log again, as it does after its first five minutes. The generator comes first at the processors, as what it stands for is another machine; a run in which it is ${mostLagMs} ms late (p99) fails.`,
      'The executions of the large database have no journals: none of the lookups reads them.',
    ],
  };
}

function told({ perSecond, cores, cpuMs }: Most): string {
  const parts = Object.entries(cpuMs).map(([name, ms]) => `${name} ${ms.toFixed(2)}`);
  return `${Math.round(perSecond)}/s on ${cores.toFixed(2)} cores; CPU ms per execution: ${parts.join(', ')}`;
}

function throughputFigures(measured: readonly Round[]): Figure[] {
  const row = (name: string, unit: string, of: (round: Round) => number, promise: Asked | null = null): Figure =>
    roundsFigure(name, unit, spread(measured.map(of)), promise);
  const parts = Object.keys(measured[0]?.fleet.most.cpuMs ?? {});
  const bareParts = Object.keys(measured[0]?.bare.cpuMs ?? {});
  return [
    row('fleet: executions', '/s', ({ fleet: { most } }) => most.perSecond),
    row('bare Restate: executions', '/s', ({ bare }) => bare.perSecond),
    row('fleet, of bare Restate', '', ({ fleet: { most }, bare }) => most.perSecond / bare.perSecond, atLeast(0.7)),
    row('at half of that: offered', '/s', ({ fleet: one }) => one.offered),
    row('at half of that: completed', '/s', ({ fleet: one }) => one.pacedPerSecond),
    row('at half of that: submit, p50', 'ms', ({ fleet: { paced } }) => paced.p50Ms),
    row('at half of that: submit, p99', 'ms', ({ fleet: { paced } }) => paced.p99Ms, below(50)),
    row('at half of that: errors', '', ({ fleet: { paced } }) => paced.errorCount, below(1)),
    row('at half of that: generator late, p99', 'ms', ({ fleet: { paced } }) => paced.lagP99Ms),
    row('fleet: CPU per execution', 'ms', ({ fleet: { most } }) => sumOf(most.cpuMs)),
    ...parts.map((name) => row(`fleet: CPU per execution, ${name}`, 'ms', ({ fleet }) => fleet.most.cpuMs[name] ?? 0)),
    row('bare Restate: CPU per execution', 'ms', ({ bare }) => sumOf(bare.cpuMs)),
    ...bareParts.map((name) =>
      row(`bare Restate: CPU per execution, ${name}`, 'ms', ({ bare }) => bare.cpuMs[name] ?? 0),
    ),
    row('fleet: CPU of all processes', 'cores', ({ fleet: { most } }) => most.cores),
    row('bare Restate: CPU of all processes', 'cores', ({ bare }) => bare.cores),
    row('fleet: generator, CPU', 'cores', ({ fleet: { most } }) => most.generatorCores),
    row('fleet: statements per execution', '', ({ fleet: one }) => one.statements),
    row('fleet: transactions per execution', '', ({ fleet: one }) => one.transactions),
    row('fleet: statements per submission', '', ({ fleet: one }) => one.statementsPerSubmission),
    row('fleet: statements per step', '', ({ fleet: one }) => one.statementsPerStep),
  ];
}

/** What each number of workers does beside one. */
function scalingFigures(scaled: readonly Scaled[]): Figure[] {
  const promises: Readonly<Record<number, Asked>> = { 2: atLeast(1.9), 4: atLeast(3.7) };
  const [one] = scaled;
  return scaled.flatMap(({ workers, perSecond, cores }) => [
    figure(`${workers} workers: model calls of a second`, '/s', perSecond),
    figure(`${workers} workers: CPU of the fleet`, 'cores', cores),
    ...(one === undefined || workers === one.workers
      ? []
      : [figure(`${workers} workers, of one`, '×', perSecond / one.perSecond, promises[workers] ?? null)]),
  ]);
}

function lookupFigures({ squad, squads, execution, executions, lagP99Ms }: Lookups, count: number): Figure[] {
  const label = `at ${count.toLocaleString('en-US')} executions`;
  return [
    figure(`${label}: a squad, p50`, 'ms', squad.p50),
    figure(`${label}: a squad, p99`, 'ms', squad.p99, below(5)),
    figure(`${label}: squads of a tenant, p99`, 'ms', squads.p99, below(5)),
    figure(`${label}: an execution, p50`, 'ms', execution.p50),
    figure(`${label}: an execution, p99`, 'ms', execution.p99, below(10)),
    figure(`${label}: executions of a squad with a status, p99`, 'ms', executions.p99, below(10)),
    figure(`${label}: generator late, p99`, 'ms', lagP99Ms),
  ];
}
