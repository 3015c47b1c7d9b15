import { z } from 'zod';
import { executionStatuses } from '../../work/execution.ts';
import { budgetBody } from './budget.ts';
import { idSchema, pageQuery, timeSchema } from './id.ts';
import { jsonSchema } from './json.ts';
import { usageSchema } from './usage.ts';
import { workItemSchema } from './work-item.ts';

const statusSchema = z.enum(executionStatuses);
const name = z.string().min(1).max(200);

/** Exactly one of `message` and `input`; checked with the workflow. */
export const submissionBody = z
  .strictObject({
    squad: name.exactOptional().meta({ description: 'Name or id. The built-in workflows have `software` by default.' }),
    workflow: name.exactOptional().meta({ description: '`pipeline` where nothing is said.' }),
    message: z.string().min(1).exactOptional().meta({ description: 'Short for the input `{ message }`.' }),
    input: z.unknown().optional().meta({ description: 'What the workflow takes; instead of `message`.' }),
    priority: z.int().min(-100).max(100).exactOptional(),
    start: z.boolean().exactOptional().meta({ description: 'False leaves it `created` until it is started.' }),
    metadata: jsonSchema.exactOptional(),
    budget: budgetBody.exactOptional().meta({ description: 'What it may spend, from its beginning to its end.' }),
  })
  .meta({ id: 'Submission' });

export const acceptedSchema = z
  .object({
    id: idSchema,
    status: statusSchema,
    links: z.object({ self: z.string(), events: z.string(), messages: z.string() }),
  })
  .meta({ id: 'Accepted' });

/** What a member may be set to; checked with the squad. */
const overrideSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

export const forkBody = z
  .strictObject({
    from: z.string().min(1).max(1_000).meta({
      description: 'Key of the step, ask or scope to begin with: it is done anew, and so is what came after.',
      example: 'review/model/1',
    }),
    set: z
      .record(z.string(), overrideSchema)
      .exactOptional()
      .meta({
        description: 'By name or role of a member: its provider, model, temperature or instructions.',
        example: { tester: { model: 'gpt-5' } },
      }),
  })
  .meta({ id: 'Fork' });

/** What an error was, with its causes. */
const failureSchema = z.looseObject({ name: z.string(), message: z.string() }).meta({ id: 'Failure' });

const summaryFields = {
  id: idSchema,
  status: statusSchema,
  workflow: z.string(),
  squadId: idSchema.nullable(),
  priority: z.int(),
  input: jsonSchema,
  output: jsonSchema,
  error: failureSchema.nullable(),
  reason: z
    .string()
    .nullable()
    .meta({ description: 'Why it was cancelled, or what it waits for where no step says it.' }),
  metadata: jsonSchema,
  usage: usageSchema,
  costMicroUsd: z.int().min(0),
  version: z.int(),
  traceId: z.string().describe('Where it is found among traces, and in the log: 32 hexadecimal digits.'),
  wakeAt: timeSchema.nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
};

/** An execution as lists show it. */
export const executionSummarySchema = z.object(summaryFields).meta({ id: 'ExecutionSummary' });

const stepSchema = z
  .object({
    key: z.string(),
    type: z.enum(['run', 'sleep', 'wait', 'approval', 'model', 'tool']),
    status: z.enum(['running', 'waiting', 'retrying', 'completed', 'failed']),
    attempts: z.int(),
    failures: z.array(z.object({ attempt: z.int(), error: failureSchema.nullable(), at: timeSchema })),
    output: jsonSchema,
    error: failureSchema.nullable(),
    warnings: z.array(z.string()),
    waitsFor: jsonSchema,
    dueAt: timeSchema.nullable(),
    usage: usageSchema.nullable(),
    forkedFrom: idSchema.nullable(),
    startedAt: timeSchema,
    endedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Step' });

const omittedSchema = z.object({ steps: z.array(z.string()), items: z.array(idSchema), moreItems: z.boolean() }).meta({
  description:
    'What is too large for one answer: keys of steps shown without their output, ids of items shown without their contents, ' +
    'and whether there are items beyond those shown. The events of the execution and the list of work items have it all.',
});

/** An execution with what happened in it. */
export const executionSchema = z
  .object({
    ...summaryFields,
    steps: z.array(stepSchema),
    items: z.array(workItemSchema),
    omitted: omittedSchema,
  })
  .meta({ id: 'Execution' });

export const executionListQuery = z.strictObject({
  status: statusSchema.exactOptional(),
  squad: name.exactOptional().meta({ description: 'Name or id.' }),
  workflow: name.exactOptional(),
  schedule: idSchema.exactOptional().meta({ description: 'Those that this schedule made.' }),
  createdAfter: z.iso
    .datetime({ offset: true })
    .exactOptional()
    .meta({ description: 'A time of ISO 8601, itself not included.', example: '2026-01-31T00:00:00Z' }),
  ...pageQuery,
});
