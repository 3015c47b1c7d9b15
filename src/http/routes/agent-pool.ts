import type { FastifyInstance } from 'fastify';
import type { PooledAgentDescription } from '../../orchestrator/agent-pool.ts';
import { route } from '../route.ts';
import { agentPoolSchema, pooledAgentParams, pooledAgentSchema } from '../schemas/agent-pool.ts';
import { pageQuery } from '../schemas/id.ts';
import { z } from 'zod';

const tag = 'operations';

/** The agents that are built for the tenant who asks. */
export function agentPoolRoutes(app: FastifyInstance): void {
  reading(app);
  dropping(app);
}

function reading(app: FastifyInstance): void {
  route(app, {
    method: 'GET',
    url: '/agent-pool',
    operationId: 'listPooledAgents',
    summary: 'The agents that are built, by member, the newest first',
    description:
      'Those of the tenant in this process. Agents are built when they are first asked and hold no conversation.',
    tag,
    scope: 'read',
    query: z.strictObject(pageQuery),
    answers: { 200: agentPoolSchema },
    handle: async ({ query, squadra }) => {
      const { items, ...pool } = await squadra.agents.list(query);
      return { ...pool, items: items.map(told) };
    },
  });
  route(app, {
    method: 'GET',
    url: '/agent-pool/:memberId',
    operationId: 'getPooledAgent',
    summary: 'The agent of a member, while one is built',
    description: 'In the version that was last asked for.',
    tag,
    scope: 'read',
    params: pooledAgentParams,
    answers: { 200: pooledAgentSchema },
    handle: ({ params, squadra }) => told(squadra.agents.get(params.memberId)),
  });
}

function dropping(app: FastifyInstance): void {
  const description = 'The next ask builds anew. Who is at work with an agent keeps it.';
  route(app, {
    method: 'DELETE',
    url: '/agent-pool',
    operationId: 'dropPooledAgents',
    summary: 'Let all agents of the tenant go',
    description,
    tag,
    scope: 'admin',
    answers: { 204: null },
    handle: ({ squadra, reply }) => {
      squadra.agents.drop();
      return reply.code(204).send();
    },
  });
  route(app, {
    method: 'DELETE',
    url: '/agent-pool/:memberId',
    operationId: 'dropPooledAgent',
    summary: 'Let the agents of a member go, in all versions',
    description,
    tag,
    scope: 'admin',
    params: pooledAgentParams,
    answers: { 204: null },
    handle: ({ params, squadra, reply }) => {
      squadra.agents.drop(params.memberId);
      return reply.code(204).send();
    },
  });
}

function told({ lastUsedAt, ...agent }: PooledAgentDescription): z.input<typeof pooledAgentSchema> {
  return { ...agent, lastUsedAt: lastUsedAt?.toISOString() ?? null };
}
