import { LRUCache } from 'lru-cache';
import type { Member } from '../squads/squad.ts';
import type { AskRequest } from '../workflows/asker.ts';
import type { Agent } from './agent.ts';

/** How well the pool does. */
export interface AgentPoolStats {
  /** How many it may hold. */
  readonly size: number;
  /** How many it holds. */
  readonly entries: number;
  readonly hits: number;
  /** Agents built. */
  readonly misses: number;
  readonly evictions: number;
}

/** What an agent is built from. */
const settings = [
  'role',
  'specialization',
  'name',
  'provider',
  'model',
  'temperature',
  'instructions',
] as const satisfies readonly (keyof Member)[];

/** Whose agent is asked for. */
export type AgentRequest = Pick<AskRequest, 'tenant' | 'squadId' | 'member'>;

/** An agent that the pool holds, and for whom. */
export interface PooledAgent extends AgentRequest {
  readonly agent: Agent;
}

/**
 * Agents by member and version, the least recently used leaving first. Building does not wait, so nobody can build the same
 * one twice. The version of a fork's own squad may be given again once the fork was deleted, so an agent is used only for a
 * member with the settings that it was built from.
 */
export class AgentPool {
  readonly #build: (member: Member) => Agent;
  readonly #size: number;
  readonly #agents: LRUCache<string, PooledAgent>;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor(build: (member: Member) => Agent, size: number) {
    this.#build = build;
    this.#size = size;
    this.#agents = new LRUCache({
      max: size,
      dispose: (_agent, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get(request: AgentRequest): Agent {
    const { tenant, squadId, member } = request;
    const key = `${member.id}@${member.version}`;
    const pooled = this.#agents.get(key);
    if (pooled !== undefined && isBuiltFrom(pooled, member)) {
      this.#hits += 1;
      return pooled.agent;
    }
    const agent = this.#build(member);
    this.#misses += 1;
    this.#agents.set(key, { agent, tenant, squadId, member });
    return agent;
  }

  /** The agents of a tenant, those last asked for first. */
  of(tenant: string): readonly PooledAgent[] {
    return [...this.#agents.values()].filter((pooled) => pooled.tenant === tenant);
  }

  /** Lets the agents of a tenant go, or those of one member; who is at work with one keeps it. Returns how many there were. */
  drop(tenant: string, memberId: string | null = null): number {
    const dropped = this.of(tenant).filter(({ member }) => memberId === null || member.id === memberId);
    for (const { member } of dropped) this.#agents.delete(`${member.id}@${member.version}`);
    return dropped.length;
  }

  stats(): AgentPoolStats {
    return {
      size: this.#size,
      entries: this.#agents.size,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
    };
  }
}

function isBuiltFrom(pooled: PooledAgent, member: Member): boolean {
  return pooled.member === member || settings.every((name) => pooled.member[name] === member[name]);
}
