import { z } from 'zod';
import { convoyStatuses } from '../../work/convoy.ts';
import { workItemStatuses } from '../../work/work-item.ts';
import { idSchema, pageQuery, timeSchema } from './id.ts';
import { usageSchema } from './usage.ts';

const name = z.string().min(1).max(200);
const places = z.int().min(1).max(10_000);
const percent = z.number().gt(0).max(100);

const newItem = z
  .strictObject({
    key: name.meta({ description: 'Its name in the convoy.' }),
    role: name.exactOptional().meta({ description: 'The first member of the squad with this role; or `memberId`.' }),
    memberId: idSchema.exactOptional(),
    message: z.string().min(1),
    dependsOn: z
      .array(name)
      .max(1_000)
      .exactOptional()
      .meta({ description: 'Keys of items to be completed before; their results come with the message.' }),
    priority: z.int().min(-100).max(100).exactOptional(),
  })
  .meta({ id: 'NewConvoyItem' });

/** What fits together is checked with the squad. */
export const newConvoyBody = z
  .strictObject({
    squad: name.exactOptional().meta({ description: 'Name or id; `software` where nothing is said.' }),
    items: z.array(newItem).min(1),
    parallelism: z
      .union([z.literal('auto'), places])
      .exactOptional()
      .meta({
        description: 'As many at once as the machine and the providers bear (`auto`, the default), or at most so many.',
      }),
    stopOnFirstFailure: z
      .boolean()
      .exactOptional()
      .meta({ description: 'After a failure nothing more is begun; what runs comes to its end.' }),
    timeout: z
      .union([z.number().gt(0), z.string().min(1)])
      .exactOptional()
      .meta({ description: 'Milliseconds, or a duration such as `30m`; what is not completed by then fails.' }),
    baselineParallelism: places.exactOptional(),
    maxParallelism: places.exactOptional(),
    cpuThreshold: percent.exactOptional(),
    memoryThreshold: percent.exactOptional(),
  })
  .meta({ id: 'NewConvoy' });

export const convoyCancelBody = z.strictObject({ reason: z.string().max(10_000).exactOptional() }).nullish();

const statusSchema = z.enum(convoyStatuses);

export const acceptedConvoySchema = z
  .object({ id: idSchema, status: statusSchema, links: z.object({ self: z.string(), items: z.string() }) })
  .meta({ id: 'AcceptedConvoy' });

const count = z.int().min(0);

const summaryFields = {
  id: idSchema,
  status: statusSchema,
  reason: z.string().nullable().meta({ description: 'Why it is not completed: names the items it is about.' }),
  squadId: idSchema,
  squadVersion: z.int(),
  progress: z.object({
    total: count,
    ready: count,
    blocked: count,
    running: count,
    completed: count,
    failed: count,
    cancelled: count,
  }),
  options: z.object({
    parallelism: z.union([z.literal('auto'), places]),
    stopOnFirstFailure: z.boolean(),
    timeoutMs: z.number().nullable(),
    baselineParallelism: places.exactOptional(),
    maxParallelism: places.exactOptional(),
    cpuThreshold: percent.exactOptional(),
    memoryThreshold: percent.exactOptional(),
  }),
  executionId: idSchema.nullable().meta({ description: 'The execution that made it, where a workflow did.' }),
  version: z.int(),
  createdAt: timeSchema,
  deadlineAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
};

export const convoySummarySchema = z.object(summaryFields).meta({ id: 'ConvoySummary' });

const itemSchema = z
  .object({
    key: z.string(),
    id: idSchema,
    memberId: idSchema,
    status: z.enum(workItemStatuses),
    reason: z.string().nullable(),
    priority: z.int(),
    dependsOn: z.array(z.string()),
    executionId: idSchema.nullable().meta({ description: 'The execution that does it; null before its start.' }),
    startedAt: timeSchema.nullable().meta({ description: 'When its execution first ran; null before that.' }),
    endedAt: timeSchema.nullable().meta({ description: 'When its execution ended for the last time.' }),
    updatedAt: timeSchema,
  })
  .meta({ id: 'ConvoyItem' });

const parallelismSchema = z
  .object({
    places: count.meta({ description: 'How many may run now.' }),
    running: count,
    load: z.number().nullable().meta({ description: 'Percent; null before the first measurement.' }),
    throttle: z.number(),
    startDelayMs: z.number(),
    reason: z.enum(['not_measured', 'idle', 'idle_auto', 'provider', 'busy', 'full']),
    why: z.string(),
  })
  .meta({ id: 'ConvoyParallelism' });

export const convoySchema = z
  .object({
    ...summaryFields,
    parallelism: parallelismSchema.nullable().meta({ description: 'Null when it has ended.' }),
    usage: usageSchema,
    costMicroUsd: count,
    items: z.array(itemSchema),
  })
  .meta({ id: 'Convoy' });

export const convoyListQuery = z.strictObject({
  status: statusSchema.exactOptional(),
  squad: name.exactOptional().meta({ description: 'Name or id.' }),
  ...pageQuery,
});
