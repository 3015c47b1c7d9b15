import { z } from 'zod';
import { idSchema, pageQuery, timeSchema } from './id.ts';

/** What a person or an agent said, or a tool returned. */
export const messageSchema = z
  .object({
    seq: z.int().min(1),
    role: z.enum(['user', 'assistant', 'tool']),
    memberId: idSchema.nullable(),
    kind: z.enum(['request', 'ask', 'remark', 'answer', 'tool-result']),
    text: z.string(),
    stepKey: z.string().nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'Message' });

/** Sixteen digits are more than a journal has records. */
const seqText = z.string().regex(/^\d{1,15}$/, 'is not the number of an event');

export const messageListQuery = z.strictObject({
  after: seqText.exactOptional().meta({ description: 'Only messages with a higher `seq`.', example: '12' }),
  ...pageQuery,
});

/** The place where a page begins: a cursor is the `seq` that the page before ended with. Null for what is no cursor. */
export function seqOf(text: string): number | null {
  return seqText.safeParse(text).success ? Number(text) : null;
}
