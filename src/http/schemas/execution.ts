import { z } from 'zod';
import { executionStatuses } from '../../work/execution.ts';
import { idSchema, timeSchema } from './id.ts';
import { jsonSchema } from './json.ts';

/** Exactly one of `message` and `input`; checked with the workflow. */
export const submissionBody = z
  .strictObject({
    squad: z.string().min(1).max(200).exactOptional(),
    workflow: z.string().min(1).max(200).exactOptional(),
    message: z.string().min(1).exactOptional(),
    input: z.unknown().optional(),
    priority: z.int().min(-100).max(100).exactOptional(),
    start: z.boolean().exactOptional(),
    metadata: jsonSchema.exactOptional(),
  })
  .meta({ id: 'Submission' });

export const acceptedSchema = z
  .object({
    id: idSchema,
    status: z.enum(executionStatuses),
    links: z.object({ self: z.string(), events: z.string(), messages: z.string() }),
  })
  .meta({ id: 'Accepted' });

const usageSchema = z.looseObject({}).meta({ id: 'Usage' });
const failureSchema = z.looseObject({ name: z.string(), message: z.string() }).meta({ id: 'Failure' });

/** An execution as lists show it. */
export const executionSummarySchema = z
  .looseObject({
    id: idSchema,
    status: z.enum(executionStatuses),
    workflow: z.string(),
    squadId: z.string().nullable(),
    priority: z.int(),
    input: jsonSchema,
    output: jsonSchema,
    error: failureSchema.nullable(),
    usage: usageSchema,
    costMicroUsd: z.int(),
    version: z.int(),
    createdAt: timeSchema,
    startedAt: timeSchema.nullable(),
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ExecutionSummary' });
