import { z } from 'zod';
import { idSchema, pageSchema, timeSchema } from './id.ts';

const count = z.int().min(0);

export const pooledAgentParams = z.strictObject({ memberId: idSchema });

/** An agent that is built, and what it does. */
export const pooledAgentSchema = z
  .object({
    memberId: idSchema,
    memberVersion: z.int().meta({
      description:
        'Executions keep to the members that they were submitted with, so agents of several versions may be there.',
    }),
    squadId: idSchema,
    name: z.string(),
    role: z.string(),
    provider: z.string(),
    model: z.string(),
    callsInFlight: count,
    calls: count.meta({ description: 'Model calls that left since it was built.' }),
    lastUsedAt: timeSchema.nullable().meta({ description: 'When the newest of them left.' }),
  })
  .meta({ id: 'PooledAgent' });

/** The agents that are built for a tenant. */
export const agentPoolSchema = z
  .object({
    size: count.meta({ description: 'Agents of the tenant.' }),
    capacity: count.meta({ description: 'Agents that the pool holds, for all tenants together.' }),
    ...pageSchema(pooledAgentSchema).shape,
  })
  .meta({ id: 'AgentPool' });
