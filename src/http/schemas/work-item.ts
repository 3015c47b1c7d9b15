import { z } from 'zod';
import { workItemStatuses } from '../../work/work-item.ts';
import { idSchema, pageQuery, timeSchema } from './id.ts';
import { jsonSchema } from './json.ts';
import { usageSchema } from './usage.ts';

const statusSchema = z.enum(workItemStatuses);

export const workItemSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    description: z.string().nullable(),
    status: statusSchema,
    reason: z.string().nullable().meta({ description: 'Why it failed or was cancelled.' }),
    priority: z.int(),
    memberId: idSchema.nullable(),
    convoyId: idSchema.nullable(),
    executionId: idSchema.nullable(),
    stepKey: z.string().nullable().meta({ description: 'The ask it stands for, where an execution owns it.' }),
    context: jsonSchema,
    metadata: jsonSchema,
    artifacts: jsonSchema,
    labels: z.array(z.string()),
    dependencies: z.array(idSchema),
    usage: usageSchema,
    version: z.int(),
    createdAt: timeSchema,
    updatedAt: timeSchema,
  })
  .meta({ id: 'WorkItem' });

const fields = {
  title: z.string().min(1).max(1_000),
  description: z.string(),
  priority: z.int().min(-100).max(100),
  labels: z.array(z.string().min(1).max(200)).max(100),
  dependencies: z.array(idSchema).max(1_000),
};

export const newWorkItemBody = z
  .strictObject({
    title: fields.title,
    description: fields.description.exactOptional(),
    priority: fields.priority.exactOptional(),
    memberId: idSchema.exactOptional(),
    convoyId: idSchema.exactOptional(),
    executionId: idSchema.exactOptional(),
    context: jsonSchema.exactOptional(),
    metadata: jsonSchema.exactOptional(),
    artifacts: jsonSchema.exactOptional(),
    labels: fields.labels.exactOptional(),
    dependencies: fields.dependencies.exactOptional(),
  })
  .meta({ id: 'NewWorkItem' });

export const workItemChangeBody = z
  .strictObject({
    title: fields.title.exactOptional(),
    description: fields.description.nullable().exactOptional(),
    status: statusSchema.exactOptional(),
    reason: z.string().nullable().exactOptional(),
    priority: fields.priority.exactOptional(),
    memberId: idSchema.nullable().exactOptional(),
    context: jsonSchema.exactOptional(),
    metadata: jsonSchema.exactOptional(),
    artifacts: jsonSchema.exactOptional(),
    labels: fields.labels.exactOptional(),
    dependencies: fields.dependencies.exactOptional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'changes nothing')
  .meta({ id: 'WorkItemChange', minProperties: 1 });

export const workItemListQuery = z.strictObject({
  status: statusSchema.exactOptional(),
  memberId: idSchema.exactOptional(),
  convoyId: idSchema.exactOptional(),
  executionId: idSchema.exactOptional(),
  ...pageQuery,
});

const count = z.int().min(0);

export const workItemStatisticsSchema = z
  .object({
    total: count,
    byStatus: z.record(statusSchema, count),
    byMember: z.record(z.string(), count),
  })
  .meta({ id: 'WorkItemStatistics' });
