import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import type { Squadra } from '../../src/orchestrator/squadra.ts';
import type { Squad } from '../../src/squads/squad.ts';
import type { DurationDistribution } from '../../src/telemetry/histogram.ts';
import type { ConvoyItemInput } from '../../src/work/convoy-request.ts';
import { spread } from '../measure/statistics.ts';
import { atLeast, below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';
import { pacedProvider } from '../workload/paced-model.ts';
import { inFolder } from '../workload/round.ts';

const agents = 200;
const levels = 5;
const latencyMs = 200;

interface Round {
  readonly perSecond: number;
  readonly seconds: number;
  readonly startP99Ms: number;
}

/** A convoy of five levels, with models that answer at once and with models that take their time. */
export async function convoy({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, rounds] = isQuick ? [400, 1] : [2_000, 5];
  // Each level begins when the one before is done; within it the agents take turns.
  const idealSeconds = (levels * Math.ceil(count / levels / agents) * latencyMs) / 1_000;
  const fast = await inFolder(folder, 'fast', (state) => inTurn(state, count, rounds, 0));
  progress(`models answer at once: ${fast.counted.map(({ perSecond }) => Math.round(perSecond)).join(', ')}/s`);
  const slow = await inFolder(folder, 'slow', (state) => inTurn(state, count, rounds, latencyMs));
  progress(`models take ${latencyMs} ms: ${slow.counted.map(({ seconds }) => seconds.toFixed(2)).join(', ')} s`);
  const of = (list: readonly Round[], key: keyof Round) => spread(list.map((round) => round[key]));
  const share = spread(slow.counted.map(({ seconds }) => idealSeconds / seconds));
  const name = `models take ${latencyMs} ms`;
  return {
    settings: { items: count, levels, 'agents at once': agents, 'dependencies of an item': 2, rounds },
    figures: [
      roundsFigure('models answer at once: items', '/s', of(fast.counted, 'perSecond'), atLeast(2_000)),
      roundsFigure('models answer at once: ready to started, p99', 'ms', of(fast.counted, 'startP99Ms'), below(10)),
      roundsFigure(`${name}: share of the ideal speed`, '', share, atLeast(0.95)),
      roundsFigure(`${name}: ready to started, p99`, 'ms', of(slow.counted, 'startP99Ms'), below(10)),
      roundsFigure(`${name}: wall time`, 's', of(slow.counted, 'seconds')),
      roundsFigure(`${name}: wall time of the first convoy of a process`, 's', of([slow.first], 'seconds')),
    ],
    plots: [],
    notes: [
      `Ideal is ${idealSeconds} s: the latency alone, with ${agents} agents and ${levels} levels one after the other. The time that is held against it begins before the convoy is sent and ends when its last item is stored.`,
      'Convoys run one after the other in one process. The first one is not counted: it warms the process up, and what the provider bears is learnt from its calls, beginning with fifty at once; its wall time is shown by itself.',
      'Parallelism is asked for as a number, 200, with 200 in the settings, so that how busy the machine is that runs both the models and the measurement has no part in it.',
      'Ready to started is from when an item may start (its dependencies are completed and there is a place, and that is stored) until this process has heard of the commit of its start and its child begins; models answer in the process.',
    ],
  };
}

/** Convoys one after the other in one process. */
async function inTurn(
  stateDir: string,
  count: number,
  rounds: number,
  latency: number,
): Promise<{ readonly first: Round; readonly counted: readonly Round[] }> {
  const members = Array.from({ length: 100 }, (_, n) => ({
    role: 'tester',
    name: `Tester ${n}`,
    provider: 'paced',
    model: 'm',
  }));
  await using squadra = await openSquadraIn(
    {
      stateDir,
      models: { paced: pacedProvider(latency) },
      // The machine is full while it is measured: that is no reason here to do less at once.
      settings: {
        agentPoolSize: agents,
        agentRateLimitPerMinute: 0,
        baselineParallelism: agents,
        maxParallelism: agents,
        cpuThreshold: 100,
        memoryThreshold: 100,
      },
    },
    { readSettings: (overrides) => readSettings({}, overrides) },
  );
  const squad = await squadra.squads.create({ name: 'bench', members });
  const first = await work(squadra, squad, count);
  const counted: Round[] = [];
  for (let round = 0; round < rounds; round++) counted.push(await work(squadra, squad, count));
  return { first, counted };
}

async function work(squadra: Squadra, squad: Squad, count: number): Promise<Round> {
  const memberIds = squad.members.map((member) => member.id);
  const before = squadra.statistics().convoys.starts;
  const begun = performance.now();
  const { id } = await squadra.convoys.create({
    squad: squad.id,
    parallelism: agents,
    items: items(count, memberIds),
  });
  const { status } = await squadra.convoys.result(id);
  const seconds = (performance.now() - begun) / 1_000;
  if (status !== 'completed') throw new Error(`The convoy ended ${status}.`);
  return { seconds, perSecond: count / seconds, startP99Ms: p99Since(before, squadra.statistics().convoys.starts) };
}

/** Of what was counted between two looks: the upper bound of its bucket, in milliseconds. */
function p99Since(before: DurationDistribution, after: DurationDistribution): number {
  const count = after.count - before.count;
  const buckets = after.buckets.map(({ atMostMs, count: upTo }, place) => ({
    atMostMs,
    upTo: upTo - (before.buckets[place]?.count ?? 0),
  }));
  return buckets.find(({ upTo }) => upTo >= 0.99 * count)?.atMostMs ?? Infinity;
}

/** Each level as wide as the others; each item needs two of the level before. */
function items(count: number, memberIds: readonly string[]): ConvoyItemInput[] {
  const width = count / levels;
  return Array.from({ length: count }, (_, n) => {
    const level = Math.floor(n / width);
    const needs = [n - width, ((n + 1) % width) + (level - 1) * width];
    return {
      key: `item-${n}`,
      memberId: memberIds[n % memberIds.length] ?? '',
      message: `Look at part ${n} of the release and tell what is missing.`,
      ...(level === 0 ? {} : { dependsOn: needs.map((need) => `item-${need}`) }),
    };
  });
}
