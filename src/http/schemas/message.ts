import { z } from 'zod';
import { invalidCursor } from '../../orchestrator/page.ts';
import type { PageFormat } from '../../orchestrator/page.ts';
import type { Journaled, MessageRecord } from '../../work/journal.ts';
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

/** Fifteen digits are more than a journal has records. */
const seqText = z.string().regex(/^\d{1,15}$/, 'is not the number of an event');

export const messageListQuery = z.strictObject({
  after: seqText.exactOptional().meta({ description: 'Only messages with a higher `seq`.', example: '12' }),
  ...pageQuery,
});

/** The messages of an execution lie by `seq`, and so does a cursor. */
export const bySeq: PageFormat<Journaled<MessageRecord>, number> = {
  write: ({ seq }) => String(seq),
  read: (cursor) => {
    if (!seqText.safeParse(cursor).success) throw invalidCursor(cursor);
    return Number(cursor);
  },
  lengthOf: ({ message }) => message.text.length,
};
