import type { AgentPool, PooledAgent } from '../agents/agent-pool.ts';
import { SquadraError } from '../kernel/errors.ts';
import { invalidCursor, readPageBy } from './page.ts';
import type { Page, PageFormat, PageRequest } from './page.ts';

/** An agent that is built: the member it stands for, and what it does. */
export interface PooledAgentDescription {
  readonly memberId: string;
  /** Executions keep to the members that they were submitted with, so agents of several versions may be there. */
  readonly memberVersion: number;
  readonly squadId: string;
  readonly name: string;
  readonly role: string;
  readonly provider: string;
  readonly model: string;
  readonly callsInFlight: number;
  /** Model calls that left since it was built. */
  readonly calls: number;
  /** When the newest of them left. */
  readonly lastUsedAt: Date | null;
}

/** A page of the agents of a tenant; `size` is how many it has, `capacity` how many the pool holds for all tenants together. */
export interface AgentPoolPage extends Page<PooledAgentDescription> {
  readonly size: number;
  readonly capacity: number;
}

/** The agents that are built for one tenant. */
export interface PooledAgents {
  /** By member, the newest first. Throws `INVALID_INPUT` for a bad limit, `INVALID_CURSOR`. */
  list(page?: PageRequest): Promise<AgentPoolPage>;
  /** That of a member, in the version that was last asked for. Throws `NOT_FOUND` while none is built. */
  get(memberId: string): PooledAgentDescription;
  /** Lets go what is built, of one member or of all: the next ask builds anew. Throws `NOT_FOUND` for a member without. */
  drop(memberId?: string): void;
}

/** What of the pool is needed here. */
export type AgentPoolPort = Pick<AgentPool, 'of' | 'drop' | 'stats'>;

type Place = readonly [memberId: string, version: number];

const format: PageFormat<PooledAgentDescription, Place> = {
  write: ({ memberId, memberVersion }) => `${memberId}@${memberVersion}`,
  read: (cursor) => {
    const [, id, version] = /^([0-9a-f-]{36})@(-?\d{1,15})$/.exec(cursor) ?? [];
    if (id === undefined || version === undefined) throw invalidCursor(cursor);
    return [id, Number(version)];
  },
};

/** The pool as a tenant sees it. */
export function pooledAgents(pool: AgentPoolPort, tenant: string): PooledAgents {
  return {
    list: async (page = {}) => {
      const all = pool.of(tenant).map(described).toSorted(newestFirst);
      const found = await readPageBy(format, page, async (limit, after) => {
        const rest = after === undefined ? all : all.filter((agent) => compare(placeOf(agent), after) > 0);
        return rest.slice(0, limit);
      });
      return { size: all.length, capacity: pool.stats().size, ...found };
    },
    get: (memberId) => {
      const found = pool.of(tenant).find(({ member }) => member.id === memberId);
      if (found === undefined) throw unknownAgent(memberId);
      return described(found);
    },
    drop: (memberId) => {
      const count = pool.drop(tenant, memberId ?? null);
      if (count === 0 && memberId !== undefined) throw unknownAgent(memberId);
    },
  };
}

function described({ squadId, member, agent: { priced, uses } }: PooledAgent): PooledAgentDescription {
  return {
    memberId: member.id,
    memberVersion: member.version,
    squadId,
    name: member.name,
    role: member.role,
    provider: priced.provider,
    model: priced.model,
    callsInFlight: uses.inFlight,
    calls: uses.calls,
    lastUsedAt: uses.lastAt === null ? null : new Date(uses.lastAt),
  };
}

const placeOf = ({ memberId, memberVersion }: PooledAgentDescription): Place => [memberId, memberVersion];

function newestFirst(a: PooledAgentDescription, b: PooledAgentDescription): number {
  return compare(placeOf(a), placeOf(b));
}

function compare([idA, versionA]: Place, [idB, versionB]: Place): number {
  if (idA === idB) return versionB - versionA;
  return idA < idB ? 1 : -1;
}

function unknownAgent(memberId: string): SquadraError {
  return new SquadraError('NOT_FOUND', `No agent is built for a member ${memberId}.`);
}
