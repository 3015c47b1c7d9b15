import { z } from 'zod';
import { idSchema, pageQuery, timeSchema } from './id.ts';

const statusSchema = z.enum(['pending', 'answered', 'expired', 'cancelled']);

/** What an execution asks a person: what was shown, and who answered what and when. */
export const approvalSchema = z
  .object({
    id: idSchema,
    executionId: idSchema,
    stepKey: z.string(),
    title: z.string(),
    details: z.string().nullable(),
    choices: z.array(z.string()),
    status: statusSchema,
    choice: z.string().nullable(),
    by: z.string().nullable(),
    comment: z.string().nullable(),
    text: z.string().nullable(),
    createdAt: timeSchema,
    answeredAt: timeSchema.nullable(),
  })
  .meta({ id: 'Approval' });

export const approvalListQuery = z.strictObject({
  status: statusSchema.exactOptional(),
  executionId: idSchema.exactOptional(),
  ...pageQuery,
});

export const approvalBody = z
  .strictObject({
    choice: z
      .string()
      .exactOptional()
      .meta({ description: 'One of the choices it offers; with `text` alone, the first.' }),
    comment: z.string().exactOptional().meta({ description: 'Goes to the workflow with the answer.' }),
    text: z
      .string()
      .min(1)
      .exactOptional()
      .meta({ description: 'The answer in words, where an agent asks a question.' }),
  })
  .refine(({ choice, text }) => choice !== undefined || text !== undefined, "has to have a 'choice'")
  .meta({ id: 'ApprovalAnswer' });
