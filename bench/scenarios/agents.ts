import { AgentPool } from '../../src/agents/agent-pool.ts';
import type { AgentRequest } from '../../src/agents/agent-pool.ts';
import { buildAgent } from '../../src/agents/agent.ts';
import { createModelRegistry } from '../../src/agents/model-registry.ts';
import { MemoryCache } from '../../src/cache/memory/memory-cache.ts';
import { readSettings } from '../../src/config/settings.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createIds } from '../../src/kernel/id.ts';
import { buildSquad } from '../../src/squads/build-squad.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import type { Member } from '../../src/squads/squad.ts';
import { quantile, spread } from '../measure/statistics.ts';
import { below, roundsFigure } from '../report/figure.ts';
import type { Measured, RunOptions } from '../scenario.ts';

/** Looked up together, because one look-up is shorter than the clock is exact. */
const batch = 1_000;
/** As many members as the pool holds are asked for in turn. */
const pooled = 100;

interface Round {
  readonly hit: number;
  readonly hitP99: number;
  readonly built: number;
  readonly builtP99: number;
  readonly firstOfModel: number;
}

/** The pool of agents: one that is there, one that has to be made, and one whose model has to be made, too. */
export async function agents({ isQuick, progress }: RunOptions): Promise<Measured> {
  const [hits, builds, models, rounds] = isQuick ? [50_000, 500, 20, 1] : [1_000_000, 10_000, 100, 7];
  const bench = prepare();
  const measured: Round[] = [];
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const last = {
      ...measureHits(bench, hits),
      ...measureBuilds(bench, builds),
      ...measureModels(bench, models, round),
    };
    if (round > 0) measured.push(last);
    progress(`round ${round}: hit ${last.hit.toFixed(3)} µs, built in ${last.built.toFixed(1)} µs`);
  }
  const of = (key: keyof Round) => spread(measured.map((round) => round[key]));
  return {
    settings: { hits, builds, 'agents in the pool': pooled, rounds },
    figures: [
      roundsFigure('agent found in the pool, p50', 'µs', of('hit'), below(5)),
      roundsFigure('agent found in the pool, p99', 'µs', of('hitP99')),
      roundsFigure('agent built from a member, p50', 'µs', of('built'), below(100)),
      roundsFigure('agent built from a member, p99', 'µs', of('builtP99')),
      roundsFigure('first agent of a model, p50', 'µs', of('firstOfModel')),
    ],
    plots: [],
    notes: [`A look-up is timed in batches of ${batch}; its p99 is that of the batches.`],
  };
}

interface Bench {
  readonly members: readonly Member[];
  /** An agent in the pool for each member; builds what it lacks. */
  newPool(): AgentPool;
}

/** Members of all roles, with instructions and a model of an OpenAI-compatible server that is never called. */
function prepare(): Bench {
  const settings = readSettings({}, { openaiApiKey: 'sk-bench', openaiBaseUrl: 'http://127.0.0.1:9/v1' });
  const catalogue = readCatalogue();
  const parts = { catalogue, ids: createIds(systemClock), clock: systemClock, tools: { check: () => {} } };
  const squad = buildSquad(
    {
      name: 'bench',
      members: Array.from({ length: pooled }, (_, place) => ({
        role: catalogue.roles[place % catalogue.roles.length]?.name ?? 'tester',
        instructions: 'Keep to the style of the house. Ask when in doubt.',
        provider: 'openai',
      })),
    },
    parts,
  );
  const registry = createModelRegistry({ settings, clock: systemClock });
  const cache = new MemoryCache(settings, systemClock);
  return {
    members: squad.members,
    newPool: () =>
      new AgentPool((member) => buildAgent(member, { registry, catalogue, cache }), settings.agentPoolSize),
  };
}

/** As an ask of it would ask for its agent. */
function askedOf(member: Member): AgentRequest {
  return { tenant: 'local', squadId: 'squad', member };
}

function measureHits({ members, newPool }: Bench, hits: number): Pick<Round, 'hit' | 'hitP99'> {
  const pool = newPool();
  for (const member of members) pool.get(askedOf(member));
  // As they come from the state: equal, and not the same objects.
  const asked = structuredClone(members).map(askedOf);
  const times: number[] = [];
  for (let done = 0; done < hits; done += batch) {
    const since = performance.now();
    for (let n = 0; n < batch; n++) pool.get(at(asked, n));
    times.push(((performance.now() - since) * 1_000) / batch);
  }
  if (pool.stats().misses !== members.length) throw new Error('An agent was built that was there.');
  return { hit: quantile(times, 0.5), hitP99: quantile(times, 0.99) };
}

/** Each time the next version of a member: what a change of it costs the next ask. */
function measureBuilds({ members, newPool }: Bench, builds: number): Pick<Round, 'built' | 'builtP99'> {
  const pool = newPool();
  pool.get(askedOf(at(members, 0)));
  const times = Array.from({ length: builds }, (_, n) => {
    const member = { ...at(members, n), version: n + 2 };
    const since = performance.now();
    pool.get(askedOf(member));
    return (performance.now() - since) * 1_000;
  });
  if (pool.stats().misses !== builds + 1) throw new Error('An agent was there that was to be built.');
  return { built: quantile(times, 0.5), builtP99: quantile(times, 0.99) };
}

function measureModels({ members, newPool }: Bench, models: number, round: number): Pick<Round, 'firstOfModel'> {
  const pool = newPool();
  const times = Array.from({ length: models }, (_, n) => {
    const member = { ...at(members, n), version: -1 - n, model: `model-${round}-${n}` };
    const since = performance.now();
    pool.get(askedOf(member));
    return (performance.now() - since) * 1_000;
  });
  return { firstOfModel: quantile(times, 0.5) };
}

function at<T>(members: readonly T[], n: number): T {
  const member = members[n % members.length];
  if (member === undefined) throw new Error('There are no members.');
  return member;
}
