import { openSquadraIn } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
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
  readonly startP50Ms: number;
}

/** A convoy of five levels, with models that answer at once and with models that take their time. */
export async function convoy({ isQuick, folder, progress }: RunOptions): Promise<Measured> {
  const [count, rounds] = isQuick ? [400, 1] : [2_000, 5];
  const fast: Round[] = [];
  const slow: Round[] = [];
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const [one, other] = [
      await inFolder(folder, 'fast', (state) => work(state, count, 0)),
      await inFolder(folder, 'slow', (state) => work(state, count, latencyMs)),
    ];
    progress(
      `round ${round}: ${Math.round(one.perSecond)}/s, starts p99 ${one.startP99Ms} ms; at ${latencyMs} ms: ${other.seconds.toFixed(2)} s, starts p99 ${other.startP99Ms} ms`,
    );
    if (round === 0) continue;
    fast.push(one);
    slow.push(other);
  }
  // Each level begins when the one before is done; within it the agents take turns.
  const idealSeconds = (levels * Math.ceil(count / levels / agents) * latencyMs) / 1_000;
  const of = (list: readonly Round[], key: keyof Round) => spread(list.map((round) => round[key]));
  const share = spread(slow.map(({ seconds }) => idealSeconds / seconds));
  const name = `models take ${latencyMs} ms`;
  return {
    settings: { items: count, levels, 'agents at once': agents, 'dependencies of an item': 2, rounds },
    figures: [
      roundsFigure('models answer at once: items', '/s', of(fast, 'perSecond'), atLeast(2_000)),
      roundsFigure('models answer at once: ready to started, p99', 'ms', of(fast, 'startP99Ms'), below(10)),
      roundsFigure('models answer at once: ready to started, p50', 'ms', of(fast, 'startP50Ms')),
      roundsFigure(`${name}: share of the ideal speed`, '', share, atLeast(0.95)),
      roundsFigure(`${name}: ready to started, p99`, 'ms', of(slow, 'startP99Ms'), below(10)),
      roundsFigure(`${name}: wall time`, 's', of(slow, 'seconds')),
    ],
    plots: [],
    notes: [
      `Ideal is ${idealSeconds} s: the latency alone, with ${agents} agents and ${levels} levels one after the other.`,
      'Ready to started is from when an item may start (its dependencies are completed and there is a place) to the commit of its start; models answer in the process.',
    ],
  };
}

async function work(stateDir: string, count: number, latency: number): Promise<Round> {
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
  const begun = performance.now();
  const { id } = await squadra.convoys.create({
    squad: squad.id,
    parallelism: agents,
    items: items(
      count,
      squad.members.map((member) => member.id),
    ),
  });
  const { status } = await squadra.convoys.result(id);
  const seconds = (performance.now() - begun) / 1_000;
  if (status !== 'completed') throw new Error(`The convoy ended ${status}.`);
  const { p99Ms, p50Ms } = squadra.statistics().convoys.starts;
  return { seconds, perSecond: count / seconds, startP99Ms: p99Ms, startP50Ms: p50Ms };
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
